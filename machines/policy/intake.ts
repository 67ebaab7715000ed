import type { Why } from '../../bus/events/why.ts';
import { hash } from './hash.ts';

/** An intake relay as the choice of who pulls a camera sees it. */
export interface IntakeStanding {
  id: string;
  /** Its share of the cameras beside others; 0: none. */
  weight: number;
  /** The state an operator sees. */
  state: string;
  /** Whether it carries media. */
  serving: boolean;
  /** Whether it may be given cameras. */
  placeable: boolean;
  /** Whether somebody wants it empty. */
  draining: boolean;
  /** It has just started and will serve in a moment. */
  expected: boolean;
  /** It runs on another host than the camera's gateway. */
  far?: boolean;
  /** It was taken out of the configuration: it comes after all others. */
  gone?: boolean;
}

/** Which intake pulls a camera, or takes its publishers: undefined only when there is no intake at all. */
export interface IntakeChoice {
  intake?: string;
  why: Why;
}

/** Weighted rendezvous: the same for a camera and an intake for ever, whatever other intakes there are. */
const affinity = (camera: string, { id, weight }: IntakeStanding): number =>
  -weight / Math.log((hash(`${camera} ${id}`) + 0.5) / 2 ** 32);

/** How well an intake can take a camera now; the best that there are share them out. */
function fitness({ placeable, expected, serving, draining, weight }: IntakeStanding): number {
  const wanted = !draining && weight > 0;
  if (wanted && (placeable || expected)) return 5;
  if (serving) return wanted ? 4 : 3;
  return wanted ? 2 : 1;
}
/** From here on it carries media, and nobody wants it empty. */
const GOOD = 4;

function shortcoming({ id, draining, weight, state, gone }: IntakeStanding, lost: string | undefined): string {
  if (gone) return 'it was taken out of the configuration';
  if (draining) return 'it is being drained';
  if (id === lost) return 'it was just lost';
  return weight <= 0 ? 'its weight is 0' : `it is ${state}`;
}

/** Why one that would do as well was not taken. */
const lesser = (one: IntakeStanding, chosen: IntakeStanding): string =>
  one.far && !chosen.far
    ? 'it is on another host than the gateway of this camera'
    : 'another one is nearer to this camera by name';

/**
 * Says which intake pulls a camera. A camera stays where it is while that intake carries media and nobody wants it
 * empty; otherwise each camera has an intake on its gateway's own host that it prefers, so that losing one moves only the cameras that it had.
 * @param present the intake that pulls it now
 * @param lost an intake that was just lost, or shall be empty: taken only when there is no better one
 */
export function pullBy(
  camera: string,
  intakes: readonly IntakeStanding[],
  { present, lost }: { present?: string | undefined; lost?: string } = {},
): IntakeChoice {
  const rank = (one: IntakeStanding) => {
    if (one.gone) return -1;
    // A process that took the place of the lost one has nothing of its cameras.
    return one.id === lost && !one.serving ? 0 : fitness(one);
  };
  const there = intakes.find(({ id }) => id === present);
  if (there && rank(there) >= GOOD) {
    return { intake: there.id, why: { trigger: 'intake', text: `${there.id} has it already` } };
  }
  const [chosen, ...others] = [...intakes].sort(
    (one, other) =>
      rank(other) - rank(one) ||
      Number(other.id === present) - Number(one.id === present) ||
      Number(one.far ?? false) - Number(other.far ?? false) ||
      affinity(camera, other) - affinity(camera, one) ||
      (one.id < other.id ? -1 : 1),
  );
  if (!chosen) return { why: { trigger: 'intake', reason: 'no-intake', text: 'there is no intake' } };
  const rejected = others.map((one) => ({
    option: one.id,
    because: rank(one) < rank(chosen) ? shortcoming(one, lost) : lesser(one, chosen),
  }));
  return { intake: chosen.id, why: { trigger: 'intake', text: `${chosen.id} takes ${camera}`, rejected } };
}
