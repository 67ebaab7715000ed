/** Notices a queue that grows before this player, as before a line that has become too narrow, and before it overflows. */
export interface QueueMeter {
  /**
   * A picture was received.
   * @param receivedMs when its last packet came, on a monotonic clock
   * @param rtp its timestamp, in units of 1/90 ms (RFC 6184, 5.1)
   * @returns by how much every picture of the last moment was late, ms, where they have come later and later;
   * undefined otherwise
   */
  frame(receivedMs: number, rtp: number): number | undefined;
}

const TICKS_A_MS = 90;
const WRAP = 2 ** 32;
/** What has held for so long, and for so many pictures, is a queue: single late ones are large, or jitter. */
const MOMENT_MS = 150;
const PICTURES = 3;
/** It grows where so many pictures of this time were later, by this much, than all since it was last empty. */
const GROWTH = { withinMs: 500, pictures: 3, stepMs: 5, emptyMs: 20 };
/** Late is what is so against the earliest picture of this span, or of the one before: clocks drift, ways change. */
const SPAN_MS = 10_000;
/** Another stream, whose time has nothing to do with the one before. */
const OTHER_MS = 2_000;

/** A queue meter; pure but for what it remembers. */
export function createQueueMeter(): QueueMeter {
  /** Pictures of the last moment, oldest first. */
  let moment: { atMs: number; delayMs: number }[] = [];
  /** When pictures came that were later than all before, and how late the last of them was. */
  let later: number[] = [];
  let latestMs = Number.POSITIVE_INFINITY;
  let span = { fromMs: 0, leastMs: Number.POSITIVE_INFINITY, beforeMs: Number.POSITIVE_INFINITY };
  let last: { rtp: number; mediaMs: number; delayMs: number } | undefined;

  const forget = (receivedMs: number): void => {
    moment = [];
    later = [];
    span = { fromMs: receivedMs, leastMs: Number.POSITIVE_INFINITY, beforeMs: Number.POSITIVE_INFINITY };
  };
  /** How long it took, up to a constant. */
  const delayOf = (receivedMs: number, rtp: number): number => {
    const ticks = last ? ((rtp - last.rtp + WRAP * 1.5) % WRAP) - WRAP / 2 : 0;
    const mediaMs = (last?.mediaMs ?? receivedMs) + ticks / TICKS_A_MS;
    const delayMs = receivedMs - mediaMs;
    if (last === undefined || Math.abs(delayMs - last.delayMs) > OTHER_MS) forget(receivedMs);
    last = { rtp, mediaMs, delayMs };
    return delayMs;
  };
  const grows = (atMs: number, lateMs: number): boolean => {
    if (lateMs < GROWTH.emptyMs) {
      later = [];
      latestMs = lateMs;
    } else if (lateMs >= latestMs + GROWTH.stepMs) {
      later.push(atMs);
      latestMs = lateMs;
    }
    later = later.filter((one) => atMs - one <= GROWTH.withinMs);
    return later.length >= GROWTH.pictures;
  };

  return {
    frame(receivedMs, rtp) {
      const delayMs = delayOf(receivedMs, rtp);
      if (receivedMs - span.fromMs > SPAN_MS) {
        span = { fromMs: receivedMs, leastMs: Number.POSITIVE_INFINITY, beforeMs: span.leastMs };
      }
      span.leastMs = Math.min(span.leastMs, delayMs);
      const earliestMs = Math.min(span.leastMs, span.beforeMs);
      moment.push({ atMs: receivedMs, delayMs });
      while (moment.length > PICTURES && receivedMs - (moment[1]?.atMs ?? 0) >= MOMENT_MS) moment.shift();
      const growing = grows(receivedMs, delayMs - earliestMs);
      const lasted = moment.length >= PICTURES && receivedMs - (moment[0]?.atMs ?? receivedMs) >= MOMENT_MS;
      return growing && lasted ? Math.min(...moment.map((one) => one.delayMs)) - earliestMs : undefined;
    },
  };
}
