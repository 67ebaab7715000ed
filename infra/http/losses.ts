import type { CellView } from '../../actors/cells.ts';
import { systemClock } from '../../adapters/clock.ts';
import type { MoveReason } from '../../bus/events/viewer.ts';
import type { Leg } from './legs.ts';
import { relayOf } from './views.ts';

/** A leg as a player has it: where it is, and at which start of its relay it was opened. */
export type HeldLeg = Pick<Leg, 'relay' | 'instance' | 'path' | 'peer' | 'ladder'>;

/** What has become of a leg. */
export interface Loss {
  reason: MoveReason;
  text: string;
  detectMs: number;
  decideMs: number;
}

/**
 * How a leg was lost; undefined while it is not.
 * @param relay as it is now
 * @param seated whether the relay still has the leg, as far as is known
 * @param peers which start of the adaptive peers serves now
 */
export function lossOf(
  relay: CellView | undefined,
  { instance, peer }: HeldLeg,
  seated: boolean,
  peers: string | undefined,
): Loss | undefined {
  const decideMs = relay ? Math.max(0, systemClock.now() - relay.since) : 0;
  if (!relay?.tags.includes('serving')) {
    const { lostAt } = relay ? relayOf(relay) : {};
    const detectMs = relay && lostAt !== undefined ? relay.since - lostAt : 0;
    if (relay?.tags.includes('over')) {
      const text = 'its relay was taken out of the configuration; another one carries the picture';
      return { reason: 'relay-removed', text, detectMs: 0, decideMs };
    }
    const text = 'its relay does not serve; another one carries the picture';
    return { reason: 'relay-lost', text, detectMs, decideMs };
  }
  if (relayOf(relay).instance !== instance) {
    const text = 'the relay started anew and is serving again';
    return { reason: 'relay-restarted', text, detectMs: 0, decideMs };
  }
  if (peer !== undefined && peer !== peers) {
    const text = 'the process that encoded it ended; another one carries the picture';
    return { reason: 'peer-lost', text, detectMs: 0, decideMs: 0 };
  }
  if (!seated) return { reason: 'relay-ended', text: 'the relay ended the connection', detectMs: 0, decideMs: 0 };
  if (!relay.tags.includes('draining')) return undefined;
  return { reason: 'draining', text: 'its relay is being drained; another one takes over', detectMs: 0, decideMs };
}
