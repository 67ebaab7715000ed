import type { Why } from '../../bus/events/why.ts';
import type { Step } from './adaptation.ts';

/** A viewer, or a push, that a relay sends to. */
export interface Taker {
  id: string;
  kind: 'viewer' | 'broadcast';
  /** An incident is about its camera. */
  urgent: boolean;
  /** What it may be sent, best first; a single one: it can't step down. */
  steps: readonly Step[];
  /** Which of them it has; undefined: it waits. */
  present?: string;
}

/** What somebody is to have; no `step`: it waits. */
export interface Allotment {
  step?: Step;
  /** It is less than the best. */
  why?: Why;
}

/** Whoever shall have more than now has to fit into this much less, so that nothing swings to and fro. */
const SPARE_SHARE = 0.15;

const least = ({ steps }: Taker): number => steps.at(-1)?.bitrate_bps ?? 0;
/** Who has something keeps it before others get it; pushes before viewers, for a viewer can step down. */
const inOrder = (one: Taker, other: Taker): number =>
  Number(other.present !== undefined) - Number(one.present !== undefined) ||
  Number(other.kind === 'broadcast') - Number(one.kind === 'broadcast') ||
  (one.id < other.id ? -1 : 1);

/** The best step that fits, and, where it is more than now, fits with something to spare. */
function bestStep({ steps, present }: Taker, roomBps: number, spareBps: number): Step | undefined {
  const now = steps.findIndex(({ name }) => name === present);
  return steps.find(({ bitrate_bps }, index) => {
    const raised = now < 0 || index < now;
    return bitrate_bps <= roomBps - (raised ? spareBps : 0);
  });
}

const megabits = (bps: number): string => `${Math.round(bps / 100_000) / 10} Mb/s`;

/**
 * Shares out what a relay may send. Cameras in an emergency have their best whatever it takes; of the others first
 * everybody steps down as far as is needed, and only then somebody waits.
 * @returns what each shall have
 */
export function shareOutBandwidth(takers: readonly Taker[], limitBps: number): Map<string, Allotment> {
  const urgent = takers.filter((taker) => taker.urgent);
  const others = takers.filter((taker) => !taker.urgent).toSorted(inOrder);
  const spareBps = limitBps * SPARE_SHARE;
  const urgentBps = urgent.reduce((sum, { steps }) => sum + (steps[0]?.bitrate_bps ?? 0), 0);
  let roomBps = limitBps - urgentBps;

  const why = (waits: boolean, options: readonly Step[]): Why => ({
    trigger: 'bandwidth',
    reason: waits ? 'no-bandwidth' : 'bandwidth',
    text:
      `${waits ? 'waits for bandwidth' : 'a lower quality, to save bandwidth'}: its relay may send ${megabits(limitBps)}` +
      (urgent.length > 0 ? `, and cameras in an emergency need ${megabits(urgentBps)} of that` : ''),
    guard: { limit_bps: limitBps, urgent_bps: Math.round(urgentBps), takers: takers.length },
    ...(options.length > 0
      ? { rejected: options.map(({ name }) => ({ option: name, because: 'too much for what is left' })) }
      : {}),
  });

  const given = new Map<string, Allotment>(urgent.map(({ id, steps }) => [id, steps[0] ? { step: steps[0] } : {}]));
  const admitted = others.filter((taker) => {
    const fits = least(taker) <= roomBps - (taker.present === undefined ? spareBps : 0);
    if (fits) roomBps -= least(taker);
    else given.set(taker.id, { why: why(true, taker.steps) });
    return fits;
  });
  for (const taker of admitted) {
    const step = bestStep(taker, roomBps + least(taker), spareBps) ?? taker.steps.at(-1);
    if (!step) continue;
    roomBps -= step.bitrate_bps - least(taker);
    const above = taker.steps.slice(0, taker.steps.indexOf(step));
    given.set(taker.id, { step, ...(above.length > 0 ? { why: why(false, above) } : {}) });
  }
  return given;
}
