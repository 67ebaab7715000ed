/** Tells a picture that stands from one that moves, by the frames that arrive. */
export interface Watchdog {
  /** A frame was presented, or was decoded where nothing is presented. */
  frame(atMs: number): void;
  /**
   * How long the picture has been silent, when that is too long; otherwise undefined.
   * @param proven another connection shows that the camera sends: then less is too long
   */
  silentMs(atMs: number, proven?: boolean): number | undefined;
  /** Forgets everything: another picture starts, or the page was hidden. */
  reset(atMs: number): void;
}

/** Bounds of the watchdog: slower than the switcher's own, so that a silent camera does not chase every viewer. */
export interface WatchdogBounds {
  leastMs: number;
  frameIntervals: number;
  /** When the camera is known to send. */
  provenMs: number;
}

/** A frame watchdog; pure but for what it remembers. */
export function createWatchdog(bounds: WatchdogBounds = { leastMs: 250, frameIntervals: 4, provenMs: 100 }): Watchdog {
  let lastAt: number | undefined;
  let intervalMs = 0;
  return {
    frame(atMs) {
      if (lastAt !== undefined) {
        const gapMs = Math.min(atMs - lastAt, 1_000);
        intervalMs = intervalMs === 0 ? gapMs : intervalMs * 0.9 + gapMs * 0.1;
      }
      lastAt = atMs;
    },
    silentMs(atMs, proven = false) {
      if (lastAt === undefined) return undefined;
      const silent = atMs - lastAt;
      const least = proven ? bounds.provenMs : Math.max(bounds.leastMs, bounds.frameIntervals * intervalMs);
      return silent >= least ? silent : undefined;
    },
    reset(atMs) {
      // A picture that had started is still owed frames; one that had not is not.
      if (lastAt !== undefined) lastAt = atMs;
    },
  };
}
