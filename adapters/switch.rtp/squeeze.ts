/** New timestamps for stored pictures that are sent all at once. */
export interface Squeezed {
  /** The new timestamp of a stored picture. */
  of(timestamp: number): number;
  /** Added to the timestamps of what follows live. */
  offset: number;
}

/** Where and how closely stored pictures may be put, in ticks of the track's clock. */
export interface SqueezeBounds {
  /** The first picture is not before this. */
  earliest: number;
  /** The last one is at this, where that is possible: the time that really is. */
  latest: number;
  /** Between two pictures, at most and at least. */
  maxStep: number;
  minStep: number;
}

/** Difference of two 32-bit timestamps, as a signed number. */
const difference = (later: number, earlier: number): number => (later - earlier) | 0;

/** How far behind the highest timestamp so far one may be: where pictures are sent in another order than shown. */
function reorderDepth(relative: number[]): number {
  let highest = Number.NEGATIVE_INFINITY;
  let depth = 0;
  for (const ticks of relative) {
    highest = Math.max(highest, ticks);
    depth = Math.max(depth, highest - ticks);
  }
  return depth;
}

/**
 * Squeezes stored pictures so that a player runs through them at once. Their order in time stays, also where they are
 * not sent in it; the newest ones, among which live pictures may still come, keep their true distances.
 * @param timestamps of the packets, in the order in which they are sent; at least one
 */
export function squeeze(timestamps: readonly number[], bounds: SqueezeBounds): Squeezed {
  const base = timestamps[0] ?? 0;
  const relative = timestamps.map((timestamp) => difference(timestamp, base));
  const sorted = [...new Set(relative)].sort((one, other) => one - other);
  const newest = sorted.at(-1) ?? 0;
  const depth = reorderDepth(relative);
  const stored = sorted.filter((ticks) => ticks <= newest - depth);
  const pivot = stored.at(-1) ?? newest;
  const steps = stored.length - 1;
  const room = difference(bounds.latest, bounds.earliest) - (newest - pivot);
  const step = Math.max(bounds.minStep, Math.min(bounds.maxStep, Math.floor(room / Math.max(1, steps))));
  const early = difference(bounds.latest, bounds.earliest) - (newest - pivot) - steps * step;
  const start = bounds.earliest + Math.max(0, early);
  const pivotOut = start + steps * step;
  const places = new Map(stored.map((ticks, index) => [ticks, start + index * step]));
  return {
    of(timestamp) {
      const ticks = difference(timestamp, base);
      return (places.get(ticks) ?? pivotOut + ticks - pivot) >>> 0;
    },
    offset: (pivotOut - pivot - base) >>> 0,
  };
}
