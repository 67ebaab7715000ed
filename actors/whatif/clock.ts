/** Time that passes only when it is told to: what is due happens in order, and nothing is waited for. */
export interface SimulatedClock {
  now(): number;
  /** Runs later; the result cancels. */
  later(ms: number, run: () => void): () => void;
  /** Lets time pass, and whatever is due happen, up to a moment. */
  runUntil(at: number): Promise<void>;
}

/**
 * Makes a clock.
 * @param startAt epoch ms
 * @param settle resolves once everything that was set off has been done
 * @param mostSteps a simulation that does not come to rest is ended
 */
export function simulatedClock(startAt: number, settle: () => Promise<void>, mostSteps: number): SimulatedClock {
  let now = startAt;
  let count = 0;
  let steps = 0;
  const due = new Map<number, { at: number; run: () => void }>();
  /** Numbers in the order of their time; those that were cancelled are not in `due` any more. */
  const order: { at: number; number: number }[] = [];
  const insert = (at: number, number: number) => {
    let low = 0;
    let high = order.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((order[middle] as { at: number }).at <= at) low = middle + 1;
      else high = middle;
    }
    order.splice(low, 0, { at, number });
  };
  return {
    now: () => now,
    later(ms, run) {
      const number = ++count;
      const at = now + Math.max(0, ms);
      due.set(number, { at, run });
      insert(at, number);
      return () => due.delete(number);
    },
    async runUntil(end) {
      await settle();
      while (order[0] && order[0].at <= end && steps < mostSteps) {
        const { at, number } = order.shift() as { at: number; number: number };
        const next = due.get(number);
        if (!next) continue;
        due.delete(number);
        now = at;
        steps += 1;
        next.run();
        await settle();
      }
      now = end;
    },
  };
}
