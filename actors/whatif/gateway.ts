import type { Kind } from '../../bus/subjects.ts';
import { ownerOf } from '../../machines/policy/ownership.ts';
import type { CellThen } from '../past.ts';
import type { Step } from '../whatif.ts';

/** What gateways know of each other's end: a lease that runs out, and how often it is renewed and looked at. */
export interface Lease {
  ttlMs: number;
  beatMs: number;
}

/** What would follow from the loss of a gateway: another one takes up each of its cells, as it was. */
export interface Succession {
  lost: string;
  /** Nobody else is there: all waits until it is started again. */
  only: boolean;
  /** Who would take up how many cells of which kind. */
  heirs: { gateway: string; cells: Partial<Record<Kind, number>> }[];
  /** How long nothing is decided about its cells; null is until a gateway is started. */
  pause_ms: { shortest: number; longest: number } | null;
  goes_on: string[];
  pauses: string[];
  /** What does not come back. */
  gone: string[];
}

const GOES_ON = [
  'Pictures, recordings and pushes: relays and switchers are processes of their own, and a switcher fails over by itself.',
  'Players, for a relay sends to them directly.',
];

/**
 * Thinks a gateway away: which of its cells would be taken up by whom, decided as in earnest.
 * @param cells all that live
 * @param members names of the living gateways, the lost one among them
 */
export function succession(
  cells: readonly Pick<CellThen, 'at' | 'node' | 'view'>[],
  lost: string,
  members: readonly string[],
  { ttlMs, beatMs }: Lease,
): Succession & { steps: Step[] } {
  const left = members.filter((member) => member !== lost);
  const held = cells.filter(({ node }) => node === lost);
  // Renewed right before it ends, or a beat earlier; and seen to be over at once, or a beat later.
  const pause = left.length > 0 ? { shortest: ttlMs - beatMs, longest: ttlMs + beatMs } : null;
  const steps = held.map(({ at, node, view }): Step => {
    const { owner = '', why } = ownerOf({ ...at, holder: node }, left);
    const camera = at.kind === 'camera' ? at.id : view.context.camera;
    return {
      at_ms: pause?.longest ?? 0,
      ...{ kind: at.kind, id: at.id, from: lost, to: owner },
      why: { trigger: 'lease.ended', ...why },
      ...(typeof camera === 'string' ? { camera } : {}),
    };
  });
  const heirs = left.map((gateway) => ({ gateway, cells: countKinds(steps.filter(({ to }) => to === gateway)) }));
  return { lost, only: left.length === 0, heirs, pause_ms: pause, ...sayWhat(left.length === 0, held.length), steps };
}

function countKinds(steps: readonly Step[]): Partial<Record<Kind, number>> {
  const counts: Partial<Record<Kind, number>> = {};
  for (const { kind } of steps) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}

function sayWhat(only: boolean, held: number): Pick<Succession, 'goes_on' | 'pauses' | 'gone'> {
  const unanswered = 'Requests that it had not answered yet: what it had acknowledged is in the journal.';
  if (only) {
    return {
      goes_on: GOES_ON,
      pauses: [
        'Nobody new is let in, the page and the API do not answer.',
        `Nothing is decided about its ${held} cells: nobody is moved, and deadlines pass late.`,
      ],
      gone: [
        unanswered,
        'What begins and ends before a gateway is started again: nobody sees it, and no log tells it.',
      ],
    };
  }
  return {
    goes_on: [...GOES_ON, 'Letting people in, the page and the API at the other gateways.'],
    pauses: [`Decisions about its ${held} cells; deadlines that fall into the pause pass at its end.`],
    gone: [unanswered, 'What begins and ends within the pause, of what only it observed.'],
  };
}
