import { houseNow } from '../../player/house-time.ts';
import { SPEEDS as PICTURE_SPEEDS } from '../../player/past-speed.ts';
import { hashOfView, isTimeHash, LIVE, type View, viewOfHash } from './link.ts';
import { type Moments, openMoments } from './moment.ts';
import type { Past } from './past.ts';
import { step } from './timeline-model.ts';
import { showing, spanOf, type Window } from './window.ts';

/** How many times faster than it was; the last is for the log, whose pictures then come as they can. */
export const SPEEDS: readonly number[] = [...PICTURE_SPEEDS, 60];

/** What somebody looks at, and whether it plays. */
export interface Travelled extends View {
  playing: boolean;
  speed: number;
}

/** Travelling in time: where somebody is, and how they move. */
export interface Travel {
  moments: Moments;
  view(): Travelled;
  subscribe(listener: () => void): () => void;
  /** Another stretch is seen. */
  look(window: Window): void;
  /** To a moment; undefined is back to the present. */
  go(at: number | undefined, event?: number): void;
  step(direction: 1 | -1): void;
  toEnd(end: 'first' | 'last'): void;
  choose(cameras: string[]): void;
  play(playing: boolean, speed?: number): void;
  /** The next speed, faster or slower. */
  pace(by: -1 | 1): void;
  /** While it plays, time stands as long as this holds: a picture is on its way. */
  waitWhile(waits: () => boolean): void;
  close(): void;
}

const LINK_AFTER_MS = 250;
const LEAST_AGE_MS = 60_000;

/** Opens the view that the page's address describes, and keeps the address up to date. */
export function openTravel(past: Past): Travel {
  const listeners = new Set<() => void>();
  const moments = openMoments();
  let view: Travelled = { ...viewOfHash(location.hash), playing: false, speed: 1 };
  let linking = 0;
  let frame = 0;
  let waits = (): boolean => false;
  const change = (part: Partial<Travelled>): void => {
    view = { ...view, ...part };
    past.reach(reachOf(view, past.view().oldest));
    moments.ask(view.at);
    window.clearTimeout(linking);
    linking = window.setTimeout(() => history.replaceState(null, '', hashOfView(view)), LINK_AFTER_MS);
    for (const listener of listeners) listener();
  };
  const go = (at: number | undefined, event?: number): void => {
    if (at === undefined) {
      change({ at, event, playing: false, window: { spanMs: view.window.spanMs } });
      return;
    }
    const now = houseNow();
    const moment = Math.round(Math.min(at, now));
    change({ at: moment, event, window: showing(view.window, moment, now) });
  };
  const lanes = (): string[] => view.cameras.map((id) => `camera/${id}`);
  const play = (before: number): void => {
    frame = requestAnimationFrame((time) => {
      if (!view.playing || view.at === undefined) return;
      if (waits()) return play(time);
      const at = view.at + (time - before) * view.speed;
      if (at >= houseNow()) return go(undefined);
      // A frame may be shorter than the millisecond that moments are counted in.
      if (Math.round(at) === view.at) return play(before);
      go(at);
      play(time);
    });
  };
  const start = (playing: boolean, speed = view.speed): void => {
    cancelAnimationFrame(frame);
    const at = view.at ?? spanOf(view.window, houseNow()).from;
    change({ playing, speed, ...(playing ? { at } : {}) });
    if (playing) play(performance.now());
  };
  const followAddress = (): void => {
    if (isTimeHash(location.hash)) change({ ...viewOfHash(location.hash), playing: false });
  };
  addEventListener('hashchange', followAddress);
  change({});
  // A house that is minutes old would be a sliver at the edge of an hour.
  const stopFitting = past.subscribe(() => {
    const { oldest } = past.view();
    if (oldest === undefined) return;
    stopFitting();
    const ageMs = Math.max(LEAST_AGE_MS, (houseNow() - oldest) * 1.1);
    if (hashOfView(view) === hashOfView(LIVE) && ageMs < view.window.spanMs) change({ window: { spanMs: ageMs } });
  });
  return {
    moments,
    view: () => view,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    look: (window) => change({ window }),
    go,
    step(direction) {
      const where = { at: view.at ?? houseNow() + 1, seq: view.event };
      const found = step(past.view().timeline.all, where, direction, lanes());
      if (found) go(found.at, found.seq);
      else if (direction === 1) go(undefined);
    },
    toEnd(end) {
      const all = past.view().timeline.all;
      const where = end === 'first' ? { at: Number.NEGATIVE_INFINITY } : { at: Number.POSITIVE_INFINITY };
      const found = step(all, where, end === 'first' ? 1 : -1, lanes());
      if (found) go(found.at, found.seq);
    },
    choose: (cameras) => change({ cameras }),
    play: start,
    pace(by) {
      const next = SPEEDS[SPEEDS.indexOf(view.speed) + by];
      if (next !== undefined) start(view.playing, next);
    },
    waitWhile(condition) {
      waits = condition;
    },
    close() {
      stopFitting();
      removeEventListener('hashchange', followAddress);
      window.clearTimeout(linking);
      cancelAnimationFrame(frame);
      moments.ask(undefined);
    },
  };
}

/** From where the past is needed: what is seen and more, in steps, so that dragging asks seldom and waits rarely. */
function reachOf({ window, at }: View, oldest: number | undefined): number {
  const now = houseNow();
  const stepMs = window.spanMs / 2;
  const needed = Math.min(spanOf(window, now).from, at ?? now);
  return Math.max((Math.floor(needed / stepMs) - 1) * stepMs, oldest ?? 0, 0);
}
