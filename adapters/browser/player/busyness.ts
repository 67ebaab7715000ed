import { createRecentMost } from './recent-most.ts';

/** Tells how busy the host of this page is. */
export interface Busyness {
  /** The browser's other threads were asked for something, and have answered. */
  answered(askedMs: number, atMs: number): void;
  /** By how much this page or its browser came to run late, at most, of late; undefined where nobody can tell. */
  busyMs(nowMs: number): number | undefined;
}

const TICK_MS = 25;
/** A report on a peer connection goes through all its threads, and is there after this long at the latest. */
const ANSWER_MS = 25;
/** Loss is measured over a quarter of a second; a queue is told of that has grown for up to half a second. */
const SPAN_MS = 350;

/** One watch serves all players of a page. */
let watch: Busyness | undefined;

/** Looks from now on how late a short timer of this page is. Browsers slow those of hidden pages down. */
export function watchBusyness(): Busyness {
  if (watch) return watch;
  let late = createRecentMost(SPAN_MS);
  let tickedMs = performance.now();
  const note = (dueMs: number, atMs: number): void => {
    if (!document.hidden) late.note(atMs, atMs - dueMs);
  };
  window.setInterval(() => {
    const now = performance.now();
    note(tickedMs + TICK_MS, now);
    tickedMs = now;
  }, TICK_MS);
  document.addEventListener('visibilitychange', () => {
    tickedMs = performance.now();
    late = createRecentMost(SPAN_MS);
  });
  watch = {
    answered: (askedMs, atMs) => note(askedMs + ANSWER_MS, atMs),
    busyMs: (nowMs) => (document.hidden ? undefined : Math.max(late.most(), nowMs - tickedMs - TICK_MS)),
  };
  return watch;
}
