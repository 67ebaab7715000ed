import type { Id } from '../../bus/identity.ts';

/** What a client of WHEP says of a connection that it has. */
export interface LegSaying {
  leg: Id;
  /** Candidates, or an ICE restart; without them it leaves. */
  fragment?: string | undefined;
  /** The ICE session that it means. */
  ifMatch?: string | undefined;
}

/** What it is answered. */
export interface LegAnswer {
  etag: string;
  /** Of an ICE restart. */
  fragment?: string | undefined;
}

/** Connections that clients have opened through other gateways: only those know where their relays take changes. */
export interface LegsElsewhere {
  /** Tells it to whichever gateway has the connection; undefined when none says so. @throws Refusal as that one does */
  tell(session: Id, saying: LegSaying): Promise<LegAnswer | undefined>;
  /** What is said elsewhere of connections that this gateway may have comes here; undefined for one that it has not. */
  onTold(hear: (session: Id, saying: LegSaying) => Promise<LegAnswer | undefined>): void;
}
