import { createRecentMost } from './recent-most.ts';

/** How many frames the leg that is kept ready has shown since the last one of the leg in front. */
export interface Lead {
  /** A frame of the leg in front. */
  front(atMs: number): void;
  /** A frame of the one that is kept ready. */
  ready(atMs: number): void;
  /**
   * Whether it leads by more than it ever does while both are well: the camera sends, and the one in front is at fault.
   * What holds up both, as a busy page does, gives neither a lead.
   */
  proves(): boolean;
}

/** By so many frames it leads at least, and by so many more than is usual. */
const PROOF_FRAMES = 3;
const MARGIN_FRAMES = 2;
/** Until both have been seen for a while a network is granted this as usual. */
const ASSUMED_FRAMES = 4;
const KNOWN_MS = 1_500;
const SPAN_MS = 10_000;
/** A longer lead is an outage, from which nothing is learnt. */
const MAX_USUAL_FRAMES = 9;

/** Begins with the first frame of the leg that is kept ready. */
export function createLead(): Lead {
  const usual = createRecentMost(SPAN_MS);
  let sinceMs: number | undefined;
  let known = false;
  let frames = 0;
  return {
    front(atMs) {
      if (sinceMs === undefined) return;
      known ||= atMs - sinceMs >= KNOWN_MS;
      if (frames <= MAX_USUAL_FRAMES) usual.note(atMs, frames);
      frames = 0;
    },
    ready(atMs) {
      sinceMs ??= atMs;
      frames++;
    },
    proves: () => frames >= Math.max(PROOF_FRAMES, Math.max(usual.most(), known ? 0 : ASSUMED_FRAMES) + MARGIN_FRAMES),
  };
}
