/** When the next packet of a source is due at the latest, learnt from those before. */
export interface Expectation {
  /** A packet has come. */
  seen(atMs: number): void;
  /** How long after a packet the next one may take; undefined while too little was seen. */
  expectedMs(): number | undefined;
  /** By how much the next packet is overdue; 0 while it is not, or while nothing is expected. */
  overdueMs(atMs: number): number;
  /** By how much one was overdue at most, from a moment of late until another. */
  mostOverdueMs(sinceMs: number, atMs: number): number;
  /** What comes next is from a fresh start. */
  reset(): void;
}

/** So many packets apart in time must have been seen before anything is expected. */
const LEARN_GAPS = 15;
/** Packets closer than this belong together. */
const TOGETHER_MS = 2;
/** Gaps are remembered for this long, and as long again; at first for less, for many cameras stutter as they start. */
const FIRST_SPAN_MS = 1_000;
const LAST_SPAN_MS = 30_000;
/** A longer gap is an outage, not jitter: nothing is learnt from it … */
const MAX_JITTER_MS = 400;
/** … unless it is the rule from now on, as with a camera that sends fewer pictures at night. */
const OUTAGES_ARE_RULE = 2;
/** So many overdue packets are remembered, which is more than a second has. */
const MAX_OVERDUE = 32;

/** Gaps of a time, the longest and the one next to it. */
type Longest = readonly [longestMs: number, nextMs: number];

const among = ([longestMs, nextMs]: Longest, gapMs: number): Longest =>
  gapMs > longestMs ? [gapMs, longestMs] : [longestMs, Math.max(nextMs, gapMs)];

/**
 * Expects what the longest gaps of late say: a jittery network raises it by itself. What has happened once is a hiccup
 * and no jitter, so the longest gap but one counts: one hiccup would make the next silence of half a minute be found late.
 */
export function createExpectation(): Expectation {
  let lastAtMs: number | undefined;
  const fresh = (fromMs: number, lengthMs: number) => ({ fromMs, lengthMs, gaps: 0, longest: [0, 0] as Longest });
  /** The span that runs, and what the one before it has taught. */
  let span = fresh(0, FIRST_SPAN_MS);
  let taught: Longest | undefined;
  let outages = 0;
  /** When overdue packets came, and by how much they were overdue. */
  let overdue: { cameAtMs: number; byMs: number }[] = [];

  const reset = () => {
    lastAtMs = undefined;
    span = fresh(0, FIRST_SPAN_MS);
    taught = undefined;
    outages = 0;
    overdue = [];
  };

  const expectedMs = () => {
    if (taught === undefined && span.gaps < LEARN_GAPS) return undefined;
    const [, nextMs] = (taught ?? []).reduce(among, span.longest);
    return nextMs;
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
      taught = span.longest;
      span = fresh(atMs, Math.min(LAST_SPAN_MS, span.lengthMs * 2));
    }
    span.gaps += 1;
    span.longest = among(span.longest, gapMs);
  };

  const overdueMs = (atMs: number): number => {
    const expected = expectedMs();
    if (expected === undefined || lastAtMs === undefined) return 0;
    return Math.max(0, atMs - lastAtMs - expected);
  };

  return {
    seen(atMs) {
      const before = lastAtMs;
      const byMs = overdueMs(atMs);
      if (byMs > 0) overdue = [...overdue.slice(1 - MAX_OVERDUE), { cameAtMs: atMs, byMs }];
      lastAtMs = atMs;
      if (before === undefined) span.fromMs = atMs;
      else if (atMs - before >= TOGETHER_MS && !isOutage(atMs - before)) learn(atMs - before, atMs);
    },
    expectedMs,
    overdueMs,
    mostOverdueMs: (sinceMs, atMs) =>
      overdue.reduce((most, { cameAtMs, byMs }) => (cameAtMs > sinceMs ? Math.max(most, byMs) : most), overdueMs(atMs)),
    reset,
  };
}
