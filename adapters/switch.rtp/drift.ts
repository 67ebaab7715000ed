import { createTimebase } from './timebase.ts';

/** How a source's clock runs apart from ours. */
export interface Drift {
  /**
   * A picture has begun to come.
   * @returns by how many ms the source's clock has fallen behind ours since that was told last, less than nothing where
   * it has run ahead; mostly 0
   */
  seen(timestamp: number, atMs: number): number;
  /** What comes next is of another source. */
  reset(): void;
}

/** By then the least delayed pictures have told where the clock lies, past the jitter of their way. */
const LOOK_EVERY_MS = 10_000;
/** Less than this can not be told from jitter. */
const LEAST_MS = 2;

/** Follows one source. A clock of common quality, 50 millionths off, loses or gains 4.3 s a day. */
export function createDrift(): Drift {
  const timebase = createTimebase();
  let lookedAtMs: number | undefined;
  /** When the source's clock was at nought, as it was told last. */
  let toldMs: number | undefined;

  const reset = () => {
    timebase.reset();
    [lookedAtMs, toldMs] = [undefined, undefined];
  };

  return {
    seen(timestamp, atMs) {
      const anew = timebase.seen(timestamp, atMs);
      if (anew) [lookedAtMs, toldMs] = [atMs, undefined];
      if (lookedAtMs === undefined || atMs - lookedAtMs < LOOK_EVERY_MS) return 0;
      lookedAtMs = atMs;
      const zeroMs = timebase.zeroAtMs();
      const driftMs = zeroMs - (toldMs ?? zeroMs);
      if (toldMs !== undefined && Math.abs(driftMs) < LEAST_MS) return 0;
      toldMs = zeroMs;
      return driftMs;
    },
    reset,
  };
}
