import { randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import Type from 'typebox';
import { markOf } from '../bus/publisher.ts';
import { type Of, shape } from '../bus/shape.ts';
import { freshlyRead, replaceFile, whileLocked } from './files.ts';
import { programOf } from './service-tokens.files.ts';

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
  /** `mark` stands for the `jti` where there is no room for that. */
  hits(token: { sub: string; jti?: string; mark?: string; iat: number }): boolean;
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

/** The revocations of a file, ready to be asked of. */
interface Indexed {
  all: Revocation[];
  bySub: Map<string, number>;
  byJti: Set<string>;
  byMark: Set<string>;
}

function index(all: Revocation[]): Indexed {
  const bySub = new Map<string, number>();
  const byJti = new Set<string>();
  const byMark = new Set<string>();
  for (const { sub, jti, at: moment } of all) {
    if (sub !== undefined) bySub.set(sub, Math.max(moment, bySub.get(sub) ?? 0));
    if (jti !== undefined) byMark.add(markOf(jti));
    if (jti !== undefined) byJti.add(jti);
  }
  return { all, bySub, byJti, byMark };
}

/**
 * Opens the revocations of a data folder. Several gateways share the file: what one writes, the others see at the next
 * token that they are shown.
 * @param at the file, for instance STATE/revocations.json
 */
export function openRevocations(at: string, now: () => number = Date.now): Revocations {
  mkdirSync(path.dirname(at), { recursive: true, mode: 0o700 });
  const present = freshlyRead(at, () => index(read(at)));
  present();
  /** Replaces what stands there by what `change` makes of it. */
  const change = <T>(make: (all: Revocation[]) => { next: Revocation[]; result: T }): T =>
    whileLocked(at, () => {
      const { all } = present();
      const { next, result } = make(all);
      if (next !== all) replaceFile(at, JSON.stringify({ revocations: next }));
      return result;
    });
  return {
    list: () => present().all.map((revocation) => ({ ...revocation })),
    add: (what, by) =>
      change((all) => {
        if (all.length >= LIMIT) throw new TooManyRevocations(`${LIMIT} revocations stand: lift some first`);
        const revocation = { id: `rev_${randomUUID()}`, ...what, at: now(), by };
        return { next: [...all, revocation], result: revocation };
      }),
    lift: (id) =>
      change((all) => {
        const next = all.filter((revocation) => revocation.id !== id);
        return next.length === all.length ? { next: all, result: false } : { next, result: true };
      }),
    hits({ sub, jti, mark, iat }) {
      const { byJti, byMark, bySub } = present();
      if (mark !== undefined && byMark.has(mark)) return true;
      if (jti !== undefined && byJti.has(jti)) return true;
      // With a program go those whom it let in.
      return [sub, programOf(sub)].some((one) => iat * 1000 <= (bySub.get(one) ?? Number.NEGATIVE_INFINITY));
    },
  };
}
