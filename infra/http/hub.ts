import type { Facts, Told } from '../../bus/ports/facts.ts';
import type { Subscription } from '../../bus/ports/subscription.ts';

/** One subscription to the facts for everybody who listens at this gateway, with the latest ones at hand. */
export interface Hub {
  /** Resolves once it is known where the facts stand, or the store proved to be away. */
  open(): Promise<void>;
  /** Sequence of the last fact seen; 0 before the first. */
  last(): number;
  /** What was told after a sequence, the first of it; undefined when that reaches further back than what is at hand. */
  since(after: number, atMost: number): Told[] | undefined;
  listen(hear: (told: Told) => void): () => void;
  /** Hears that the store went back behind what was told already: it was damaged, or replaced. */
  onSetBack(hear: () => void): () => void;
  close(): void;
}

const AT_HAND = 10_000;
const RETRY_MS = 500;

/**
 * Makes the hub; `open` starts it, and it comes back by itself after outages without losing a fact.
 * @param onFault a listener could do nothing with a fact, for instance a damaged one; the others hear it all the same
 */
export function createHub(facts: Facts, onFault: (error: unknown, told: Told) => void): Hub {
  const listeners = new Set<(told: Told) => void>();
  const setBack = new Set<() => void>();
  let recent: Told[] = [];
  /** Everything after this sequence is in `recent`. */
  let from = 0;
  let last = 0;
  let subscription: Subscription | undefined;
  let retry: NodeJS.Timeout | undefined;
  let known = false;
  let isSetBack = false;
  let closed = false;

  const hear = (told: Told): void => {
    if (told.seq <= last) return;
    last = told.seq;
    recent.push(told);
    if (recent.length > AT_HAND * 1.5) {
      const dropped = recent.splice(0, recent.length - AT_HAND);
      from = dropped.at(-1)?.seq ?? from;
    }
    for (const listener of listeners) {
      try {
        listener(told);
      } catch (error) {
        onFault(error, told);
      }
    }
  };
  const again = (): void => {
    if (!closed) retry = setTimeout(() => void connect(), RETRY_MS);
  };
  const connect = async (): Promise<void> => {
    try {
      if (!known) {
        last = (await facts.range()).last;
        from = last;
        known = true;
        if (isSetBack) for (const listener of setBack) listener();
        isSetBack = false;
      }
      const running = await facts.subscribe({}, last, hear);
      if (closed) return running.close();
      subscription = running;
      void running.ended.then((error) => {
        if (error instanceof RangeError) {
          known = false;
          isSetBack = true;
          recent = [];
        }
        again();
      });
    } catch {
      again(); // the store is away; readiness says so
    }
  };
  return {
    open: connect,
    last: () => last,
    since(after, atMost) {
      if (!known || after < from) return undefined;
      // Facts are numbered without a gap but where one was lost or can't be read: there it stands further in front.
      let start = Math.min(after - from, recent.length);
      while (start > 0 && (recent[start - 1] as Told).seq > after) start -= 1;
      return recent.slice(start, start + atMost);
    },
    listen(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    onSetBack(listener) {
      setBack.add(listener);
      return () => void setBack.delete(listener);
    },
    close() {
      closed = true;
      clearTimeout(retry);
      listeners.clear();
      recent = [];
      subscription?.close();
    },
  };
}
