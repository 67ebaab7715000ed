/** What the door adds to an event before a machine hears it. */
export interface Stamp {
  id: string;
  /** Epoch ms. Machines know no other time. */
  at: number;
  /** Id of the event that led to this one. */
  cause?: string;
}

/** An event as a machine hears it. */
export type Stamped<E> = E & Stamp;
