/** Relays that have not taken one player over. */
export interface Refusers {
  /** It was sent there, and nothing came of it. */
  add(relay: string): void;
  /** Where it is not to be sent now, and why. */
  now(): Record<string, string>;
  /** It is carried on: what was before counts no more. */
  clear(): void;
}

/** Nobody is sent to the same relay again before this long; later and later. */
const AGAIN_MS = { first: 5_000, longest: 60_000 };

/** Remembers them for one player. @param nowMs monotonic */
export function keepRefusers(nowMs: () => number = () => performance.now()): Refusers {
  const refusers = new Map<string, { atMs: number; waitMs: number }>();
  return {
    add(relay) {
      const { waitMs = AGAIN_MS.first / 2 } = refusers.get(relay) ?? {};
      refusers.set(relay, { atMs: nowMs(), waitMs: Math.min(2 * waitMs, AGAIN_MS.longest) });
    },
    now: () =>
      Object.fromEntries(
        [...refusers]
          .map(([relay, { atMs, waitMs }]) => ({ relay, sinceMs: nowMs() - atMs, waitMs }))
          .filter(({ sinceMs, waitMs }) => sinceMs < waitMs)
          .map(({ relay, sinceMs }) => [
            relay,
            `it has not taken this viewer over, ${Math.round(sinceMs / 1_000)} s ago`,
          ]),
      ),
    clear: () => refusers.clear(),
  };
}
