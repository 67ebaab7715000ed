import { boundAt, type PastBound } from './past-bound.ts';
import type { Stretch } from './past-events.ts';
import { timeOf } from './past-state.ts';
import { sizeText } from './size-text.ts';

/** How much can be kept before and after a moment, ms each, and how a person says it. */
export const ROUND = [
  [15_000, '15 seconds'],
  [60_000, '1 minute'],
  [300_000, '5 minutes'],
  [1_800_000, '30 minutes'],
] as const;

/** A bound that moves goes on while the wish is on its way. */
const EDGE_MS = 10_000;

/** The stretch round a moment, as far back as somebody may look. Epoch ms. */
export function stretchRound(moment: number, byMs: number, bound: PastBound | undefined, now: number): Stretch {
  const from = moment - byMs;
  const earliest = bound ? boundAt(bound, now) + (bound.last_ms === undefined ? 0 : EDGE_MS) : from;
  return { from: Math.ceil(Math.max(from, earliest)), to: Math.ceil(moment + byMs) };
}

/** A stretch as a person reads it. */
export const stretchText = ({ from, to }: Stretch): string => `${timeOf(from)} to ${timeOf(to)}`;

/** What was kept, as a person is told. @param bytes of its files so far */
export function keptAnswer(name: string, kept: Stretch, bytes: number): string {
  const much = bytes > 0 ? sizeText(bytes) : 'nothing of which is recorded so far';
  return `Kept as “${name}”: ${stretchText(kept)}, ${much}`;
}
