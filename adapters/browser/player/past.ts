import { type Door, knock } from './admission.ts';
import { houseNow } from './house-time.ts';
import { permitted } from './past-bound.ts';
import { openPastLeg, type PastLeg } from './past-leg.ts';
import { isOld, keepLooks } from './past-look.ts';
import { nextSpeed } from './past-speed.ts';
import { isPast, landing, nextPast, type PastHeard, type PastState } from './past-state.ts';
import type { Stage } from './stage.ts';

const FORBIDDEN = 403;
/** A moment that shows nothing for this long is given up. */
const FIRST_FRAME_MS = 12_000;
/** So much before a moment is listed with it: who goes back goes back further. */
const BEFORE_MS = 60_000;
/** What was recorded last is listed this much later: a piece has to end first. */
const NEWEST_MS = 3_000;

/** What the past needs of the player that it lies over. */
export interface PastHears {
  state(state: PastState): void;
  /** Goes on with live, where it was paused. */
  resume(): void;
  /** Whether a frame of live can be expected. */
  moves(): boolean;
  /** The moment that live shows, epoch ms. */
  shownAt(): number;
}

/** The past of a camera, in the player that shows it live: it comes and goes at decoded frames, live goes on beneath. */
export interface Past {
  readonly state: PastState;
  /** Whether the past is what a person sees. */
  shown(): boolean;
  /** The moment of the past that is on screen, epoch ms. */
  moment(): number | undefined;
  /** @param byMs from what is on screen, or is on its way there; back where it is negative */
  jump(byMs: number): void;
  /** To a moment (epoch ms), or to live where that is as good as now. */
  go(moment: number): void;
  /** Holds the past where it is, or goes on with it. */
  turn(): void;
  /** How fast the past plays: 1 as it was recorded. */
  readonly speed: number;
  /** Another speed, until live is back. */
  play(speed: number): void;
  /** The next speed, faster or slower. */
  pace(by: -1 | 1): void;
  /** Holds the past, and shows the picture before (-1) or after (1). */
  step(by: -1 | 1): void;
  /** Back to live, at its next frame. */
  back(): void;
  /** A frame of live was presented, or none is to be expected. */
  liveFrame(): void;
  close(): void;
}

/** What whoever looks may do with the past of a camera, beyond looking at it. */
export interface PastRights {
  /** Keep stretches of it from being deleted. */
  keepable: boolean;
}

/**
 * Asks whether anything is recorded of a camera, or will be, that whoever looks may see. Its own view of the camera
 * tells, so that nothing is asked for that the gateway would refuse.
 */
export async function pastRights(door: Door, camera: string): Promise<PastRights | undefined> {
  const of = encodeURIComponent(camera);
  const json = async (path: string) => {
    const response = await knock(door, path).catch(() => undefined);
    return response?.ok ? response.json() : {};
  };
  const { recording } = await json(`/api/v1/cameras/${of}`);
  if (!recording) return undefined;
  const { state, keepable } = recording;
  // What was recorded before stays.
  const isOver = state === 'off' || state === 'removed';
  const left = isOver ? (await json(`/api/v1/recordings/${of}`)).ranges : undefined;
  return !isOver || left?.length > 0 ? { keepable } : undefined;
}

