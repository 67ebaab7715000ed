import type { StreamSink } from './stream.ts';

/** A sink that is not overrun: what a burst has too much follows in good time, and what is live behind it, in order. */
export interface Pace extends StreamSink {
  close(): void;
}

/** So many packets may go at once: a relay holds about three times as many for each reader. */
const AT_ONCE = 600;
/** And so many more each millisecond, far above what any camera sends. */
const PER_MS = 10;
const EVERY_MS = 10;

const now = () => performance.now();

/**
 * Sets the pace for a sink.
 * @param flush sends what was given to it
 */
export function keepPace(sink: StreamSink, flush: () => void): Pace {
  let allowed = AT_ONCE;
  let countedAtMs = now();
  let waiting: (() => void)[] = [];
  let timer: NodeJS.Timeout | undefined;

  const allow = (): boolean => {
    if (allowed < 1) {
      const atMs = now();
      allowed = Math.min(AT_ONCE, allowed + (atMs - countedAtMs) * PER_MS);
      countedAtMs = atMs;
    }
    if (allowed < 1) return false;
    allowed -= 1;
    return true;
  };
  const drain = () => {
    let sent = 0;
    while (sent < waiting.length && allow()) {
      waiting[sent]?.();
      sent += 1;
    }
    waiting = waiting.slice(sent);
    flush();
    timer = waiting.length > 0 ? setTimeout(drain, EVERY_MS) : undefined;
  };
  const send = (write: () => void) => {
    if (!timer && allow()) return write();
    waiting.push(write);
    timer ??= setTimeout(drain, EVERY_MS);
  };

  return {
    video: (frame, keyStart) => send(() => sink.video(frame, keyStart)),
    other: (frame) => send(() => sink.other(frame)),
    close() {
      clearTimeout(timer);
      waiting = [];
    },
  };
}
