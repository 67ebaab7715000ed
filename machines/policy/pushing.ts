import type { Why } from '../../bus/events/why.ts';

/** A delivery relay as a broadcast sees it. */
export interface PushStanding {
  id: string;
  serving: boolean;
  /** The state an operator sees. */
  state: string;
  /** Broadcasts that it pushes already. */
  pushes: number;
  /** It pulls programs: one that is pushed from there goes a way more. */
  pulls?: boolean;
  /** False: an encoder has to work for it, and works beside relays of ours alone. */
  able?: boolean;
}

const ELSEWHERE = 'an encoder has to work beside it, and it is somebody else’s';

/** States from which a relay comes back by itself, the likeliest first. */
const HOPEFUL = ['suspect', 'degraded', 'starting', 'dead'];

/**
 * The relay that pushes a broadcast: of those that serve, the one with the fewest pushes, by name. While none serves, it
 * is the one that will soonest: the broadcast tries until it is on air, and an emergency must not be forgotten over a
 * relay that was suspect in the moment of its declaration.
 * @returns `waits` when it does not serve yet; no relay when there is none that could
 */
export function pusher(all: readonly PushStanding[]): { relay?: string; waits?: true; why: Why } {
  const relays = all.filter(({ able }) => able !== false);
  const rejected = all
    .filter(({ serving, able }) => !serving || able === false)
    .map(({ id, state, able }) => ({ option: id, because: able === false ? ELSEWHERE : `it is ${state}` }));
  const able = relays
    .filter(({ serving }) => serving)
    .sort(
      (one, other) =>
        Number(one.pulls ?? false) - Number(other.pulls ?? false) ||
        one.pushes - other.pushes ||
        (one.id < other.id ? -1 : 1),
    );
  const [chosen, ...others] = able;
  const hopeful = relays
    .filter(({ state }) => HOPEFUL.includes(state))
    .sort((one, other) => HOPEFUL.indexOf(one.state) - HOPEFUL.indexOf(other.state) || (one.id < other.id ? -1 : 1))[0];
  if (!chosen && hopeful) {
    const text = `none serves now; ${hopeful.id} pushes it as soon as it does`;
    const others = rejected.filter(({ option }) => option !== hopeful.id);
    return { relay: hopeful.id, waits: true, why: { trigger: 'pushing', text, rejected: others } };
  }
  if (!chosen) {
    const text =
      relays.length === 0 && all.length > 0
        ? 'an encoder has to work for this destination, and needs a delivery relay of ours: there is none'
        : 'no relay can push just now';
    return { why: { trigger: 'pushing', reason: 'no-relay', text, rejected } };
  }
  const lesser = ({ pulls, pushes }: PushStanding): string => {
    if (pulls && !chosen.pulls) return 'it pulls programs from another relay itself';
    return pushes > chosen.pushes ? `it pushes ${pushes} already, against ${chosen.pushes}` : 'as good, later by name';
  };
  const fuller = others.map((one) => ({ option: one.id, because: lesser(one) }));
  const text = `${chosen.id} pushes it: it has the fewest pushes`;
  return { relay: chosen.id, why: { trigger: 'pushing', text, rejected: [...fuller, ...rejected] } };
}
