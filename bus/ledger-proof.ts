import { faultBetween, faultIn, headOf, type LedgerEntry, type LedgerHead, ledgerEntry } from './ledger.ts';

/** Whose signature an entry bears: `known`, by a key that is trusted; `unknown`, by another one; `wrong`, by none. */
export type Signer = 'known' | 'unknown' | 'wrong';

/** What proving a ledger found. */
export interface Proof {
  entries: number;
  first?: number;
  head?: LedgerHead;
  /** What was done to it, in a sentence; undefined when it is whole. */
  fault?: string;
  /** Who vouches for it; `none`: all of it is from before entries were signed. */
  signer: 'known' | 'unknown' | 'none';
}

/** What is known beside the ledger. */
export interface Beside {
  /** A head as its writer remembers it: entries missing at the end are found by it alone. */
  expected?: LedgerHead | undefined;
  /** Whose signature an entry bears. */
  signerOf(entry: LedgerEntry): Signer;
}

/**
 * Proves that a ledger is as it was written. Each entry holds the hash of the one before, so a signature vouches for all
 * that stands before it, too: those of the last entry and of the one that says what was forgotten are enough.
 */
export async function proveLedger(entries: AsyncIterable<unknown>, { expected, signerOf }: Beside): Promise<Proof> {
  let count = 0;
  let first: LedgerEntry | undefined;
  let last: LedgerEntry | undefined;
  let firstSigned: LedgerEntry | undefined;
  const forgotten = new Map<number, LedgerEntry>();
  const vouchers = () => [first && forgotten.get(first.n - 1), last].filter((entry) => entry?.key !== undefined);
  const proof = (fault?: string): Proof => ({
    entries: count,
    ...(first ? { first: first.n } : {}),
    ...(last ? { head: headOf(last) } : {}),
    ...(fault ? { fault } : {}),
    signer: !firstSigned
      ? 'none'
      : vouchers().every((entry) => signerOf(entry as LedgerEntry) === 'known')
        ? 'known'
        : 'unknown',
  });
  for await (const entry of entries) {
    if (!ledgerEntry.check(entry)) return proof(`what stands behind entry ${last?.n ?? 0} is no entry of a ledger`);
    const fault = faultIn(entry) ?? (last && faultBetween(last, entry));
    if (fault) return proof(fault);
    if (entry.n === expected?.n && entry.hash !== expected.hash) {
      return proof(`entry ${entry.n} is not the one that was written`);
    }
    if (entry.up_to) forgotten.set(entry.up_to.n, entry);
    if (entry.key !== undefined) firstSigned ??= entry;
    first ??= entry;
    last = entry;
    count += 1;
  }
  if (expected && (last?.n ?? 0) < expected.n) {
    return proof(`it ends with entry ${last?.n ?? 0}, but ${expected.n} were written: the last ones were removed`);
  }
  if (!first || !last) return proof();
  if (firstSigned && last.key === undefined) return proof(`entry ${last.n} bears no signature, but those before it do`);
  const unfit = vouchers().find((entry) => signerOf(entry as LedgerEntry) === 'wrong');
  if (unfit) return proof(`entry ${unfit.n} was not signed by the key that it names`);
  return proof(first.n > 1 ? faultInFloor(first, forgotten.get(first.n - 1), firstSigned, expected) : undefined);
}

/** What is wrong with the entry that says why a ledger does not begin with its first entry. */
function faultInFloor(
  first: LedgerEntry,
  floor: LedgerEntry | undefined,
  firstSigned: LedgerEntry | undefined,
  expected: LedgerHead | undefined,
): string | undefined {
  const begins = `it begins with entry ${first.n}: what stood before was removed, and not by retention`;
  if (floor?.up_to?.hash !== first.previous) return begins;
  // Old releases did not sign; what stands behind a signed entry is none of theirs.
  const isSigned = floor.key !== undefined;
  const isOld = !(firstSigned && firstSigned.n < floor.n) && !(expected?.key !== undefined && expected.n < floor.n);
  return isSigned || isOld ? undefined : `${begins}: no gateway signed entry ${floor.n}, which says so`;
}
