import type { Stretch } from '../../../adapters/recordings.files.ts';
import type { Envelope } from '../../../bus/envelope.ts';
import type { Why } from '../../../bus/events/why.ts';
import type { Id } from '../../../bus/identity.ts';
import type { Facts } from '../../../bus/ports/facts.ts';
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

/** A recording in one of these states may have had something that it could not write. */
const LOSING = ['failing', 'full'];

/** What a recording told of itself between two moments (epoch ms), and about then. @throws JournalAway */
export async function wordsOf(
  facts: Pick<Facts, 'read'>,
  camera: Id,
  { from, to }: { from: number; to: number },
): Promise<Envelope[]> {
  const words: Envelope[] = [];
  for await (const { envelope } of facts.read(
    { since: from - NEAR_MS },
    { cells: [{ kind: 'recording', id: camera }] },
  )) {
    if (Date.parse(envelope.time) > to + LATE_MS) break;
    words.push(envelope);
  }
  return words;
}

/** When a recording could not write what came, as it told itself between two moments (epoch ms), and why. */
export function losses(words: readonly Envelope[], { from, to }: { from: number; to: number }): Gap[] {
  const found: Gap[] = [];
  let lost: Gap | undefined;
  for (const { time, data } of words) {
    const at = Date.parse(time);
    if (at < from) continue;
    const { from: was = '', state = '', why } = data as { from?: string; state?: string; why?: Why };
    if (LOSING.includes(state)) {
      const begunAt = LOSING.includes(was) ? from : at;
      lost = { from: lost?.from ?? begunAt, to, ...(why ? { why } : {}) };
    } else if (LOSING.includes(was)) {
      found.push({ ...(lost ?? { from }), to: at });
      lost = undefined;
    }
    if (at > to) break;
  }
  return lost ? [...found, lost] : found;
}

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
  /** When it could not write. */
  lost: readonly Gap[];
  rules: KeepingRules;
  now: number;
}

/**
 * Why nothing is there: as the recording itself told about then, its last word before the end of the gap; or because it
 * was deleted since.
 */
export function explain(
  words: readonly Envelope[],
  gaps: readonly Gap[],
  { ranges, lost, rules, now }: KeptSoFar,
): Gap[] {
  const reasons = new Map<object, Why>();
  for (const word of words) {
    const at = Date.parse(word.time);
    const { event } = parseFactType(word);
    const gap = gaps.find((one) => at >= one.from - NEAR_MS && at <= one.to + NEAR_MS);
    if (gap && !NO_END.includes(event)) reasons.set(gap, word.data.why as Why);
  }
  return gaps.map((gap) => {
    const before = ranges.filter(({ from }) => from < gap.from);
    // A relay writes what it had kept of that time: what is missing begins later than its trouble.
    const failed = lost.find(({ from, to }) => from < gap.to && to > gap.from);
    const why = reasons.get(gap) ?? failed?.why ?? deletedBecause(gap, before, rules, now);
    return { ...gap, ...(why ? { why } : {}) };
  });
}
