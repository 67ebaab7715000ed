/** Notices that what feeds a program comes late: its camera, or the way from there, does not keep up. */
export interface Delay {
  /** A picture has begun to come. @param lateMs after it would have come without delay */
  seen(lateMs: number, atMs: number): void;
  /** What comes next is of another source. */
  reset(): void;
}

/** Single late pictures are large, or jitter; some are sent after others that are shown later. */
const MOMENT_MS = 150;
const PICTURES = 3;
const LEAST_MS = 60;
const EVERY_MS = 200;

/** @param tell by how much every picture of the last moment was late (ms); again and again while it lasts */
export function watchDelay(tell: (lateMs: number) => void): Delay {
  /** Pictures of the last moment, oldest first. */
  let moment: { atMs: number; lateMs: number }[] = [];
  let toldAtMs = Number.NEGATIVE_INFINITY;
  return {
    seen(lateMs, atMs) {
      moment.push({ atMs, lateMs });
      while (moment.length > PICTURES && atMs - (moment[1]?.atMs ?? 0) >= MOMENT_MS) moment.shift();
      if (moment.length < PICTURES || atMs - toldAtMs < EVERY_MS) return;
      const leastMs = Math.min(...moment.map((one) => one.lateMs));
      if (leastMs < LEAST_MS) return;
      toldAtMs = atMs;
      tell(Math.round(leastMs));
    },
    reset() {
      moment = [];
    },
  };
}
