/** A running subscription. */
export interface Subscription {
  close(): void;
  /** Resolves when it has ended, with the error if it was not closed on purpose. */
  ended: Promise<Error | undefined>;
}
