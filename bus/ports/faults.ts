/** The journal can't be reached now; nothing is known about the record. Try again, under the same id. */
export class JournalAway extends Error {
  override name = 'JournalAway';
}

/** Another writer has appended to this cell's journal (JetStream error 10071): this owner must stop. */
export class FenceRefused extends Error {
  override name = 'FenceRefused';
}

/** The store took the request and refused it, for instance because it is full (JetStream error 10023). */
export class JournalRefused extends Error {
  override name = 'JournalRefused';
  /** JetStream's error code. */
  readonly code: number;
  constructor(message: string, code = 0) {
    super(message);
    this.code = code;
  }
}

/** The store has no room (JetStream errors 10023, 10047 and 10077): later it may have, so what is told waits for that. */
export class JournalFull extends JournalRefused {
  override name = 'JournalFull';
}

/** It is larger than the store will ever take, however long one waits (JetStream error 10054). */
export class TooLarge extends JournalRefused {
  override name = 'TooLarge';
}

/** The store is away, or refuses. */
export const isStoreRefusal = (error: unknown): boolean =>
  error instanceof JournalAway || error instanceof JournalRefused;
