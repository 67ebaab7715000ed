import type { Why } from '../../bus/events/why.ts';

/** A delivery relay as a broadcast sees it. */
export interface PushStanding {
  id: string;
  serving: boolean;
  /** The state an operator sees. */
  state: string;
  /** Broadcasts that it pushes already. */
  pushes: number;
}

/**
 * The relay that pushes a broadcast: of those that serve, the one with the fewest pushes, by name.
 * @returns no relay when none serves
 */
export function pusher(relays: readonly PushStanding[]): { relay?: string; why: Why } {
  const rejected = relays
    .filter(({ serving }) => !serving)
    .map(({ id, state }) => ({ option: id, because: `it is ${state}` }));
  const able = relays
    .filter(({ serving }) => serving)
    .sort((one, other) => one.pushes - other.pushes || (one.id < other.id ? -1 : 1));
  const [chosen, ...others] = able;
  if (!chosen) {
    const text = 'no relay can push just now';
    return { why: { trigger: 'pushing', reason: 'no-relay', text, rejected } };
  }
  const fuller = others.map(({ id, pushes }) => ({
    option: id,
    because:
      pushes > chosen.pushes ? `it pushes ${pushes} already, against ${chosen.pushes}` : 'as good, later by name',
  }));
  const text = `${chosen.id} pushes it: it has the fewest pushes`;
  return { relay: chosen.id, why: { trigger: 'pushing', text, rejected: [...fuller, ...rejected] } };
}
