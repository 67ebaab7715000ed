/** Where a source's timestamps lie on our clock, learnt from those of its pictures that came with the least delay. */
export interface Timebase {
  /** A picture has begun to come. @returns whether time counts anew with it: it is the first, or after a jump */
  seen(timestamp: number, atMs: number): boolean;
  /** When the newest picture would have come without delay; undefined before the first. */
  newestAtMs(): number | undefined;
  /** When the source's clock was at nought, by the least delayed of the latest pictures. */
  zeroAtMs(): number;
  /** What comes next counts from another moment. */
  reset(): void;
}

/** The clock of video in RTP. */
const TICKS_A_MS = 90;
/** The least delay is remembered for this long, and as long again: clocks drift by less than a millisecond in it. */
const SPAN_MS = 5_000;
/** After a pause or a jump like this a source may count from another moment. */
const MAX_STEP_MS = 1_000;

/** Knows nothing yet. */
export function createTimebase(): Timebase {
  let last: { timestamp: number; atMs: number } | undefined;
  /** Time by the source's own clock, without its overflow. */
  let mediaMs = 0;
  let spanFromMs = 0;
  /** When its clock was at nought, by the least delayed picture of this span and of the one before. */
  let zeroAtMs = Number.POSITIVE_INFINITY;
  let zeroBeforeMs = Number.POSITIVE_INFINITY;

  const reset = () => {
    last = undefined;
    mediaMs = 0;
    zeroAtMs = Number.POSITIVE_INFINITY;
    zeroBeforeMs = Number.POSITIVE_INFINITY;
  };

  const zeroOfLate = () => Math.min(zeroAtMs, zeroBeforeMs);

  return {
    seen(timestamp, atMs) {
      const stepMs = last ? ((timestamp - last.timestamp) | 0) / TICKS_A_MS : 0;
      if (last && Math.max(Math.abs(stepMs), atMs - last.atMs) > MAX_STEP_MS) reset();
      else mediaMs += stepMs;
      const anew = last === undefined;
      if (anew || atMs - spanFromMs >= SPAN_MS) {
        zeroBeforeMs = zeroAtMs;
        zeroAtMs = Number.POSITIVE_INFINITY;
        spanFromMs = atMs;
      }
      last = { timestamp, atMs };
      zeroAtMs = Math.min(zeroAtMs, atMs - mediaMs);
      return anew;
    },
    newestAtMs: () => last && zeroOfLate() + mediaMs,
    zeroAtMs: zeroOfLate,
    reset,
  };
}
