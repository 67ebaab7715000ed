/** Shortest and longest wait of a series of attempts. */
export interface BackoffBounds {
  firstMs: number;
  longestMs: number;
}

/**
 * How long to wait before the next attempt: doubles up to a bound, the upper half of it drawn, so that a wall of
 * players does not come back all at once.
 * @param attempt how many attempts have failed in a row, from 0
 */
export function backoffMs(attempt: number, bounds: BackoffBounds, random: () => number = Math.random): number {
  const ceiling = Math.min(bounds.longestMs, bounds.firstMs * 2 ** Math.min(attempt, 20));
  return Math.round(ceiling / 2 + (random() * ceiling) / 2);
}
