import type { Span } from './timeline-model.ts';

/** What of the time line is seen. */
export interface Window {
  /** The right edge, epoch ms; it follows the present when there is none. */
  to?: number;
  spanMs: number;
}

const SHORTEST_MS = 1_000;
/** A day, and a little room at its right edge. */
const LONGEST_MS = 25 * 3_600_000;
/** The present stands a little inside the right edge. */
const AHEAD = 0.02;

/** The stretch that is seen. */
export function spanOf({ to, spanMs }: Window, now: number): Span {
  const right = to ?? now + spanMs * AHEAD;
  return { from: right - spanMs, to: right };
}

/** A window whose right edge lies here; one that reaches the present follows it. */
function windowTo(to: number, spanMs: number, now: number): Window {
  return to >= now + spanMs * AHEAD ? { spanMs } : { to, spanMs };
}

/**
 * Wider or narrower, between a second and a day.
 * @param factor above 1 shows more time
 * @param anchor the moment that stays where it is
 */
export function zoom(window: Window, factor: number, anchor: number, now: number): Window {
  const { from, to } = spanOf(window, now);
  const spanMs = Math.min(LONGEST_MS, Math.max(SHORTEST_MS, window.spanMs * factor));
  const share = (to - anchor) / (to - from);
  return windowTo(anchor + share * spanMs, spanMs, now);
}

/** Moved towards later by so much; never beyond the present. */
export function pan(window: Window, byMs: number, now: number): Window {
  return windowTo(spanOf(window, now).to + byMs, window.spanMs, now);
}

/** The window, moved no further than needed to show a moment. */
export function showing(window: Window, at: number, now: number): Window {
  const { from, to } = spanOf(window, now);
  return at >= from && at < to ? window : windowTo(at + window.spanMs / 2, window.spanMs, now);
}

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const STEPS_MS = [
  ...[10, 20, 50, 100, 200, 500],
  ...[1, 2, 5, 10, 15, 30].map((count) => count * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((count) => count * MINUTE),
  ...[1, 2, 3, 6, 12, 24].map((count) => count * HOUR),
];

/**
 * The moments at which the axis has a line.
 * @param most how many there may be
 * @param offsetMs local time minus UTC: lines stand on full hours of the clock on the wall
 */
export function ticksIn({ from, to }: Span, most: number, offsetMs: number): { stepMs: number; ticks: number[] } {
  const stepMs = STEPS_MS.find((step) => (to - from) / step <= most) ?? 24 * HOUR;
  const first = Math.ceil((from + offsetMs) / stepMs) * stepMs - offsetMs;
  const ticks = [];
  for (let at = first; at < to; at += stepMs) ticks.push(at);
  return { stepMs, ticks };
}
