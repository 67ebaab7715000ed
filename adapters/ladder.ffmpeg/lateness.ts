import type { LadderReport } from '../../machines/slots.ts';

/** What lags by so much more than at its best, for so long, is late; with so little for so long, it has caught up. */
const LATE = { byMs: 1_500, forMs: 1_000 };
const CAUGHT_UP = { byMs: 500, forMs: 2_000 };
/** It is told again this often while it lasts. */
const AGAIN_MS = 5_000;
/** A camera's clock may be slower than ours by this share; one that is late already is not to be forgiven so fast. */
const DRIFT = { inTime: 0.005, late: 0.000_5 };

/** What it takes to encode a piece and to find it, where the processor is large enough. */
const USUAL_MS = 300;

/** From where to where all rungs of a ladder are made, in the time of the source. */
interface Made {
  fromMs: number;
  toMs: number;
}

/**
 * Tells how late what a ladder makes is: a live picture's time goes as fast as ours, so that what its newest one lags
 * behind is by how much more it lags than it did at its best.
 * @returns takes what is made, when that was seen, and, where it is known, when its first picture was the camera's newest:
 *   a ladder that is late from the first on never was at its best; gives what there is to tell
 */
export function watchLateness(): (made: Made, atMs: number, departedAt?: number) => LadderReport | undefined {
  let best: { lagMs: number; atMs: number } | undefined;
  let newestMs = Number.NEGATIVE_INFINITY;
  let toldAt: number | undefined;
  /** Since when it has spoken for another verdict without a break. */
  let since: number | undefined;
  const lasts = (speaks: boolean, atMs: number, forMs: number): boolean => {
    since = speaks ? (since ?? atMs) : undefined;
    return since !== undefined && atMs - since >= forMs;
  };
  return ({ fromMs, toMs: mediaMs }, atMs, departedAt) => {
    if (mediaMs === newestMs) return undefined;
    if (newestMs === Number.NEGATIVE_INFINITY && departedAt !== undefined) {
      best = { lagMs: departedAt - fromMs + USUAL_MS, atMs };
    }
    // It counts from another moment.
    if (mediaMs < newestMs) best = undefined;
    newestMs = mediaMs;
    const lagMs = atMs - mediaMs;
    const drift = toldAt === undefined ? DRIFT.inTime : DRIFT.late;
    best = { lagMs: Math.min(lagMs, best ? best.lagMs + (atMs - best.atMs) * drift : lagMs), atMs };
    const late_ms = Math.round(lagMs - best.lagMs);
    if (toldAt === undefined) {
      if (!lasts(late_ms > LATE.byMs, atMs, LATE.forMs)) return undefined;
      since = undefined;
    } else if (lasts(late_ms < CAUGHT_UP.byMs, atMs, CAUGHT_UP.forMs)) {
      toldAt = undefined;
      since = undefined;
      return { type: 'ladder.caught-up' };
    } else if (since !== undefined || atMs - toldAt < AGAIN_MS) return undefined;
    toldAt = atMs;
    return { type: 'ladder.late', late_ms };
  };
}
