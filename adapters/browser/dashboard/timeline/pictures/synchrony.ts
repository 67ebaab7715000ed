import { keyFrameAt } from '../../../player/past-speed.ts';

/** The one clock that all pictures follow. */
export interface Clock {
  /** The moment that is to be on screen, epoch ms. */
  at: number;
  /** 1 as it was recorded. */
  speed: number;
  /** It waits while a picture is on its way. */
  state: 'held' | 'playing' | 'waiting';
}

/** A video by its own time, seconds, which its recording's `EXT-X-PROGRAM-DATE-TIME` ties to the clock. */
export interface Shown {
  timeS: number;
  /** Where the clock's moment lies. */
  targetS: number;
  /** Where the pieces begin that can be shown by themselves. */
  keyFramesS: readonly number[];
}

/** What a video is to do, and why. */
export type Order =
  | { do: 'play'; rate: number; why: string }
  | { do: 'seek'; toS: number; why: string }
  /** To a key frame: what comes too late is left out, and nobody waits for it. */
  | { do: 'hop'; toS: number; why: string }
  | { do: 'stand'; why: string };

/** All videos together decode every picture up to so many times the speed of one: more than many machines can. */
const DECODED_AT_ONCE = 4;
/** A held picture that is nearer than this is the right one. */
const HELD_MS = 8;
/** Nearer than this is together: steering it would only be seen. */
const TOGETHER_MS = 6;
/** Further off, a change of rate would take too long. */
const FAR_MS = 400;
/** What is off is made good within this long. */
const WITHIN_MS = 500;
const MOST_BEND = 0.25;
/** A rate that changes all the time costs frames. */
const BEND_STEP = 0.02;

/**
 * What a video is to do so that it shows the clock's moment: nothing, go a little faster or slower, or jump.
 * @param together how many videos follow this clock
 */
export function follow({ speed, state }: Clock, { timeS, targetS, keyFramesS }: Shown, together: number): Order {
  const aheadMs = (timeS - targetS) * 1_000;
  const off = `${Math.abs(Math.round(aheadMs))} ms ${aheadMs > 0 ? 'ahead' : 'behind'}`;
  const jump: Order = { do: 'seek', toS: targetS, why: off };
  if (state === 'held') return Math.abs(aheadMs) <= HELD_MS ? { do: 'stand', why: 'held' } : jump;
  if (speed > 1 && speed * together > DECODED_AT_ONCE) {
    // The newest key frame that is due: what it has no time for is left out.
    const dueS = keyFrameAt(keyFramesS, targetS) ?? targetS;
    const isThere = dueS <= timeS && timeS <= targetS + speed;
    return isThere ? { do: 'stand', why: 'no other key frame is due' } : { do: 'hop', toS: dueS, why: off };
  }
  if (Math.abs(aheadMs) > FAR_MS * Math.max(1, speed)) return jump;
  if (state === 'waiting') return { do: 'stand', why: 'another picture is on its way' };
  if (Math.abs(aheadMs) <= TOGETHER_MS) return { do: 'play', rate: speed, why: 'together' };
  const bend = Math.max(-MOST_BEND, Math.min(MOST_BEND, -aheadMs / WITHIN_MS / Math.max(1, speed)));
  return { do: 'play', rate: speed * (1 + Math.round(bend / BEND_STEP) * BEND_STEP), why: off };
}
