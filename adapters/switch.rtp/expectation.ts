/** When the next packet of a source is due at the latest, learnt from those before. */
export interface Expectation {
  /** A packet has come. */
  seen(atMs: number): void;
  /** How long after a packet the next one may take; undefined while too little was seen. */
  expectedMs(): number | undefined;
  /** What comes next is from a fresh start. */
  reset(): void;
}

/** So many packets apart in time must have been seen before anything is expected. */
const LEARN_GAPS = 15;
/** Packets closer than this belong together. */
const TOGETHER_MS = 2;
/** The longest gap seen is forgotten by half in this time. */
const HALF_LIFE_MS = 60_000;
/** A longer gap is an outage, not jitter: nothing is learnt from it … */
const MAX_JITTER_MS = 400;
/** … unless it is the rule from now on, as with a camera that sends fewer pictures at night. */
const OUTAGES_ARE_RULE = 3;

/** Expects what a slowly decaying maximum of the gaps says: a jittery network raises it by itself. */
export function createExpectation(): Expectation {
  let lastAtMs: number | undefined;
  let gaps = 0;
  let longestMs = 0;
  let outages = 0;

  const reset = () => {
    lastAtMs = undefined;
    gaps = 0;
    longestMs = 0;
    outages = 0;
  };

  return {
    seen(atMs) {
      const gapMs = lastAtMs === undefined ? 0 : atMs - lastAtMs;
      lastAtMs = atMs;
      if (gapMs < TOGETHER_MS) return;
      if (gaps >= LEARN_GAPS && gapMs > Math.max(MAX_JITTER_MS, 2 * longestMs)) {
        outages += 1;
        if (outages < OUTAGES_ARE_RULE) return;
        gaps = 0;
      }
      outages = 0;
      gaps += 1;
      longestMs = Math.max(gapMs, longestMs * 0.5 ** (gapMs / HALF_LIFE_MS));
    },
    expectedMs: () => (gaps < LEARN_GAPS ? undefined : longestMs),
    reset,
  };
}
