import { type Id, isId } from '../../bus/identity.ts';
import type { Hub } from './hub.ts';
import type { HttpServices } from './services.ts';
import { isOpen, viewerOf } from './views.ts';

/**
 * How many sessions each relay carries, without looking at every cell at every request. It follows the facts, and so
 * lags while their store is away; `relayLoad` in relays.ts looks at every cell, and is exact.
 */
export interface Loads {
  /** Sessions on a relay. */
  of(relay: string): number;
  /** A session is on this relay from now on, wherever it was before; empty: it needs none. */
  seat(session: Id, relay: string): void;
}

/** Starts from the sessions that live here, and follows what is told of all. */
export function keepLoads(cells: HttpServices['cells'], hub: Hub): Loads {
  const seats = new Map<Id, string>();
  const counts = new Map<string, number>();
  const leave = (session: Id): void => {
    const relay = seats.get(session);
    if (relay === undefined) return;
    seats.delete(session);
    counts.set(relay, (counts.get(relay) ?? 0) - 1);
  };
  const seat = (session: Id, relay: string): void => {
    leave(session);
    if (relay === '') return;
    seats.set(session, relay);
    counts.set(relay, (counts.get(relay) ?? 0) + 1);
  };
  for (const view of cells.list('viewer')) if (isOpen(view)) seat(view.id, viewerOf(view).relay);
  hub.listen(({ envelope }) => {
    const [kind, session] = envelope.subject.split('/');
    if (kind !== 'viewer' || !isId(session)) return;
    if (envelope.type === 'signalbox.viewer.ended') return leave(session);
    // A session that moved is on another relay than it was placed on; one that is over stays gone.
    const view = cells.view({ kind: 'viewer', id: session });
    if (view && isOpen(view)) seat(session, viewerOf(view).relay);
  });
  return { of: (relay) => counts.get(relay) ?? 0, seat };
}
