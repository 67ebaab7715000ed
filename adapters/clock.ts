/** Tells the time. */
export interface Clock {
  /** Epoch ms. */
  now(): number;
}

/**
 * The time of day without its jumps: read once at start, then carried on by the monotonic clock. Correcting the
 * machine's clock by an hour neither ends sessions early nor lets two events change places.
 */
export const systemClock: Clock = {
  now: () => Math.round(performance.timeOrigin + performance.now()),
};