/** Makes the past of one player. */
export function createPast(stage: Stage, door: Door, camera: string, hears: PastHears): Past {
  let state: PastState = { name: 'live', since: Date.now() };
  const looks = keepLooks(door, camera);
  let front: PastLeg | undefined;
  let coming: PastLeg | undefined;
  /** An answer to an older wish is dropped. */
  let wishes = 0;
  /** The wish that what is in front was set to by itself. */
  let sought = -1;
  let deadline = 0;
  let speed = 1;

  const shut = (leg: PastLeg | undefined): void => {
    if (!leg) return;
    leg.close();
    stage.free(leg.video);
  };
  const giveUp = (): void => {
    wishes++;
    window.clearTimeout(deadline);
    shut(coming);
    coming = undefined;
  };
  const leave = (): void => {
    giveUp();
    stage.over(undefined);
    shut(front);
    front = undefined;
    looks.rest();
    speed = 1;
  };
  const hear = (heard: PastHeard): void => {
    const next = nextPast(state, heard, Date.now());
    if (next === state) return;
    state = next;
    if (next.name === 'live') leave();
    hears.state(next);
  };
  const swap = (leg: PastLeg): void => {
    const old = front;
    front = leg;
    coming = undefined;
    window.clearTimeout(deadline);
    stage.over(leg.video);
    shut(old);
    leg.pace(speed);
    hear({ type: 'frame' });
  };
  const fail = (why: string): void => {
    giveUp();
    // What is on screen may have been held.
    front?.resume();
    hear({ type: 'failed', why });
  };
  /** A frame of what is in front. */
  const went = (): void => {
    if (state.name === 'seeking' && !coming && sought === wishes) {
      window.clearTimeout(deadline);
      hear({ type: 'frame' });
    } else caughtUp();
  };
  const open = async (moment: number, again = false): Promise<void> => {
    giveUp();
    const wish = wishes;
    const look = await looks.have();
    if (wish !== wishes) return;
    if (typeof look === 'string') return fail(look);
    const shown = permitted(look.bound, moment, houseNow());
    if (typeof shown === 'string') {
      if (!isOld(look)) return fail(shown);
      // An emergency may have opened more since.
      looks.forget(look);
      return open(moment, again);
    }
    deadline = window.setTimeout(() => fail('The past does not come: nothing was shown in 12 s.'), FIRST_FRAME_MS);
    // What is listed there already needs no other leg.
    if (!again && state.name === 'seeking' && front?.seek(shown)) {
      sought = wish;
      return;
    }
    const leg: PastLeg = openPastLeg(
      stage.spare(),
      look.url,
      { moment: shown, from: shown - BEFORE_MS },
      {
        frame: () => (leg === coming ? swap(leg) : leg === front && went()),
        lost(why, status) {
          if (status === FORBIDDEN) {
            looks.forget(look);
            // It may have been left for too long; whether there is still a right to it, the gateway says.
            const wanted = leg === coming ? moment : state.name === 'seeking' && leg === front && state.moment;
            if (wanted !== false && !again) return void open(wanted, true);
          }
          if (leg === front) return back({ type: 'lost', why });
          if (leg === coming) fail(why);
        },
      },
    );
    coming = leg;
  };
  const back = (heard: PastHeard): void => {
    giveUp();
    hear(heard);
    if (state.name !== 'returning') return;
    hears.resume();
    if (!hears.moves()) hear({ type: 'live-frame' });
  };
  const moment = (): number | undefined => front?.moment();
  /** Faster than time, the past ends where live is. */
  const caughtUp = (): void => {
    if (speed <= 1 || state.name !== 'playing') return;
    if (landing(moment() ?? 0, NEWEST_MS, houseNow()) === 'live') back({ type: 'back' });
  };
  const go = (to: number | 'live'): void => {
    if (to === 'live') back({ type: 'back' });
    else {
      hear({ type: 'wanted', moment: to });
      void open(to);
    }
  };
  const play = (wanted: number): void => {
    speed = wanted;
    front?.pace(speed);
  };
  const shownAt = (): number => {
    if (state.name === 'opening' || state.name === 'seeking') return state.moment;
    return state.name === 'live' || state.name === 'returning' ? hears.shownAt() : (moment() ?? houseNow());
  };

  return {
    get state() {
      return state;
    },
    shown: () => isPast(state),
    moment,
    jump: (byMs) => go(landing(shownAt(), byMs, houseNow())),
    go: (to) => go(landing(to, 0, houseNow())),
    turn() {
      if (state.name === 'held') front?.resume();
      else if (state.name === 'playing') front?.hold();
      hear({ type: state.name === 'held' ? 'resumed' : 'held' });
    },
    get speed() {
      return speed;
    },
    play,
    pace: (by) => play(nextSpeed(speed, by)),
    step(by) {
      if (state.name === 'playing') {
        front?.hold();
        hear({ type: 'held' });
      }
      if (state.name === 'held') front?.step(by);
    },
    back: () => back({ type: 'back' }),
    liveFrame: () => hear({ type: 'live-frame' }),
    close: leave,
  };
}
