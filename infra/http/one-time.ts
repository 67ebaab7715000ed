import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** Texts that are good once and for a while, kept as files so that several processes make and redeem them. */
export interface OneTimeTexts<Grant> {
  /** A text; whoever has it is granted this, once. */
  make(grant: Grant, ttlMs: number): string;
  /** What a text grants, without using it up; undefined when it is used, too old or none of ours. */
  peek(text: string): Grant | undefined;
  /** What it grants, the first time and in time; undefined ever after. */
  redeem(text: string): Grant | undefined;
}

interface Kept<Grant> {
  grant: Grant;
  expires_at: number;
}

const GRAMMAR = /^[A-Za-z0-9_-]{43}$/;

/**
 * Opens the texts of a folder. Only a hash of each is on disk, and redeeming takes the file away in one step, so that of
 * two who try at once one gets in.
 * @param kept what a file holds
 */
export function openOneTimeTexts<Grant>(
  folder: string,
  kept: { parse(value: unknown): Kept<Grant> },
  now: () => number = Date.now,
): OneTimeTexts<Grant> {
  const fileOf = (text: string) => path.join(folder, `${createHash('sha256').update(text).digest('hex')}.json`);
  const read = (file: string) => kept.parse(JSON.parse(readFileSync(file, 'utf8')));
  const inTime = ({ grant, expires_at }: Kept<Grant>) => (expires_at > now() ? grant : undefined);
  return {
    make(grant, ttlMs) {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      for (const old of readdirSync(folder).filter((file) => file.endsWith('.json'))) {
        const file = path.join(folder, old);
        try {
          if (read(file).expires_at <= now()) rmSync(file, { force: true });
        } catch {
          rmSync(file, { force: true }); // half-written or foreign: of no use to anyone
        }
      }
      const text = randomBytes(32).toString('base64url');
      const draft = `${fileOf(text)}.draft`;
      writeFileSync(draft, JSON.stringify({ grant, expires_at: now() + ttlMs }), { mode: 0o600 });
      renameSync(draft, fileOf(text));
      return text;
    },
    peek(text) {
      if (!GRAMMAR.test(text)) return undefined;
      try {
        return inTime(read(fileOf(text)));
      } catch {
        return undefined;
      }
    },
    redeem(text) {
      if (!GRAMMAR.test(text)) return undefined;
      const taken = `${fileOf(text)}.${randomBytes(6).toString('hex')}.taken`;
      try {
        renameSync(fileOf(text), taken);
      } catch {
        return undefined;
      }
      try {
        return inTime(read(taken));
      } finally {
        rmSync(taken, { force: true });
      }
    },
  };
}
