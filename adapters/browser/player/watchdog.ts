import { createRecentMost } from './recent-most.ts';

/** Who else has the relay at fault: another leg, where the same picture flows, or the gateway, which doubts the relay. */
export type Witness = 'leg' | 'gateway';

/** Tells a picture that stands from one that moves, by the frames that arrive. */
export interface Watchdog {
  /** A frame was presented, or was decoded where nothing is presented. */
  frame(atMs: number): void;
  /**
   * How long the picture has been silent, when that is too long; otherwise undefined.
   * @param witness with one, less is too long
   */
  silentMs(atMs: number, witness?: Witness): number | undefined;
  /** Forgets everything: another picture starts, or the page was hidden. */
  reset(atMs: number): void;
}

/** Bounds of the watchdog: slower than the switcher's own, so that a silent camera does not chase every viewer. */
export interface WatchdogBounds {
  leastMs: number;
  frameIntervals: number;
  /** With a witness. */
  witnessedMs: number;
  /** With the gateway as witness, which knows nothing of how regularly the camera sends. */
  doubtIntervals: number;
}

/** A network that delays more makes gaps: those of the last seconds are usual, and what is longer by this is not. */
const MARGIN_MS = 50;
const SPAN_MS = 10_000;
/** A longer gap is an outage, from which nothing is learnt. */
const MAX_JITTER_MS = 300;

const BOUNDS: WatchdogBounds = { leastMs: 250, frameIntervals: 4, witnessedMs: 100, doubtIntervals: 2 };

/** A frame watchdog; pure but for what it remembers. */
export function createWatchdog(bounds = BOUNDS): Watchdog {
  let lastAt: number | undefined;
  let intervalMs = 0;
  const gaps = createRecentMost(SPAN_MS);
  const limitMs = (witness: Witness | undefined): number => {
    // It has compared the two connections: what is usual is known to it.
    if (witness === 'leg') return bounds.witnessedMs;
    // A relay that carries nothing any more is no jitter, however much of that is usual here.
    if (witness === 'gateway') return Math.max(bounds.witnessedMs, bounds.doubtIntervals * intervalMs);
    return Math.max(bounds.leastMs, bounds.frameIntervals * intervalMs, gaps.most() + MARGIN_MS);
  };
  return {
    frame(atMs) {
      if (lastAt !== undefined) {
        if (atMs - lastAt <= MAX_JITTER_MS) gaps.note(atMs, atMs - lastAt);
        const gapMs = Math.min(atMs - lastAt, 1_000);
        intervalMs = intervalMs === 0 ? gapMs : intervalMs * 0.9 + gapMs * 0.1;
      }
      lastAt = atMs;
    },
    silentMs(atMs, witness) {
      if (lastAt === undefined) return undefined;
      const silent = atMs - lastAt;
      return silent >= limitMs(witness) ? silent : undefined;
    },
    reset(atMs) {
      // A picture that had started is still owed frames; one that had not is not.
      if (lastAt !== undefined) lastAt = atMs;
    },
  };
}
