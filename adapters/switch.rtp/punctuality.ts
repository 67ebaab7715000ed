import { LATE_MS } from './choice.ts';
import { createExpectation } from './expectation.ts';
import { watchSilence } from './silence.ts';

/** Whether the pictures of a source come when they are due. */
export interface Punctuality {
  /** A packet has come. */
  seen(atMs: number): void;
  /** When the newest packet came; before the first, when this watch began, or began anew. */
  lastPacketAtMs(): number;
  /** Whether it has shown how often it sends. */
  isKnown(): boolean;
  /** Whether its next picture is not due yet; while nobody knows how often it sends, whether one has come lately. */
  isFresh(): boolean;
  /** Whether its next picture is late, judged by all that had come to this process. */
  isLate(): boolean;
  /** By how much its next picture is overdue. */
  overdueMs(): number;
  /** By how much its pictures were overdue at most since a moment. */
  mostOverdueMs(sinceMs: number): number;
  /** What comes next is from a fresh start. */
  reset(): void;
  /** Nothing is due before the next packet. */
  stop(): void;
}

const now = () => performance.now();

/**
 * @param late the next picture is late: told once, until a packet comes
 * @param patienceMs a silence of so long is late also while nobody knows how often it sends
 */
export function watchPunctuality(late: () => void, patienceMs: () => number): Punctuality {
  const expectation = createExpectation();
  let lastAtMs = now();
  let isLate = false;
  const dueMs = () => expectation.expectedMs() ?? Math.max(0, patienceMs() - LATE_MS);
  const watch = watchSilence({
    limitMs: () => dueMs() + LATE_MS,
    lastPacketAtMs: () => lastAtMs,
    silent() {
      isLate = true;
      late();
    },
  });

  return {
    seen(atMs) {
      lastAtMs = atMs;
      isLate = false;
      expectation.seen(atMs);
      watch.keep();
    },
    lastPacketAtMs: () => lastAtMs,
    isKnown: () => expectation.expectedMs() !== undefined,
    isFresh: () => now() - lastAtMs <= (expectation.expectedMs() ?? LATE_MS),
    isLate: () => isLate,
    overdueMs: () => Math.max(0, now() - lastAtMs - dueMs()),
    mostOverdueMs: (sinceMs) => expectation.mostOverdueMs(sinceMs, now()),
    reset() {
      lastAtMs = now();
      isLate = false;
      expectation.reset();
    },
    stop: watch.stop,
  };
}
