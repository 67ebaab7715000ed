import type { Envelope } from '../envelope.ts';
import type { Address, Kind } from '../subjects.ts';
import type { Receipt } from './journal.ts';
import type { Subscription } from './subscription.ts';

/** A fact as a subscriber gets it. */
export interface Told {
  seq: number;
  envelope: Envelope;
}

/** Which facts a subscriber wants. Empty means all. */
export interface FactFilter {
  kinds?: Kind[];
  cells?: Address[];
}

/** What cells say: durable, ordered, resumable by sequence. */
export interface Facts {
  /** Tells a fact; its id is the message id, so telling it again is harmless. @throws JournalAway */
  tell(envelope: Envelope): Promise<Receipt>;
  /** The last fact of one cell, if any. @throws JournalAway */
  last(of: Address): Promise<Told | undefined>;
  /** First and last sequence kept, and before which one facts were purged on purpose. @throws JournalAway */
  range(): Promise<{ first: number; last: number; purgedBefore: number }>;
  /**
   * What was told after a sequence, or since a moment (epoch ms), in order, up to what is there now.
   * @throws JournalAway
   */
  read(from: { after: number } | { since: number }, filter?: FactFilter): AsyncIterable<Told>;
  /**
   * Everything after a sequence, then what comes, in order and without a gap, across outages of the store.
   * @param after last sequence already seen; undefined: only what comes from now on
   */
  subscribe(filter: FactFilter, after: number | undefined, hear: (told: Told) => void): Promise<Subscription>;
}
