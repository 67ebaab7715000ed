import { createGapMeter } from './gap-meter.ts';
import { createWatchdog, type Witness } from './watchdog.ts';

const CHECK_MS = 30;
/** A check that comes this late says that this page was busy, not that the picture stood. */
const LATE_MS = 100;
/** A silence this long is told; a shorter one may be over by then. */
const STALLED_MS = 500;
/** A standing picture of a camera that should have one is asked for anew after this long. */
const REOPEN_MS = 1_200;

/** What a player does about a picture that stands, or may. */
export interface StandingHears {
  /** Somebody looks at a picture that is to move. */
  wanted(): boolean;
  /** The camera is said to have no picture. */
  dark(): boolean;
  /** The picture comes over HLS. */
  buffers(): boolean;
  /** Whether another connection shows that the camera sends; undefined: there is none. */
  proves(): boolean | undefined;
  /** No frame can be expected now: none is missed. */
  excused(): void;
  /** A look at a picture that somebody is to see, before anything is concluded. */
  looked(nowMs: number): void;
  /** Another leg may be made ready, over WebRTC. */
  prepare(nowMs: number): void;
  /** The picture is late: another relay may have it. */
  late(silentMs: number, nowMs: number): void;
  /** It stands, and a person is told. */
  stands(silentMs: number): void;
  /** It has stood for so long that it is to be asked for anew. */
  reopen(): void;
}

/** Looks all the time whether a picture stands. */
export interface StandingWatch {
  /** A frame was presented. */
  frame(displayMs: number): void;
  /** Another picture starts: how it came says nothing of how regularly frames come. */
  began(): void;
  /** The gateway doubts the relay of the picture, for so long. */
  doubt(forMs: number): void;
  /** Frames that nobody was to see are not missed. */
  unseen(): void;
  /** Looks now: something has come that may prove it. */
  look(): void;
  /** Whether the picture is late now. */
  isLate(): boolean;
  /** The longest gap between frames since it was last asked. */
  takeGapMs(): number | undefined;
  stop(): void;
}

/** Begins to look. */
export function watchStanding(hears: StandingHears): StandingWatch {
  const watchdog = createWatchdog();
  const gaps = createGapMeter();
  let checkedMs = performance.now();
  let doubtedUntilMs = 0;
  /** What is seen with the same picture counts for more than what is told of its relay. */
  const witness = (now: number): Witness | undefined => {
    const proves = hears.proves();
    if (proves === undefined) return now < doubtedUntilMs ? 'gateway' : undefined;
    return proves ? 'leg' : undefined;
  };
  const look = (): void => {
    const now = performance.now();
    const busy = now - checkedMs > LATE_MS;
    checkedMs = now;
    const idle = busy || !hears.wanted();
    if (idle || hears.dark()) hears.excused();
    if (idle) return;
    hears.looked(now);
    if (hears.buffers()) {
      // Segments come in bursts, and hls.js mends what it can: a picture that stands is told, and nothing more.
      const silentMs = watchdog.silentMs(now);
      if (silentMs !== undefined && silentMs > REOPEN_MS) hears.stands(silentMs);
      return;
    }
    hears.prepare(now);
    const silentMs = watchdog.silentMs(now, witness(now));
    if (silentMs === undefined) return;
    hears.late(silentMs, now);
    if (silentMs < STALLED_MS || watchdog.silentMs(now) === undefined) return;
    hears.stands(silentMs);
    if (silentMs > REOPEN_MS && !hears.dark()) hears.reopen();
  };
  const timer = window.setInterval(look, CHECK_MS);
  return {
    frame(displayMs) {
      watchdog.frame(performance.now());
      gaps.frame(displayMs);
    },
    began() {
      doubtedUntilMs = 0;
      watchdog.reset(performance.now());
    },
    doubt(forMs) {
      doubtedUntilMs = performance.now() + forMs;
    },
    unseen() {
      watchdog.reset(performance.now());
      gaps.reset();
    },
    look,
    isLate: () => watchdog.silentMs(performance.now()) !== undefined,
    takeGapMs: gaps.take,
    stop: () => window.clearInterval(timer),
  };
}
