import type { Why } from '../../bus/events/why.ts';
import { place, type RelayStanding } from './placement.ts';

/** A delivery relay as rebalancing sees it. */
export interface SteadyStanding extends RelayStanding {
  /** Epoch ms since when it is in its state. */
  since: number;
}

/** A viewer who could go on elsewhere without a gap. */
export interface Movable {
  session: string;
  relay: string;
  /** Where the viewer is. */
  region: string;
  /** Epoch ms since when nothing of its picture has changed. */
  since: number;
  /** It is watched by somebody who acts on it, or its camera is in an emergency. */
  important: boolean;
  /** It keeps a second connection ready: where it stands has been chosen with care. */
  hot: boolean;
}

/** Who goes on elsewhere; no `move`: nobody, and why. */
export interface Rebalance {
  move?: { session: string; from: string; to: string };
  why: Why;
}

/** When viewers are moved for the sake of balance alone. */
export const BALANCE = {
  /** Gateways take turns of so long; each moves one viewer in its own at most, */
  turnMs: 5_000,
  /** and only in its first part: what it did is known to the next before that begins. */
  actMs: 2_000,
  /** Relays whose loads differ by less than this share of the greater one are left as they are. */
  marginShare: 0.25,
};

/** States in which it is not known yet what a relay will carry in a moment. */
const RESTLESS = new Set(['starting', 'degraded', 'suspect', 'draining']);

/** In viewers for each unit of weight. */
const fullness = ({ load, weight }: RelayStanding): number => load / weight;
const rounded = (score: number): number => Math.round(score * 1000) / 1000;

/** Least important first, then whoever has been where he is for longest. */
const inOrder = (one: Movable, other: Movable): number =>
  Number(one.important) - Number(other.important) ||
  Number(one.hot) - Number(other.hot) ||
  one.since - other.since ||
  (one.session < other.session ? -1 : 1);

/** By how much a relay must be fuller than another: clearly, and so that it is not the emptier one afterwards. */
const marginOf = (from: RelayStanding, to: RelayStanding): number =>
  Math.max(fullness(from) * BALANCE.marginShare, 1 / from.weight + 1 / to.weight);

const nobody = (reason: string, text: string, more: Partial<Why> = {}): Rebalance => ({
  why: { trigger: 'rebalance', reason, text, ...more },
});

/** When it is now, and how long a relay must have served and a viewer stayed before anybody moves: one may be gone again. */
export interface Calm {
  /** Epoch ms. */
  at: number;
  settledMs: number;
}

/** Why now is no time to move anybody who need not be; undefined when all is calm. */
function unrest(relays: readonly SteadyStanding[], { at, settledMs }: Calm): Rebalance | undefined {
  const restless = relays.find(({ state }) => RESTLESS.has(state));
  if (restless) return nobody('unrest', `nobody is moved while ${restless.id} is ${restless.state}`);
  const fresh = relays.find(({ state, since }) => state === 'serving' && at - since < settledMs);
  return fresh && nobody('unrest', `nobody is moved before ${fresh.id} has served for ${settledMs / 1000} s`);
}

/**
 * Who goes next from a relay that carries clearly more for its weight than another one in the viewer's region, as after
 * that was away: one at a time, and nobody where he would be placed no better.
 * @param relays the delivery relays, in any order
 * @param viewers those who may be moved now
 */
export function rebalance(relays: readonly SteadyStanding[], viewers: readonly Movable[], calm: Calm): Rebalance {
  const restless = unrest(relays, calm);
  if (restless) return restless;
  const settled = viewers.filter(({ since }) => calm.at - since >= calm.settledMs).sort(inOrder);
  const fullest = relays
    .filter(({ weight, state }) => weight > 0 && state === 'serving')
    .sort((one, other) => fullness(other) - fullness(one) || (one.id < other.id ? -1 : 1));
  const rejected: NonNullable<Why['rejected']> = [];
  for (const from of fullest) {
    const movers = settled.filter(({ relay }) => relay === from.id);
    for (const region of new Set(movers.map((mover) => mover.region))) {
      const placement = place(relays, {
        region,
        needs: ['webrtc'],
        yields: true,
        avoid: { [from.id]: 'it is to carry less' },
      });
      const to = relays.find(({ id }) => id === placement.relay);
      const mover = movers.find((one) => one.region === region);
      if (!to || !mover || to.region !== region) continue;
      const [its, lesser] = [rounded(fullness(from)), rounded(fullness(to))];
      const guard = { region, from: its, to: lesser, margin: rounded(marginOf(from, to)) };
      if (fullness(from) - fullness(to) < marginOf(from, to)) {
        rejected.push({ option: `${from.id} to ${to.id}`, because: `no clear difference: ${its} against ${lesser}` });
        continue;
      }
      const text = `${from.id} carries ${its} viewers for its weight, ${to.id} ${lesser}`;
      const others = [...rejected, ...(placement.why.rejected ?? []).filter(({ option }) => option !== from.id)];
      return {
        move: { session: mover.session, from: from.id, to: to.id },
        why: { trigger: 'rebalance', reason: 'rebalance', text, guard, rejected: others },
      };
    }
  }
  return nobody('balanced', 'no relay carries clearly more for its weight than another', { rejected });
}

/** The turn that this gateway may move somebody in, if it is its own now: no two of them move viewers at once. */
export function ownTurn(node: string, members: readonly string[], at: number): number | undefined {
  const turn = Math.floor(at / BALANCE.turnMs);
  const isOwn = members.toSorted()[turn % members.length] === node;
  return isOwn && at % BALANCE.turnMs < BALANCE.actMs ? turn : undefined;
}
