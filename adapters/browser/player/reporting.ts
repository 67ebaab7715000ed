import type { Leg } from './leg.ts';
import type { Legs } from './legs.ts';
import type { Measure, Measured } from './measure.ts';
import type { Stage } from './stage.ts';

const MEASURE_MS = 250;
const TELL_MS = 1_000;

/** Who hears of measurements. */
export interface ReportingHears {
  /** Four times a second. */
  measured(measured: Measured): void;
  /** Once a second, of the picture in front: for the gateway. */
  tell(leg: Leg, measured: Measured): void;
}

/**
 * Takes the figures of the leg that matters now. Where nothing is presented (a hidden page, a player scrolled away),
 * they also tell that frames are decoded, and so bring a new leg to the front.
 * @returns a function that stops it
 */
export function startReporting(legs: Legs, stage: Stage, measure: Measure, hears: ReportingHears): () => void {
  let toldMs = 0;
  const take = async (): Promise<void> => {
    const coming = legs.coming()?.leg;
    const leg = (stage.seen() ? undefined : coming) ?? legs.front() ?? coming;
    const measured = leg && (await measure.take(leg).catch(() => undefined));
    if (!leg || !measured) return;
    hears.measured(measured);
    const unseen = !stage.seen() || !('requestVideoFrameCallback' in leg.video);
    if (unseen && measured.figures.fps > 0) leg.decoded();
    const now = performance.now();
    if (leg !== legs.front() || now - toldMs < TELL_MS - MEASURE_MS / 2) return;
    toldMs = now;
    hears.tell(leg, measured);
  };
  const timer = window.setInterval(take, MEASURE_MS);
  return () => window.clearInterval(timer);
}
