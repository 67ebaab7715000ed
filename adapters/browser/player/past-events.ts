import type { PastBound } from './past-bound.ts';
import type { Form } from './past-form.ts';
import { landing, timeOf } from './past-state.ts';

/** A stretch of time, epoch ms. */
export interface Stretch {
  from: number;
  to: number;
}

/** Something that happened to the camera. */
export interface CameraEvent {
  at: number;
  /** The state that it went to, such as `offline`. */
  state: string;
  /** One sentence. */
  why: string;
}

/** What is recorded of a camera, and what is not. */
export interface Recorded {
  recorded: (Stretch & Form)[];
  /** What was not recorded in between, and why; empty where that is not known. */
  gaps: (Stretch & { why: string })[];
  /** The camera is not recorded at all. */
  never: boolean;
  /** Where looking back ends; absent: nowhere. */
  bound?: PastBound;
  /** What retention leaves alone, and as what. */
  kept?: (Stretch & { name: string })[];
}

/** What is known of a camera's last hour. */
export interface CameraPast extends Recorded {
  window: Stretch;
  /** Oldest first. */
  events: CameraEvent[];
}

/** What retention leaves alone, as the gateway tells it. */
interface Protection {
  from: number;
  /** Absent: it goes on. */
  to?: number;
  name?: string;
  by?: string;
}

/** The same as it is shown: what a person keeps has a name; what an emergency keeps goes on until it is over. */
export function keptIn({ from, to, name, by }: Protection): Stretch & { name: string } {
  return { from, to: to ?? Number.POSITIVE_INFINITY, name: name === undefined ? 'an emergency' : `${name} (${by})` };
}

/** What was recorded last is listed so much later: a piece has to end first. */
const NEWEST_MS = 6_000;
/** A press goes on from where it led to a moment ago, not to the same event again. */
const LEAD_MS = 2_000;

/** Where a key leads; and what it passed over, or why it leads nowhere. */
export type Leading = { to: number; why?: string } | { to?: undefined; why: string };

/**
 * Where the key for the event before (-1) or after (1) leads: a little ahead of it, so that it is seen to happen.
 * @param shownAt the moment on screen, epoch ms
 */
export function eventFrom(past: CameraPast, shownAt: number, by: -1 | 1): Leading {
  const { to: now } = past.window;
  let passed: string | undefined;
  for (const event of by < 0 ? past.events.toReversed() : past.events) {
    const moments = [event.at - LEAD_MS, event.at];
    const to = moments.find((moment) => past.recorded.some((one) => moment >= one.from && moment < one.to));
    const aim = to ?? event.at - LEAD_MS;
    if (by < 0 ? aim >= shownAt - LEAD_MS : aim <= shownAt + LEAD_MS) continue;
    if (to !== undefined && landing(to, 0, now) !== 'live') return { to, ...(passed ? { why: passed } : {}) };
    passed ??= `Not shown: ${event.state} at ${timeOf(event.at)}, ${missing(past, event.at)}.`;
  }
  return { why: passed ?? `No event ${by < 0 ? 'before' : 'after'} this in the last hour.` };
}

/** Why there is no picture of a moment. */
function missing({ gaps, window, recorded, bound }: CameraPast, at: number): string {
  if (bound && at < bound.from) return 'which lies further back than you may look';
  const gap = gaps.find(({ from, to }) => at >= from && at < to);
  if (at > Math.max(window.to - NEWEST_MS, recorded.at(-1)?.to ?? 0)) return 'whose seconds are still being written';
  return gap?.why ? `which was not recorded: ${gap.why}` : 'which was not recorded';
}

/**
 * What is to be said of a moment: the event at it, or why nothing is recorded.
 * @param withinMs as near as a pointer can be set
 */
export function toldOf(past: CameraPast, at: number, withinMs: number): string {
  const near = past.events.filter((one) => Math.abs(one.at - at) <= withinMs);
  const event = near.sort((a, b) => Math.abs(a.at - at) - Math.abs(b.at - at))[0];
  if (event) return `${timeOf(event.at)} ${event.state}: ${event.why}`;
  const gap = past.gaps.find(({ from, to }) => at >= from && at < to);
  return gap ? `${timeOf(gap.from)} to ${timeOf(gap.to)} not recorded${gap.why && `: ${gap.why}`}` : timeOf(at);
}

/** Where a moment lies in a window, from 0 to 1. */
export function placeIn({ from, to }: Stretch, at: number): number {
  return to > from ? Math.min(1, Math.max(0, (at - from) / (to - from))) : 1;
}
