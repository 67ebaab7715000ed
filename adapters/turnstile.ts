/** How much is done at a time. */
export interface TurnstileBounds {
  atOnce: number;
  /** So much may wait; more is refused. */
  waiting: number;
  /** What is thrown then. */
  refusal(): Error;
}

/** Lets so many pieces of work run at a time, and so many wait, first come, first served. */
export function turnstile({
  atOnce,
  waiting: most,
  refusal,
}: TurnstileBounds): <T>(work: () => Promise<T>) => Promise<T> {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (running < atOnce) running++;
    else if (waiting.length >= most) throw refusal();
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await work();
    } finally {
      // Whoever waits takes over this place, so the count stays.
      const next = waiting.shift();
      if (next) next();
      else running--;
    }
  };
}
