import type { StreamSink } from './stream.ts';

/** A sink that is not overrun: what a burst has too much follows in good time, and what is live behind it, in order. */
export interface Pace extends StreamSink {
  /** What comes next goes at so many bits a second until nothing waits any more: the line of its reader is narrow. */
  easeIn(bps: number): void;
  /** What waits is not sent any more: what comes next needs nothing of it. */
  forget(): void;
  close(): void;
}

/** So many packets may go at once: a relay holds about three times as many for each reader. */
const AT_ONCE = 600;
/** And so many more each millisecond, far above what any camera sends. */
const PER_MS = 10;
const EVERY_MS = 10;
/** What a narrow line takes in so long may go at once: a queue before it, which is to be empty, has room for that. */
const NARROW_AT_ONCE_MS = 100;

/** So much may go at once, and so much more each millisecond. */
interface Allowance {
  atOnce: number;
  perMs: number;
}

/** Spends an allowance; pure but for what it remembers. */
function spend({ atOnce, perMs }: Allowance, startMs: number): (much: number, atMs: number) => boolean {
  let left = atOnce;
  let countedAtMs = startMs;
  return (much, atMs) => {
    left = Math.min(atOnce, left + (atMs - countedAtMs) * perMs);
    countedAtMs = atMs;
    if (left <= 0) return false;
    left -= much;
    return true;
  };
}

const now = () => performance.now();

/**
 * Sets the pace for a sink.
 * @param flush sends what was given to it
 */
export function keepPace(sink: StreamSink, flush: () => void): Pace {
  const packets = spend({ atOnce: AT_ONCE, perMs: PER_MS }, now());
  let narrow: ReturnType<typeof spend> | undefined;
  let waiting: { bits: number; write: () => void }[] = [];
  let timer: NodeJS.Timeout | undefined;

  const allow = (bits: number): boolean => (narrow ? narrow(bits, now()) : packets(1, now()));
  const drain = () => {
    let sent = 0;
    for (const { bits, write } of waiting) {
      if (!allow(bits)) break;
      write();
      sent += 1;
    }
    waiting = waiting.slice(sent);
    flush();
    if (waiting.length === 0) narrow = undefined;
    timer = waiting.length > 0 ? setTimeout(drain, EVERY_MS) : undefined;
  };
  const send = (bits: number, write: () => void) => {
    if (!timer && allow(bits)) return write();
    waiting.push({ bits, write });
    timer ??= setTimeout(drain, EVERY_MS);
  };

  return {
    video: (frame, keyStart) => send(frame.length * 8, () => sink.video(frame, keyStart)),
    other: (frame) => send(frame.length * 8, () => sink.other(frame)),
    easeIn(bps) {
      narrow = spend({ atOnce: bps * (NARROW_AT_ONCE_MS / 1_000), perMs: bps / 1_000 }, now());
    },
    forget() {
      waiting = [];
    },
    close() {
      clearTimeout(timer);
      waiting = [];
    },
  };
}
