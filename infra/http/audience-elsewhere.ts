import type { Id } from '../../bus/identity.ts';

/** How a player over HLS shows in its session: of the present, or of what was recorded. */
export type AudienceSeat = 'hls' | 'past';

/** Players over HLS that ask other gateways of the group. */
export interface AudienceElsewhere {
  /** How long ago another gateway has heard of a player; undefined: none has lately. */
  heardAgoMs(session: Id, seat: AudienceSeat): Promise<number | undefined>;
  /** Others ask when this gateway has: `heardAgoMs` tells, undefined for whom it has not heard of lately. */
  onAsked(seat: AudienceSeat, heardAgoMs: (session: Id) => number | undefined): void;
}
