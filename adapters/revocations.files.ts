import { randomUUID } from 'node:crypto';
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import path from 'node:path';
import Type from 'typebox';
import { type Of, shape } from '../bus/shape.ts';

const RevocationSchema = Type.Object({
  id: Type.String(),
  sub: Type.Optional(Type.String()),
  jti: Type.Optional(Type.String()),
  /** Epoch ms: tokens of `sub` issued before are hit. */
  at: Type.Number(),
  by: Type.String(),
});
const file = shape('revocations file', Type.Object({ revocations: Type.Array(RevocationSchema) }));

/** One revocation: of every token of a person issued before a moment, or of one token. */
export type Revocation = Of<typeof file>['revocations'][number];

/** Which tokens are no longer believed. */
export interface Revocations {
  list(): Revocation[];
  /** Written through to the disk before it returns. @throws Error when the disk refuses or too many stand */
  add(what: { sub?: string; jti?: string }, by: string): Revocation;
  /** Lifts one; false when there is none of that id. */
  lift(id: string): boolean;
  hits(token: { sub: string; jti?: string; iat: number }): boolean;
}

const LIMIT = 100_000;

/** Thrown when so many revocations stand that no more are taken. */
export class TooManyRevocations extends Error {
  override name = 'TooManyRevocations';
}

function read(at: string): Revocation[] {
  let text: string;
  try {
    text = readFileSync(at, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  // A file that can't be read must stop the start: believing revoked tokens would be worse.
  return file.parse(JSON.parse(text)).revocations;
}

function write(at: string, revocations: Revocation[]): void {
  const draft = `${at}.draft`;
  const fd = openSync(draft, 'w', 0o600);
  try {
    writeSync(fd, JSON.stringify({ revocations }));
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(draft, at);
  const folder = openSync(path.dirname(at), 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

/** Opens the revocations of a data folder. @param at the file, for instance STATE/revocations.json */
export function openRevocations(at: string, now: () => number = Date.now): Revocations {
  mkdirSync(path.dirname(at), { recursive: true, mode: 0o700 });
  let all = read(at);
  const bySub = new Map<string, number>();
  const byJti = new Set<string>();
  const index = () => {
    bySub.clear();
    byJti.clear();
    for (const { sub, jti, at: moment } of all) {
      if (sub !== undefined) bySub.set(sub, Math.max(moment, bySub.get(sub) ?? 0));
      if (jti !== undefined) byJti.add(jti);
    }
  };
  index();
  const replace = (next: Revocation[]) => {
    write(at, next);
    all = next;
    index();
  };
  return {
    list: () => all.map((revocation) => ({ ...revocation })),
    add(what, by) {
      if (all.length >= LIMIT) throw new TooManyRevocations(`${LIMIT} revocations stand: lift some first`);
      const revocation = { id: `rev_${randomUUID()}`, ...what, at: now(), by };
      replace([...all, revocation]);
      return revocation;
    },
    lift(id) {
      if (!all.some((revocation) => revocation.id === id)) return false;
      replace(all.filter((revocation) => revocation.id !== id));
      return true;
    },
    hits({ sub, jti, iat }) {
      if (jti !== undefined && byJti.has(jti)) return true;
      const moment = bySub.get(sub);
      return moment !== undefined && iat * 1000 <= moment;
    },
  };
}
