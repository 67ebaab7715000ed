import { houseNow } from '../../../player/house-time.ts';
import { openPastLeg, type PastLeg } from '../../../player/past-leg.ts';
import { keepLooks } from '../../../player/past-look.ts';
import { createStage } from '../../../player/stage.ts';
import type { Coverage } from './coverage.ts';
import { type Clock, follow, type Order } from './synchrony.ts';

/** What a picture's place shows. */
export type ScreenState =
  | { name: 'opening' }
  | { name: 'shown' }
  /** There is no picture of the moment. */
  | { name: 'missing'; why: string }
  /** There may be one, but it could not be had; it is tried again. */
  | { name: 'failed'; why: string };

/** One camera's recorded picture, which follows a clock. */
export interface Screen {
  readonly state: ScreenState;
  /** Goes on by the clock. */
  tick(clock: Clock, coverage: Coverage, together: number): void;
  /** The moment of the picture before (-1) or after (1) the one that is shown at a moment; undefined: not known (yet). */
  beside(at: number, by: -1 | 1): number | undefined;
  /** Whether the clock should wait for it. */
  waits(): boolean;
  close(): void;
}

const FORBIDDEN = 403;
/** So much is listed at once: what lies close can be gone to at once. */
const BEFORE_MS = 30_000;
const AFTER_MS = 10 * 60_000;
const AGAIN_MS = 2_000;
/** The others do not wait longer for one. */
const WAIT_MS = 4_000;
const FIRST_FRAME_MS = 12_000;

/** Shows a camera's recording inside `host`, which must be positioned. */
export function openScreen(host: HTMLElement, camera: string, changed: () => void): Screen {
  const door = { server: '' };
  const looks = keepLooks(door, camera);
  const stage = createStage(host, () => {});
  let state: ScreenState = { name: 'opening' };
  let front: PastLeg | undefined;
  let coming: PastLeg | undefined;
  /** Given up when what was opened is no longer wanted. */
  let openings = 0;
  let opening = false;
  let deadline = 0;
  let againMs = 0;
  let waitsSinceMs: number | undefined;
  /** What it was last told to jump to is a key frame, one of many. */
  let hops = false;
  const tell = (next: ScreenState): void => {
    const same = next.name === state.name && ('why' in next ? next.why : '') === ('why' in state ? state.why : '');
    if (same) return;
    state = next;
    stage.element.dataset.picture = next.name;
    changed();
  };
  const shut = (leg: PastLeg | undefined): void => {
    if (!leg) return;
    leg.close();
    stage.free(leg.video);
  };
  const giveUp = (): void => {
    openings++;
    opening = false;
    window.clearTimeout(deadline);
    shut(coming);
    coming = undefined;
  };
  const fail = (why: string): void => {
    giveUp();
    againMs = performance.now() + AGAIN_MS;
    tell({ name: 'failed', why });
  };
  const open = async (moment: number): Promise<void> => {
    giveUp();
    const mine = openings;
    opening = true;
    tell({ name: 'opening' });
    deadline = window.setTimeout(() => fail('The picture does not come: nothing was shown in 12 s.'), FIRST_FRAME_MS);
    const look = await looks.have();
    if (mine !== openings) return;
    if (typeof look === 'string') return fail(look);
    const to = moment + AFTER_MS;
    const wish = { moment, from: moment - BEFORE_MS, ...(to < houseNow() ? { to } : {}) };
    const leg: PastLeg = openPastLeg(stage.spare(), look.url, wish, {
      frame() {
        if (leg !== coming) return;
        coming = undefined;
        giveUp();
        const old = front;
        front = leg;
        stage.show(leg.video);
        shut(old);
      },
      lost(why, status) {
        // Whether there is still a right to it, the gateway says.
        if (status === FORBIDDEN) looks.forget(look);
        if (leg === front) front = undefined;
        if (leg === coming) fail(why);
        else shut(leg);
      },
    });
    coming = leg;
  };
  const obey = ({ video }: PastLeg, order: Order): void => {
    if (order.do !== 'play' && !video.paused) video.pause();
    const jumps = order.do === 'seek' || order.do === 'hop';
    if (jumps && !video.seeking) {
      video.currentTime = order.toS;
      hops = order.do === 'hop';
    }
    if (order.do !== 'play') return;
    hops = false;
    if (video.playbackRate !== order.rate) video.playbackRate = order.rate;
    if (video.paused) video.play().catch(() => {});
  };
  const isReady = ({ video }: PastLeg): boolean => !video.seeking && video.readyState >= video.HAVE_FUTURE_DATA;

  return {
    get state() {
      return state;
    },
    tick(clock, coverage, together) {
      const targetS = coverage.name === 'missing' ? undefined : front?.timeOf(clock.at);
      if (front && targetS !== undefined) {
        if (opening) giveUp();
        const shown = { timeS: front.video.currentTime, targetS, keyFramesS: front.keyFramesS() };
        obey(front, follow(clock, shown, together));
        if (!front.video.seeking) tell({ name: 'shown' });
        return;
      }
      front?.video.pause();
      if (coverage.name === 'missing') {
        giveUp();
        againMs = 0;
        tell(coverage);
      } else if (!opening && performance.now() >= againMs) void open(clock.at);
    },
    beside: (at, by) => (state.name === 'shown' ? front?.beside(at, by) : undefined),
    waits() {
      const isComing = opening || (state.name === 'shown' && !hops && front !== undefined && !isReady(front));
      if (!isComing) waitsSinceMs = undefined;
      else waitsSinceMs ??= performance.now();
      return waitsSinceMs !== undefined && performance.now() - waitsSinceMs < WAIT_MS;
    },
    close() {
      giveUp();
      shut(front);
      looks.rest();
      stage.remove();
    },
  };
}
