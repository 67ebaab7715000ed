/** How old the picture on screen is. */
export interface Latency {
  ms: number;
  /** Read from the clock in the picture; otherwise estimated from the network and the jitter buffer. */
  measured: boolean;
}

const WINDOW_MS = 1_000;
// A picture without a clock is asked again now and then: a camera may be changed under a running player.
const TRIES_BEFORE_REST = 8;
const REST_MS = 5_000;
// Beyond these the clocks of camera and viewer disagree, and the figure would be about them.
const PLAUSIBLE_MS = { least: -50, most: 60_000 };

/** Keeps the latest latency readings of one picture. */
export interface LatencyMeter {
  /** Whether reading the clock is worth its cost now. */
  due(atMs: number): boolean;
  /** What the clock said at `atMs`; undefined when it could not be read. */
  note(atMs: number, latencyMs: number | undefined): void;
  /** Median of the last second, or the estimate, or undefined when neither is known. */
  latest(atMs: number, estimateMs: number | undefined): Latency | undefined;
}

/** @param everyMs between two readings; 0 reads every frame */
export function createLatencyMeter(everyMs: number): LatencyMeter {
  let samples: { at: number; ms: number }[] = [];
  let misses = 0;
  let readAt = Number.NEGATIVE_INFINITY;
  return {
    due: (atMs) => atMs - readAt >= (misses >= TRIES_BEFORE_REST ? REST_MS : everyMs),
    note(atMs, latencyMs) {
      readAt = atMs;
      if (latencyMs === undefined || latencyMs < PLAUSIBLE_MS.least || latencyMs > PLAUSIBLE_MS.most) {
        misses++;
        return;
      }
      misses = 0;
      samples.push({ at: atMs, ms: latencyMs });
      if (samples.length > 120) samples = samples.slice(-60);
    },
    latest(atMs, estimateMs) {
      const recent = samples.filter((sample) => atMs - sample.at <= WINDOW_MS).map((sample) => sample.ms);
      if (recent.length > 0) {
        recent.sort((a, b) => a - b);
        return { ms: Math.round(recent[recent.length >> 1] ?? 0), measured: true };
      }
      return estimateMs === undefined ? undefined : { ms: Math.round(estimateMs), measured: false };
    },
  };
}
