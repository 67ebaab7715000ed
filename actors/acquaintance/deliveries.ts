import type { Envelope } from '../../bus/envelope.ts';
import type { Why } from '../../bus/events/why.ts';
import type { Cells, CellView } from '../cells.ts';
import { choosePusher } from '../pushing.ts';
import { isDeadOrOver, isIntake } from './relay-sight.ts';
import { sight, type Tell } from './telling.ts';

interface ViewerSight {
  relay: string;
  standby: string;
  legs: Record<string, { relay: string }>;
  protocol: string;
}
interface BroadcastSight {
  relay: string;
}

/** A player of ours is told where to go on, and goes there; to any other client, the end of its session is all that can be done. */
const isLed = ({ protocol }: ViewerSight): boolean => protocol === 'webrtc';

/** What is carried by delivery relays: viewers, and pushes. */
export interface DeliveryNews {
  /** It falls, or starts anew: whoever it carried, or would have, must go on elsewhere. */
  lost(relay: CellView, fact: Envelope): void;
  /** It serves, and pushes what waits for one that is dead. */
  serves(cause: string): void;
  /** It is no more: whatever still names it goes on elsewhere. */
  removed(relay: CellView, cause?: string): void;
  /** One that is drained for its viewers to leave is told when the last one has. */
  lookWhoIsLeft(cause?: string): void;
}

/** Leads viewers and pushes. @param encodesAt relays beside which an encoder of a push can work; default: all */
export function leadDeliveries(
  cells: Pick<Cells, 'view' | 'list'>,
  tell: Tell,
  encodesAt?: (relay: string) => boolean,
): DeliveryNews {
  /** What a dead relay pushed is pushed by another one, if any serves; otherwise it waits for this one. */
  const pushElsewhere = (dead: CellView, cause?: string) => {
    for (const broadcast of cells.list('broadcast')) {
      if (!broadcast.tags.includes('wanted') || sight<BroadcastSight>(broadcast).relay !== dead.id) continue;
      const { relay, waits, why } = choosePusher(cells, broadcast.context.encoded ? encodesAt : undefined);
      if (relay !== undefined && !waits)
        tell('broadcast', broadcast.id, { type: 'broadcast.moved', relay, why }, cause);
    }
  };

  /** Whoever a delivery relay carried, or would have, must go on elsewhere. @param whom default: all */
  const tellCarried = (
    relay: CellView,
    reason: 'dead' | 'restarted' | 'removed',
    cause?: string,
    whom = (_viewer: ViewerSight) => true,
  ) => {
    for (const viewer of cells.list('viewer')) {
      const seen = sight<ViewerSight>(viewer);
      const { relay: seat, standby, legs, protocol } = seen;
      // HLS is served by the gateway; its ladder finds another relay by itself, and the past needs none.
      if (protocol === 'hls' || protocol === 'past' || !whom(seen)) continue;
      const concerned = [seat, standby, ...Object.values(legs).map((leg) => leg.relay)].includes(relay.id);
      if (concerned && viewer.tags.includes('open')) {
        tell('viewer', viewer.id, { type: 'relay.lost', relay: relay.id, reason }, cause);
      }
    }
  };

  return {
    lost(relay, fact) {
      const dead = fact.type === 'signalbox.relay.dead';
      const { from, why } = fact.data as { from: string; why: Why };
      if (dead) pushElsewhere(relay, fact.id);
      // Who is at a relay that serves again by now may have come since; before it first served, nobody was there.
      if (relay.tags.includes('serving') || (!dead && ['starting', 'new'].includes(from))) return;
      // Whether it carries others is not known while nothing is heard of it: they are told when that is over.
      if (dead && why.reason !== 'exited') return tellCarried(relay, 'dead', fact.id, isLed);
      if (dead) return tellCarried(relay, 'dead', fact.id);
      // Who was told when it died has no leg there any more.
      const isThere = ({ legs }: ViewerSight) => Object.values(legs).some((leg) => leg.relay === relay.id);
      tellCarried(relay, 'restarted', fact.id, from === 'dead' ? isThere : undefined);
    },
    serves(cause) {
      for (const relay of cells.list('relay')) if (isDeadOrOver(relay) && !isIntake(relay)) pushElsewhere(relay, cause);
    },
    removed(relay, cause) {
      pushElsewhere(relay, cause);
      tellCarried(relay, 'removed', cause);
    },
    lookWhoIsLeft(cause) {
      const draining = cells.list('relay').filter((relay) => relay.state === 'draining' && !isIntake(relay));
      if (draining.length === 0) return;
      // Whoever only keeps a leg ready there, is about to close one or has gone away holds nobody up.
      const sessions = cells.list('viewer').filter(({ tags }) => tags.includes('open'));
      const carried = sessions
        .map((viewer) => sight<ViewerSight>(viewer))
        .filter(({ relay, legs }) => Object.values(legs).some((leg) => leg.relay === relay));
      const taken = new Set(carried.map(({ relay }) => relay));
      for (const { id } of draining) if (!taken.has(id)) tell('relay', id, { type: 'relay.emptied' }, cause);
    },
  };
}
