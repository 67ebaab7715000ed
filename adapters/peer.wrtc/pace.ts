import type { Picture } from './y4m.ts';

/**
 * Cameras, networks and relays hand pictures on in bursts, and a connection stamps each with the time at which it is
 * given it: of two that are given at once, one is dropped, or shown for no tick of a screen.
 */
export interface Pace {
  /** Hands a picture on, at once where it comes in its time. The picture may be used again afterwards. */
  push(picture: Picture): void;
  /** Lets go of what waits. */
  clear(): void;
}

/** How often they come is the mean of so many. */
const ARRIVALS = 16;
const ARRIVALS_KNOWN = 4;
/** Of the usual distance: less than all of it, so that what waited is caught up with. */
const SHARE = 0.75;
/** More than so many are no jitter but a hurry, as after a failure: the oldest is left out. */
const WAITING = 3;

/**
 * Sets the pace for pictures that come in bursts.
 * @param now monotonic ms
 * @param later calls back after so many ms, and gives what calls that off
 */
export function pacePictures(
  deliver: (picture: Picture) => void,
  now: () => number,
  later: (callback: () => void, ms: number) => () => void,
): Pace {
  let arrivals: number[] = [];
  let waiting: Picture[] = [];
  let deliveredAtMs = Number.NEGATIVE_INFINITY;
  let callOff: (() => void) | undefined;

  const dueMs = (): number => {
    const [first = 0] = arrivals;
    if (arrivals.length < ARRIVALS_KNOWN) return Number.NEGATIVE_INFINITY;
    const usualMs = ((arrivals.at(-1) ?? 0) - first) / (arrivals.length - 1);
    return deliveredAtMs + usualMs * SHARE;
  };
  const give = (picture: Picture) => {
    deliveredAtMs = now();
    deliver(picture);
  };
  const waitOn = () => {
    callOff = later(
      () => {
        callOff = undefined;
        const picture = waiting.shift();
        if (picture) give(picture);
        if (waiting.length > 0) waitOn();
      },
      Math.max(0, dueMs() - now()),
    );
  };

  return {
    push(picture) {
      arrivals = [...arrivals.slice(1 - ARRIVALS), now()];
      if (waiting.length === 0 && now() >= dueMs()) return give(picture);
      waiting = [...waiting.slice(1 - WAITING), { ...picture, data: picture.data.slice() }];
      if (!callOff) waitOn();
    },
    clear() {
      callOff?.();
      callOff = undefined;
      [arrivals, waiting] = [[], []];
    },
  };
}
