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
/** The longest gap is kept for this long, and as long again; at first for less, for many cameras stutter as they start. */
const FIRST_SPAN_MS = 1_000;
const LAST_SPAN_MS = 30_000;
/** A longer gap is an outage, not jitter: nothing is learnt from it … */
const MAX_JITTER_MS = 400;
/** … unless it is the rule from now on, as with a camera that sends fewer pictures at night. */
const OUTAGES_ARE_RULE = 3;

/** Expects what the longest gap of late says: a jittery network raises it by itself. */
export function createExpectation(): Expectation {
  let lastAtMs: number | undefined;
  /** The span that runs, and what the one before it has taught. */
  let span = { fromMs: 0, lengthMs: FIRST_SPAN_MS, gaps: 0, longestMs: 0 };
  let taughtMs: number | undefined;
  let outages = 0;

  const reset = () => {
    lastAtMs = undefined;
    span = { fromMs: 0, lengthMs: FIRST_SPAN_MS, gaps: 0, longestMs: 0 };
    taughtMs = undefined;
    outages = 0;
  };

  const expectedMs = () => {
    if (taughtMs !== undefined) return Math.max(taughtMs, span.longestMs);
    return span.gaps < LEARN_GAPS ? undefined : span.longestMs;
  };

  /** Whether a gap says nothing about those to come. */
  const isOutage = (gapMs: number): boolean => {
    const expected = expectedMs();
    if (expected === undefined || gapMs <= Math.max(MAX_JITTER_MS, 2 * expected)) {
      outages = 0;
      return false;
    }
    outages += 1;
    return outages < OUTAGES_ARE_RULE;
  };

  const learn = (gapMs: number, atMs: number) => {
    if (span.gaps >= LEARN_GAPS && atMs - span.fromMs >= span.lengthMs) {
      taughtMs = span.longestMs;
      span = { fromMs: atMs, lengthMs: Math.min(LAST_SPAN_MS, span.lengthMs * 2), gaps: 0, longestMs: 0 };
    }
    span.gaps += 1;
    span.longestMs = Math.max(span.longestMs, gapMs);
  };

  return {
    seen(atMs) {
      const before = lastAtMs;
      lastAtMs = atMs;
      if (before === undefined) span.fromMs = atMs;
      else if (atMs - before >= TOGETHER_MS && !isOutage(atMs - before)) learn(atMs - before, atMs);
    },
    expectedMs,
    reset,
  };
}
