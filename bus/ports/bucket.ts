import type { Subscription } from './subscription.ts';

/** An entry of a bucket as it stands: without a value, it was removed. */
export interface BucketEntry {
  key: string;
  value?: Uint8Array;
  /** Grows with each change of any entry. */
  revision: number;
}

/** Values by key that every host sees alike. What they mean, and that nobody else can read them, is their owner's care. */
export interface Bucket {
  /**
   * Tells every entry as it stands, removed ones too, then each change, in order and across outages.
   * @returns once what stood there at the beginning has been told
   * @throws JournalAway when the store is away at the beginning
   */
  follow(hear: (entry: BucketEntry) => void): Promise<Subscription>;
  /**
   * Writes a value, or removes it (undefined), over the revision that was seen of this key; 0: none was.
   * @returns the new revision; undefined when somebody else was quicker. @throws JournalAway
   */
  write(key: string, value: Uint8Array | undefined, over: number): Promise<number | undefined>;
}
