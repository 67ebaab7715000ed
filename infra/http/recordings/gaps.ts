import type { Stretch } from '../../../adapters/recordings.files.ts';
import type { Why } from '../../../bus/events/why.ts';
import type { Id } from '../../../bus/identity.ts';
import type { Facts } from '../../../bus/ports.ts';
import { parseFactType } from '../../../bus/subjects.ts';
import { deletedBecause, type KeepingRules } from '../../../machines/policy/keeping.ts';

/** A time of which nothing is recorded. Epoch ms. */
export interface Gap {
  from: number;
  to: number;
  why?: Why;
}

/** Nothing is missing where two stretches are closer than this. */
const LEAST_GAP_MS = 1_500;
/** What stopped a recording was told about when it stopped. */
const NEAR_MS = 6_000;
/** Of these no gap is made: it goes on, or somebody keeps what there is. */
const NO_END = ['recording', 'starting', 'segment', 'protected', 'unprotected'];
/** What was told late, after an outage, may stand this far behind what came after it. */
const LATE_MS = 60_000;

/** What is missing between what there is. */
export function gapsBetween(ranges: readonly Stretch[], from: number, to: number): Gap[] {
  const gaps: Gap[] = [];
  let reached = from;
  for (const range of [...ranges].sort((a, b) => a.from - b.from)) {
    if (range.from - reached >= LEAST_GAP_MS) gaps.push({ from: reached, to: range.from });
    reached = Math.max(reached, range.to);
  }
  if (to - reached >= LEAST_GAP_MS) gaps.push({ from: reached, to });
  return gaps;
}

/** What there is of a camera, and how long it is kept. */
export interface KeptSoFar {
  ranges: readonly Pick<Stretch, 'from' | 'to'>[];
  rules: KeepingRules;
  now: number;
}

/**
 * Why nothing is there: as the recording itself told about then, its last word before the end of the gap; or because it
 * was deleted since.
 */
export async function explain(
  facts: Pick<Facts, 'read'>,
  camera: Id,
  gaps: readonly Gap[],
  { ranges, rules, now }: KeptSoFar,
): Promise<Gap[]> {
  const [first, last] = [gaps[0], gaps.at(-1)];
  if (!first || !last) return [];
  const reasons = new Map<object, Why>();
  for await (const { envelope } of facts.read({ since: first.from - NEAR_MS })) {
    const at = Date.parse(envelope.time);
    if (at > last.to + LATE_MS) break;
    if (envelope.subject !== `recording/${camera}`) continue;
    const { event } = parseFactType(envelope);
    const gap = gaps.find((one) => at >= one.from - NEAR_MS && at <= one.to + NEAR_MS);
    if (gap && !NO_END.includes(event)) reasons.set(gap, envelope.data.why as Why);
  }
  return gaps.map((gap) => {
    const before = ranges.filter(({ from }) => from < gap.from);
    const why = reasons.get(gap) ?? deletedBecause(gap, before, rules, now);
    return { ...gap, ...(why ? { why } : {}) };
  });
}
