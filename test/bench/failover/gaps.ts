/** A frame that was presented: when (epoch ms), and how old it was where its painted clock could be read. */
export interface Frame {
  at: number;
  latencyMs?: number;
}

/** A frame this young shows the present, not stored pictures that run fast-forward. */
const YOUNG_MS = 150;

const HALF_A_FRAME_MS = 17;

/**
 * The longest interval between two presented frames from an event on.
 * @param from epoch ms of the event
 * @param until epoch ms where looking ends
 */
export function gapMs(frames: readonly Frame[], from: number, until = Number.POSITIVE_INFINITY): number {
  const before = frames.findLastIndex(({ at }) => at <= from);
  const looked = frames.slice(Math.max(before, 0)).filter(({ at }) => at <= until);
  return Math.max(0, ...looked.slice(1).map(({ at }, index) => at - (looked[index]?.at ?? at)));
}

/**
 * How long nothing of the present was seen: from the last young frame before a stall to the first one after it.
 * @returns undefined when no young frame came after the event
 */
export function youngGapMs(frames: readonly Frame[], from: number): number | undefined {
  const young = frames.filter(({ latencyMs }) => latencyMs !== undefined && latencyMs < YOUNG_MS);
  return young.some(({ at }) => at > from) ? gapMs(young, from) : undefined;
}

/** How many frames showed an instant that was not later than the one before: repeated, or out of order. */
export function outOfOrder(frames: readonly Frame[], from: number, until: number): number {
  const painted = frames
    .filter(({ at, latencyMs }) => at >= from && at <= until && latencyMs !== undefined)
    .map(({ at, latencyMs = 0 }) => at - latencyMs);
  // Two cameras tick out of step by up to half a frame, and nobody sees that.
  return painted.slice(1).filter((time, index) => time < (painted[index] ?? 0) - HALF_A_FRAME_MS).length;
}
