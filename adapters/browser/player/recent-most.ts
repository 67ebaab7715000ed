/** The most of something within the last `spanMs` to twice that. */
export interface RecentMost {
  note(atMs: number, value: number): void;
  /** 0 while nothing was noted. */
  most(): number;
}

/** Remembers the most of the span that runs, and of the one before it. */
export function createRecentMost(spanMs: number): RecentMost {
  let fromMs = Number.NEGATIVE_INFINITY;
  let now = 0;
  let before = 0;
  return {
    note(atMs, value) {
      if (atMs - fromMs > spanMs) {
        before = now;
        now = 0;
        fromMs = atMs;
      }
      now = Math.max(now, value);
    },
    most: () => Math.max(now, before),
  };
}
