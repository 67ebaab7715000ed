import type { LedgerEntry } from '../ledger.ts';
import type { Receipt } from './journal.ts';

/** An entry as it stands in the ledger. */
export interface Ledgered {
  /** Sequence in the stream; the last one is the fence. */
  seq: number;
  entry: LedgerEntry;
}

/** Who watched what: a stream of its own, kept longer than the events. */
export interface Ledger {
  /**
   * Appends behind the fence.
   * @param expected sequence of the last entry, 0 for the first
   * @throws JournalAway | FenceRefused | JournalRefused
   */
  append(entry: LedgerEntry, expected: number): Promise<Receipt>;
  /** @throws JournalAway */
  last(): Promise<Ledgered | undefined>;
  /** Entries in order from a sequence on, up to what is there now. @throws JournalAway */
  read(from?: number): AsyncIterable<Ledgered>;
  /** Forgets the entries before a sequence. @throws JournalAway */
  forget(before: number): Promise<void>;
}
