import { type BackoffBounds, backoffMs } from './backoff.ts';

/** The attempts to get a picture back: one at a time, further and further apart until one succeeds. */
export interface Attempts {
  /** How many have failed in a row. */
  failed(): number;
  /** Whether one is due. */
  waiting(): boolean;
  /**
   * Plans the next one, unless one is due already.
   * @param leastMs not sooner than this
   * @returns after how many ms it comes; undefined when one was due already
   */
  plan(leastMs?: number): number | undefined;
  /** Plans one that does not count as a failure. */
  soon(ms: number): void;
  cancel(): void;
  /** The next failure starts again from the shortest wait. */
  reset(): void;
}

/** @param run makes an attempt */
export function createAttempts(bounds: BackoffBounds, run: () => void): Attempts {
  let failed = 0;
  let timer = 0;
  const cancel = (): void => {
    window.clearTimeout(timer);
    timer = 0;
  };
  const soon = (ms: number): void => {
    cancel();
    timer = window.setTimeout(() => {
      timer = 0;
      run();
    }, ms);
  };
  return {
    failed: () => failed,
    waiting: () => timer !== 0,
    plan(leastMs = 0) {
      if (timer !== 0) return undefined;
      const waitMs = Math.max(leastMs, backoffMs(failed++, bounds));
      soon(waitMs);
      return waitMs;
    },
    soon,
    cancel,
    reset() {
      failed = 0;
    },
  };
}
