import Type from 'typebox';
import { fingerprint } from './canonical.ts';
import { type Of, shape } from './shape.ts';

/** What an entry tells of: a session, what retention did, or a token for a program. */
const WHATS = ['admitted', 'denied', 'ended', 'forgotten', 'token-made', 'token-revoked'] as const;

/**
 * An entry of the access ledger: who watched which camera, and who made or revoked a service token. Each carries the
 * hash of the one before, so that an altered, removed or reordered entry is found, and the signature of the gateway that
 * wrote it, so that nobody else can write such a chain anew.
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
      key: Type.Optional(
        Type.String({ description: 'id of the key that signed it; absent in entries of old releases' }),
      ),
      hash: Type.String({ description: 'SHA-256 of all the rest but the signature' }),
      signature: Type.Optional(Type.String({ description: 'ES256 over the hash, DER in base64' })),
    },
    { additionalProperties: false },
  ),
);
export type LedgerEntry = Of<typeof ledgerEntry>;

/** What an entry says, before it is linked to the one before. */
export type LedgerNote = Omit<LedgerEntry, 'n' | 'previous' | 'key' | 'hash' | 'signature'>;

/** What is written of no fact: its sequence is that of the entry before. */
export type ActNote = Omit<LedgerNote, 'fact_seq'>;

const FROM_FACTS: readonly LedgerNote['what'][] = ['admitted', 'denied', 'ended'];
/** Whether an entry was written from a fact, so that its sequence is its own. */
export const isFromFact = ({ what }: Pick<LedgerNote, 'what'>): boolean => FROM_FACTS.includes(what);

/** The last entry there is, as far as linking needs it. */
export type LedgerHead = Pick<LedgerEntry, 'n' | 'hash' | 'key'>;

/** The head that an entry is. */
export const headOf = ({ n, hash, key }: LedgerHead): LedgerHead => ({
  n,
  hash,
  ...(key === undefined ? {} : { key }),
});

/** Signs entries with a key that the store does not have. */
export interface EntrySigner {
  key: { kid: string };
  sign(bytes: Buffer): Buffer;
}

/** What is signed of an entry: nothing else that the installation signs begins like this. */
export const signedBytes = ({ hash }: Pick<LedgerEntry, 'hash'>): Buffer => Buffer.from(`signalbox ledger ${hash}`);

/** Links a note to the entry before it, and signs it. Without a signer it is as old releases wrote it. */
export function linkEntry(note: LedgerNote, head: LedgerHead | undefined, signer?: EntrySigner): LedgerEntry {
  const linked = { ...note, n: (head?.n ?? 0) + 1, previous: head?.hash ?? '' };
  const entry = signer ? { ...linked, key: signer.key.kid } : linked;
  const hashed = { ...entry, hash: fingerprint(entry) };
  return signer ? { ...hashed, signature: signer.sign(signedBytes(hashed)).toString('base64') } : hashed;
}

/** What is wrong with an entry by itself. */
export function faultIn({ signature: _signature, hash, ...rest }: LedgerEntry): string | undefined {
  return fingerprint(rest) === hash ? undefined : `entry ${rest.n} was altered: its hash is that of something else`;
}

/** What is wrong between an entry and the one that stands before it. */
export function faultBetween(before: LedgerEntry, entry: LedgerEntry): string | undefined {
  if (entry.n <= before.n) return `entry ${entry.n} stands behind entry ${before.n}: they were put in another order`;
  if (entry.n > before.n + 1) return `entry ${entry.n} follows entry ${before.n}: what stood between was removed`;
  if (entry.previous !== before.hash) return `entry ${entry.n} was written behind another entry ${before.n}`;
  return undefined;
}
