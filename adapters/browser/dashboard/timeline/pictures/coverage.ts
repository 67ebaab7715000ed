import { boundAt, boundText } from '../../../player/past-bound.ts';
import type { Recorded } from '../../../player/past-events.ts';
import type { Span } from '../timeline-model.ts';

/** What is known of one camera's recording, and of which stretch. */
export interface Known extends Span {
  recorded: Recorded;
}

/** Whether there is a picture of a moment; where there is none, why. */
export type Coverage = { name: 'recorded' } | { name: 'missing'; why: string } | { name: 'unknown' };

/** What was recorded last is listed so much later: a piece has to end first. */
const NEWEST_MS = 6_000;

const missing = (why: string): Coverage => ({ name: 'missing', why });
const holds =
  (at: number) =>
  ({ from, to }: Span): boolean =>
    at >= from && at < to;

/** Whether a moment of a camera is recorded. */
export function coverageAt(known: Known | undefined, at: number, now: number): Coverage {
  if (!known) return { name: 'unknown' };
  const { recorded, gaps, never, bound } = known.recorded;
  if (never) return missing('This camera is not recorded.');
  if (bound && at < boundAt(bound, now)) return missing(boundText(bound, now));
  if (recorded.some(holds(at))) return { name: 'recorded' };
  if (at > now - NEWEST_MS) return missing('These seconds are still being written.');
  const gap = gaps.find(holds(at));
  if (gap && !isGrowing(gap, known))
    return missing(`Not recorded${gap.why ? `: ${gap.why}` : '; no reason is known'}.`);
  if (gap || !holds(at)(known)) return { name: 'unknown' };
  const first = recorded[0];
  if (!first) return missing('Nothing is recorded of this time.');
  return at < first.from ? missing('Nothing is recorded from before, or it is no longer kept.') : { name: 'unknown' };
}

/** The end of what is known is not missing: it is still being written. */
export const isGrowing = (gap: Span, known: Span): boolean => gap.to >= known.to - 1 && gap.to - gap.from < NEWEST_MS;
