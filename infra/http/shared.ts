import type { Id } from '../../bus/identity.ts';
import type { Counts } from './admission.ts';
import type { Connections } from './connections.ts';
import type { Hub } from './hub.ts';
import type { Legs } from './legs.ts';
import type { Streams } from './streams.ts';
import type { Vanished } from './vanished.ts';

/** What the routes share while the server runs. */
export interface Shared extends Counts {
  legs: Legs;
  connections: Connections;
  vanished: Vanished;
  hub: Hub;
  streams: Streams;
  /** What a player measures of a leg tells that its relay is there. */
  witness(session: Id, leg: string, fps: number | undefined): void;
  /** Whether one more player may be sent from a relay that is being drained: together they would be a herd. */
  pace(): boolean;
}
