import type { Why } from '../../bus/events/why.ts';

/** A ladder that is made, or is wanted. */
export interface Claim {
  id: string;
  /** An incident is about its camera. */
  urgent: boolean;
  /** It is made now. */
  made: boolean;
  viewers: number;
}

/** Emergencies first; then what is made already, so that nothing flaps; then what most people watch. */
const inOrder = (one: Claim, other: Claim): number =>
  Number(other.urgent) - Number(one.urgent) ||
  Number(other.made) - Number(one.made) ||
  other.viewers - one.viewers ||
  (one.id < other.id ? -1 : 1);

/**
 * Shares out the encoders.
 * @param encoders how many may run for ladders
 * @returns which ladders have one, and of each other one why it has not
 */
export function shareOut(claims: readonly Claim[], encoders: number): { granted: string[]; waiting: Map<string, Why> } {
  const ranked = claims.toSorted(inOrder);
  const granted = ranked.slice(0, Math.max(0, encoders));
  const urgent = granted.filter((claim) => claim.urgent).length;
  const because = urgent > 0 ? `, ${urgent} of them for cameras in an emergency` : '';
  const why: Why = {
    trigger: 'capacity',
    reason: 'no-capacity',
    text: `waits for an encoder: all ${Math.max(0, encoders)} are taken${because}`,
    guard: { encoders, wanted: claims.length, urgent },
  };
  return {
    granted: granted.map(({ id }) => id),
    waiting: new Map(ranked.slice(granted.length).map(({ id }) => [id, why])),
  };
}
