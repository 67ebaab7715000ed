import type { Frame } from './frames.ts';
import type { Leg } from './leg.ts';
import type { Legs } from './legs.ts';
import type { Measure, Measured } from './measure.ts';
import { createQueueMeter } from './queueing.ts';
import type { Stage } from './stage.ts';

const MEASURE_MS = 250;
const TELL_MS = 1_000;
/** A path that loses more than this share of its packets is told of at once, and for a while. */
const LOSSY = 0.02;
const LOSSY_MS = 5_000;
/**
 * A queue of this length may overflow: for a while it is looked so often whether the first packets are missing. One of
 * `longMs` is told of though none is. What comes of it the gateway decides, by the same lengths (`policy/quality.ts`).
 */
const QUEUE = { leastMs: 60, longMs: 250, everyMs: 50, forMs: 400 };

/** Of a page that came to run later than this, what is late by as much, and what it may have lost meanwhile, says nothing. */
const BUSY_MS = 50;
/** What a leg that was given up for want of room has queued up is gone by then. */
const SETTLED_MS = 1_000;

/** A lower rung begins with stored pictures, which come as fast as a narrow line takes them: by then it has caught up. */
const CAUGHT_UP_MS = 2_000;

/** Who hears of measurements. */
export interface ReportingHears {
  /** Four times a second. */
  measured(measured: Measured): void;
  /**
   * Once a second, or as often as was asked for or is called for, of the picture in front: for the gateway.
   * @param queueMs by how much a queue that grows has it late
   */
  tell(leg: Leg, measured: Measured, queueMs: number | undefined): void;
}

/** Measuring that goes on. */
export interface Reporting {
  /** A frame of the picture in front was presented. */
  frame(frame: Frame): void;
  /** The picture comes in another rung now, and perhaps not yet as it is sent: that is no queue. */
  catchesUp(): void;
  /** The gateway wants each measurement for so long. */
  often(ms: number): void;
  stop(): void;
}

/**
 * Takes the figures of the leg that matters now. Where nothing is presented (a hidden page, a player scrolled away),
 * they also tell that frames are decoded, and so bring a new leg to the front.
 */
export function startReporting(legs: Legs, stage: Stage, measure: Measure, hears: ReportingHears): Reporting {
  let toldMs = 0;
  let oftenUntilMs = 0;
  let queue = createQueueMeter();
  let catchesUpUntilMs = 0;
  let growing: { queueMs: number; untilMs: number } | undefined;
  let watching: number | undefined;
  let settledMs = 0;
  /** Whether the picture in front suffers only from one that was to prove that there is room for it, or did just now. */
  const isTried = ({ figures, busyMs = 0 }: Measured, queueMs = 0): boolean => {
    const excusedMs = busyMs < BUSY_MS ? 0 : busyMs;
    const loss = figures.loss - excusedMs / MEASURE_MS;
    const suffers = loss > LOSSY || queueMs - excusedMs >= (loss > 0 ? QUEUE.leastMs : QUEUE.longMs);
    if (suffers && legs.noRoom()) {
      settledMs = performance.now() + SETTLED_MS;
      queue = createQueueMeter();
      growing = undefined;
    }
    return performance.now() < settledMs;
  };
  const take = async (): Promise<void> => {
    const coming = legs.coming()?.leg;
    const leg = (stage.seen() ? undefined : coming) ?? legs.front() ?? coming;
    const measured = leg && (await measure.take(leg).catch(() => undefined));
    if (!leg || !measured) return;
    hears.measured(measured);
    const unseen = !stage.seen() || !('requestVideoFrameCallback' in leg.video);
    if (unseen && measured.figures.fps > 0) leg.decoded();
    if (isTried(measured)) return;
    const now = performance.now();
    // The gateway decides on another rung, and every moment counts.
    if (measured.figures.loss > LOSSY) oftenUntilMs = now + LOSSY_MS;
    const everyMs = now < oftenUntilMs ? MEASURE_MS : TELL_MS;
    if (leg !== legs.front() || !leg.signalled || now - toldMs < everyMs - MEASURE_MS / 2) return;
    toldMs = now;
    hears.tell(leg, measured, undefined);
  };
  const timer = window.setInterval(take, MEASURE_MS);
  /** Looks after a queue that grows, until it overflows or is forgotten. */
  const watchQueue = async (): Promise<void> => {
    watching = undefined;
    const leg = legs.front();
    if (!leg?.signalled || !growing || performance.now() > growing.untilMs) return;
    const measured = await measure.peek(leg).catch(() => undefined);
    if (!measured || !growing || leg !== legs.front()) return;
    const { queueMs } = growing;
    if (measured.figures.loss === 0 && queueMs < QUEUE.longMs) {
      watching ??= window.setTimeout(watchQueue, QUEUE.everyMs);
      return;
    }
    growing = undefined;
    if (!isTried(measured, queueMs)) hears.tell(leg, measured, queueMs);
  };
  return {
    frame({ received }) {
      const atMs = performance.now();
      if (!received || atMs < catchesUpUntilMs) return;
      const queueMs = queue.frame(received.atMs, received.rtp);
      if (queueMs === undefined || queueMs < QUEUE.leastMs) return;
      oftenUntilMs = atMs + LOSSY_MS;
      growing = { queueMs, untilMs: atMs + QUEUE.forMs };
      if (watching === undefined) void watchQueue();
    },
    catchesUp() {
      catchesUpUntilMs = performance.now() + CAUGHT_UP_MS;
      queue = createQueueMeter();
    },
    often(ms) {
      oftenUntilMs = performance.now() + ms;
    },
    stop() {
      window.clearInterval(timer);
      window.clearTimeout(watching);
    },
  };
}
