/** Both are counted over this long: a station's statistics come in steps, and socket buffers fill first. */
const WINDOW_MS = 5_000;
/** A station that takes less of what is made than this is slow; RTMP is a little smaller than what it is made from. */
const SLOW = 0.8;
const STEADY = 0.87;

/** Bytes as they stand at a moment (monotonic ms). */
interface Count {
  at: number;
  made: number;
  taken: number;
}

/** What is told of a station that does not take all that is made for it. */
export interface LagHears {
  /** Once each window while it lasts. @param share of what is made that it takes @param forMs since when */
  lagging(share: number, forMs: number): void;
  steady(): void;
}

/** Compares what is made for a destination with what it takes. The result takes what was taken so far, and asks seldom. */
export function watchLag(made: () => Promise<number | undefined>, hear: LagHears): (taken: number) => Promise<void> {
  let before: Count | undefined;
  let since: number | undefined;
  return async (taken) => {
    const at = performance.now();
    if (before && at - before.at < WINDOW_MS) return;
    const now = await made();
    if (now === undefined) return;
    const last = before;
    before = { at, made: now, taken };
    // Another connection, or another path, counts from nothing.
    if (!last || taken < last.taken || now <= last.made) return;
    const share = (taken - last.taken) / (now - last.made);
    if (share < SLOW) {
      since ??= last.at;
      hear.lagging(share, at - since);
    } else if (since !== undefined && share > STEADY) {
      since = undefined;
      hear.steady();
    }
  };
}
