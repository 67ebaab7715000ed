import type { Address } from '../subjects.ts';

/** What a store holds of one stream. */
export interface Holdings {
  /** First and last sequence there. */
  first: number;
  last: number;
  bytes: number;
  /**
   * What lay before this sequence was purged on purpose, or may have been; 1 when nothing was. A first sequence beyond
   * it tells that the store has lost something.
   */
  purgedBefore: number;
}

/** Forgets on purpose. Nothing else does: the streams have no limits of their own. */
export interface Keeper {
  /** @throws JournalAway */
  holdings(): Promise<{ journal: Holdings; facts: Holdings }>;
  /**
   * Forgets records.
   * @param before noted first: from now on what lies before it may be missing
   * @param cells of each, all records before `keep`; all of them when it says nothing
   * @throws JournalAway
   */
  forgetRecords(before: number, cells: Iterable<{ of: Address; keep?: number }>): Promise<void>;
  /** Forgets every fact before a sequence. @throws JournalAway */
  forgetFacts(before: number): Promise<void>;
}
