import type { Recorded } from '../../../player/past-events.ts';
import type { Span } from '../timeline-model.ts';

/** A filled part of a bracket: where it begins, how wide it is, how far it reaches up. */
export interface Bar {
  x: number;
  width: number;
  height: number;
}

const LINE_PX = 2;
const END_PX = 7;

/** What is to be said of a moment that retention leaves alone: for whom or what it is kept; empty of any other. */
export function keptText({ kept = [] }: Recorded, at: number): string {
  const names = kept.filter(({ from, to }) => at >= from && at < to).map(({ name }) => name);
  return names.length > 0 ? `Kept: ${names.join('; ')}.` : '';
}

/** The brackets over what retention leaves alone; open on a side where it goes on beyond what is seen. */
export function bracketsIn({ kept = [] }: Recorded, seen: Span, across: (at: number) => number): Bar[] {
  const within = kept.filter((one) => one.to > seen.from && one.from < seen.to);
  return within.flatMap((one) => {
    const x = Math.round(across(Math.max(one.from, seen.from)));
    const end = Math.max(x + LINE_PX, Math.round(across(Math.min(one.to, seen.to))));
    return [
      { x, width: end - x, height: LINE_PX },
      ...(one.from >= seen.from ? [{ x, width: LINE_PX, height: END_PX }] : []),
      ...(one.to <= seen.to ? [{ x: end - LINE_PX, width: LINE_PX, height: END_PX }] : []),
    ];
  });
}
