/** A wait, and why it is that long. */
export interface Wait {
  waitMs: number;
  because: string;
}

/**
 * How long to wait before trying again: doubling from `firstMs`, at most `longestMs`.
 * Jitter is the adapter's: it draws and reports, a machine must not.
 * @param attempts failures in a row so far; 0 waits nothing
 */
export function backoff(attempts: number, firstMs: number, longestMs: number): Wait {
  if (attempts <= 0) return { waitMs: 0, because: 'the first attempt is at once' };
  const waitMs = Math.min(longestMs, firstMs * 2 ** Math.min(attempts - 1, 30));
  return { waitMs, because: `${attempts} failed in a row` };
}

/** Whether something fails so often that it must be left alone for a while. */
export interface Flapping {
  flapping: boolean;
  /** The falls that still count, the present one included. */
  falls: number[];
  because: string;
}

/** A source that was lost this often within the window is set aside. */
export const FLAPPING = { falls: 6, withinMs: 60_000 };

/**
 * Judges a fall against those before it.
 * @param earlier epoch ms of earlier falls
 * @param at epoch ms of the present one
 */
export function flapping(earlier: readonly number[], at: number, limit = FLAPPING): Flapping {
  const falls = [...earlier.filter((fall) => at - fall < limit.withinMs), at];
  return {
    flapping: falls.length >= limit.falls,
    falls,
    because: `lost ${falls.length} of ${limit.falls} allowed times in ${limit.withinMs / 1000} s`,
  };
}
