/** One answer with a playlist. Times are of one monotonic clock, in ms. */
export interface PlaylistAnswer {
  url: string;
  /** When the gateway made it, as its `X-Signalbox-At` says: a copy in a cache says the same again. */
  stamp: string | null;
  askedMs: number;
  answeredMs: number;
  /** `EXT-X-TARGETDURATION`. */
  targetS: number;
}

/** A copy that a cache on the way has kept for too long. */
export interface Stale {
  /** At least; the cache may have had it before this player came. */
  heldMs: number;
  allowedMs: number;
}

/** Caches count in whole seconds: what may be kept for one is given out for almost two. */
const MAX_AGE_MS = 1_000;
/** One alarm for a cause that lasts. */
const AGAIN_AFTER_MS = 60_000;

/**
 * Notices playlists that a cache keeps for longer than half a segment beyond what it may: then live is stale. It
 * compares the answers with each other alone, so that no two clocks need agree.
 * @returns takes each answer, and tells of a stale one, at most once a minute
 */
export function watchPlaylists(): (answer: PlaylistAnswer) => Stale | undefined {
  const firsts = new Map<string, { stamp: string; answeredMs: number }>();
  let toldMs = Number.NEGATIVE_INFINITY;
  return ({ url, stamp, askedMs, answeredMs, targetS }) => {
    if (stamp === null) return undefined;
    const first = firsts.get(url);
    if (first?.stamp !== stamp) {
      firsts.set(url, { stamp, answeredMs });
      return undefined;
    }
    // It left the gateway before it came here first, and was in the cache when it was asked for again.
    const heldMs = askedMs - first.answeredMs;
    const allowedMs = MAX_AGE_MS + (targetS * 1_000) / 2;
    if (heldMs <= allowedMs || answeredMs - toldMs < AGAIN_AFTER_MS) return undefined;
    toldMs = answeredMs;
    return { heldMs: Math.round(heldMs), allowedMs };
  };
}
