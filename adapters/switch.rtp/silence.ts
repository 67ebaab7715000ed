/** Watches for a pause that is longer than it may be. */
export interface SilenceWatch {
  /** A packet came, so the watch goes on; cheap enough for each of them. */
  keep(): void;
  stop(): void;
}

/** What a watch asks and tells. */
export interface SilenceWatched {
  /** How long a pause may be now; undefined while that is not known. */
  limitMs(): number | undefined;
  lastPacketAtMs(): number;
  /** The pause is longer than it may be: told once, until the next packet. */
  silent(silenceMs: number): void;
}

/** Between two looks while the limit is not known. */
const UNKNOWN_EVERY_MS = 250;

const now = () => performance.now();

/** A watch that sets one timer for many packets. */
export function watchSilence(watched: SilenceWatched): SilenceWatch {
  let timer: NodeJS.Timeout | undefined;
  /** Counts stops, so that a judgement under way when it is stopped comes to nothing. */
  let run = 0;

  const arm = () => {
    const limit = watched.limitMs();
    const waitMs = limit === undefined ? UNKNOWN_EVERY_MS : watched.lastPacketAtMs() + limit - now();
    // After a stall of this process timers come first: packets that wait in the socket are read before judging.
    timer = setTimeout(() => setImmediate(judge, run), Math.max(1, Math.ceil(waitMs)));
  };
  const judge = (mine: number) => {
    if (mine !== run) return;
    timer = undefined;
    const limit = watched.limitMs();
    const silenceMs = now() - watched.lastPacketAtMs();
    if (limit === undefined || silenceMs < limit) return arm();
    watched.silent(silenceMs);
  };

  return {
    keep() {
      if (!timer) arm();
    },
    stop() {
      run += 1;
      clearTimeout(timer);
      timer = undefined;
    },
  };
}
