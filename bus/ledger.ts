import Type from 'typebox';
import { fingerprint } from './canonical.ts';
import { type Of, shape } from './shape.ts';

/** What an entry tells of: a session, what retention did, or a token for a program. */
const WHATS = ['admitted', 'denied', 'ended', 'forgotten', 'token-made', 'token-revoked'] as const;

/**
 * An entry of the access ledger: who watched which camera, and who made or revoked a service token. Each carries the hash of the one before, so that an altered,
 * removed or reordered entry is found.
 */
export const ledgerEntry = shape(
  'ledger entry',
  Type.Object(
    {
      n: Type.Integer({ minimum: 1, description: 'counts without a gap' }),
      what: Type.Enum([...WHATS]),
      at: Type.Number({ description: 'epoch ms' }),
      /**
       * The fact it was written from, and its sequence; who writes goes on behind the last one. What follows from no fact
       * names its cause, and carries on the sequence of the entry before.
       */
      fact: Type.String(),
      fact_seq: Type.Integer({ minimum: 0 }),
      session: Type.Optional(Type.String()),
      camera: Type.Optional(Type.String()),
      zone: Type.Optional(Type.String()),
      subject: Type.Optional(Type.String()),
      name: Type.Optional(Type.String()),
      token: Type.Optional(Type.String({ description: 'id of the token that was used (jti)' })),
      address: Type.Optional(Type.String({ description: 'network address of the person' })),
      protocol: Type.Optional(Type.String()),
      from: Type.Optional(Type.Number({ description: 'epoch ms' })),
      until: Type.Optional(Type.Number({ description: 'epoch ms' })),
      reason: Type.Optional(Type.String({ description: 'why it ended, or was denied' })),
      service: Type.Optional(
        Type.Object(
          { id: Type.String(), name: Type.String(), role: Type.Enum(['viewer', 'operator', 'admin']) },
          { description: 'of `token-made` and `token-revoked`; `subject` is who did it' },
        ),
      ),
      /** Of `forgotten`: retention has removed every entry up to this one, which had this hash. */
      up_to: Type.Optional(Type.Object({ n: Type.Integer(), hash: Type.String() })),
      previous: Type.String({ description: 'hash of the entry before; empty for the first' }),
      hash: Type.String({ description: 'SHA-256 of all the rest' }),
    },
    { additionalProperties: false },
  ),
);
export type LedgerEntry = Of<typeof ledgerEntry>;

/** What an entry says, before it is linked to the one before. */
export type LedgerNote = Omit<LedgerEntry, 'n' | 'previous' | 'hash'>;

/** What is written of no fact: its sequence is that of the entry before. */
export type ActNote = Omit<LedgerNote, 'fact_seq'>;

const FROM_FACTS: readonly LedgerNote['what'][] = ['admitted', 'denied', 'ended'];
/** Whether an entry was written from a fact, so that its sequence is its own. */
export const isFromFact = ({ what }: Pick<LedgerNote, 'what'>): boolean => FROM_FACTS.includes(what);

/** The last entry there is, as far as linking needs it. */
export type LedgerHead = Pick<LedgerEntry, 'n' | 'hash'>;

/** Links a note to the entry before it. */
export function linkEntry(note: LedgerNote, head: LedgerHead | undefined): LedgerEntry {
  const entry = { ...note, n: (head?.n ?? 0) + 1, previous: head?.hash ?? '' };
  return { ...entry, hash: fingerprint(entry) };
}

/** What proving a ledger found. */
export interface Proof {
  entries: number;
  first?: number;
  head?: LedgerHead;
  /** What was done to it, in a sentence; undefined when it is whole. */
  fault?: string;
}

function faultBetween(before: LedgerEntry, entry: LedgerEntry): string | undefined {
  if (entry.n <= before.n) return `entry ${entry.n} stands behind entry ${before.n}: they were put in another order`;
  if (entry.n > before.n + 1) return `entry ${entry.n} follows entry ${before.n}: what stood between was removed`;
  if (entry.previous !== before.hash) return `entry ${entry.n} was written behind another entry ${before.n}`;
  return undefined;
}

/**
 * Proves that a ledger is as it was written.
 * @param expected a head as its writer remembers it: entries missing at the end are found by it alone
 */
export async function proveLedger(entries: AsyncIterable<unknown>, expected?: LedgerHead): Promise<Proof> {
  let count = 0;
  let first: LedgerEntry | undefined;
  let last: LedgerEntry | undefined;
  const forgotten = new Map<number, string>();
  const proof = (fault?: string): Proof => ({
    entries: count,
    ...(first ? { first: first.n } : {}),
    ...(last ? { head: { n: last.n, hash: last.hash } } : {}),
    ...(fault ? { fault } : {}),
  });
  for await (const entry of entries) {
    if (!ledgerEntry.check(entry)) return proof(`what stands behind entry ${last?.n ?? 0} is no entry of a ledger`);
    const { hash, ...rest } = entry;
    if (fingerprint(rest) !== hash) return proof(`entry ${entry.n} was altered: its hash is that of something else`);
    const fault = last && faultBetween(last, entry);
    if (fault) return proof(fault);
    if (entry.n === expected?.n && hash !== expected.hash) {
      return proof(`entry ${entry.n} is not the one that was written`);
    }
    if (entry.up_to) forgotten.set(entry.up_to.n, entry.up_to.hash);
    first ??= entry;
    last = entry;
    count += 1;
  }
  if (first && first.n > 1 && forgotten.get(first.n - 1) !== first.previous) {
    return proof(`it begins with entry ${first.n}: what stood before was removed, and not by retention`);
  }
  if (expected && (last?.n ?? 0) < expected.n) {
    return proof(`it ends with entry ${last?.n ?? 0}, but ${expected.n} were written: the last ones were removed`);
  }
  return proof();
}
