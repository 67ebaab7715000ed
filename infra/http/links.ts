import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import Type from 'typebox';
import type { LoginGrant } from '../../adapters/gate.jsonwebtoken.ts';
import { SubjectSchema } from '../../bus/events/viewer.ts';
import { shape } from '../../bus/shape.ts';

/** One-time login links, kept as files so that launcher and command line can make what the gateway redeems. */
export interface LoginLinks {
  /** A text for `?login=`; whoever has it signs in once. */
  make(grant: LoginGrant, ttlMs: number): string;
  /** What it grants, the first time and in time; undefined ever after. */
  redeem(text: string): LoginGrant | undefined;
}

const { sub, name, role, cameras, zones } = SubjectSchema.properties;
const link = shape(
  'login link',
  Type.Object({ grant: Type.Object({ sub, name, role, cameras, zones }), expires_at: Type.Number() }),
);
const GRAMMAR = /^[A-Za-z0-9_-]{43}$/;

/**
 * Opens the links of a data folder. Only a hash of the text is on disk, and redeeming takes the file away in one step,
 * so that of two who try at once one gets in.
 * @param folder STATE/links
 */
export function openLoginLinks(folder: string, now: () => number = Date.now): LoginLinks {
  const fileOf = (text: string) => path.join(folder, `${createHash('sha256').update(text).digest('hex')}.json`);
  return {
    make(grant, ttlMs) {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      for (const old of readdirSync(folder).filter((file) => file.endsWith('.json'))) {
        const file = path.join(folder, old);
        try {
          if (link.parse(JSON.parse(readFileSync(file, 'utf8'))).expires_at <= now()) rmSync(file, { force: true });
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
    redeem(text) {
      if (!GRAMMAR.test(text)) return undefined;
      const taken = `${fileOf(text)}.${randomBytes(6).toString('hex')}.taken`;
      try {
        renameSync(fileOf(text), taken);
      } catch {
        return undefined;
      }
      try {
        const { grant, expires_at } = link.parse(JSON.parse(readFileSync(taken, 'utf8')));
        return expires_at > now() ? grant : undefined;
      } finally {
        rmSync(taken, { force: true });
      }
    },
  };
}
