import type { CellView } from '../../actors/cells.ts';
import { type Id, isId } from '../../bus/identity.ts';
import type { Hub } from './hub.ts';
import type { HttpServices } from './services.ts';
import { isOpen, viewerOf } from './views.ts';

/** What relays carry, and would have to. */
export interface Carried {
  /** Sessions on a relay, or on their way there. */
  of(relay: string): number;
  /** By relay: how many of its sessions would go on at this one, their standby, were it lost. */
  inherits(relay: string): Readonly<Record<string, number>>;
}

/**
 * How many sessions each relay carries, without looking at every cell at every request. It follows the facts, and so
 * lags while their store is away; `relayLoad` in relays.ts looks at every cell, and is exact.
 */
export interface Loads extends Carried {
  /** A session is on this relay from now on, or sent there, wherever it was before; empty: nowhere. */
  seat(session: Id, relay: string): void;
  /** Where it goes on should its relay be lost; empty: nowhere yet. */
  standBy(session: Id, relay: string): void;
  /** The same without this session: where it is counted must not keep it from going there. */
  without(session: Id): Carried;
}

/** Where a session counts. */
interface Seat {
  relay: string;
  standby: string;
  /** It was sent there, and its cell does not know yet. */
  sent: boolean;
}

/** Starts from the sessions that live here, and follows what is told of all. */
export function keepLoads(cells: HttpServices['cells'], hub: Hub): Loads {
  const seats = new Map<Id, Seat>();
  const counts = new Map<string, number>();
  const heirs = new Map<string, Record<string, number>>();

  const count = ({ relay, standby }: Seat, by: 1 | -1): void => {
    if (relay === '') return;
    counts.set(relay, (counts.get(relay) ?? 0) + by);
    if (standby === '' || standby === relay) return;
    const inherited = heirs.get(standby) ?? {};
    heirs.set(standby, { ...inherited, [relay]: (inherited[relay] ?? 0) + by });
  };
  const leave = (session: Id): void => {
    const seat = seats.get(session);
    if (seat) count(seat, -1);
    seats.delete(session);
  };
  const put = (session: Id, change: Partial<Seat>): void => {
    const seat = { relay: '', standby: '', sent: false, ...seats.get(session), ...change };
    leave(session);
    seats.set(session, seat);
    count(seat, 1);
  };
  const note = (view: CellView): void => {
    const { relay, standby, move } = viewerOf(view);
    const leaves = view.state === 'moving' && move?.rung === undefined;
    if (!leaves) put(view.id, { relay, standby, sent: false });
    // It takes no room at the relay that it leaves; where it was sent it counts already.
    else put(view.id, seats.get(view.id)?.sent ? { standby } : { relay: '', standby });
  };

  for (const view of cells.list('viewer')) if (isOpen(view)) note(view);
  hub.listen(({ envelope }) => {
    const [kind, session] = envelope.subject.split('/');
    if (kind !== 'viewer' || !isId(session)) return;
    if (envelope.type === 'signalbox.viewer.ended') return leave(session);
    // A session that moved is on another relay than it was placed on; one that is over stays gone.
    const view = cells.view({ kind: 'viewer', id: session });
    if (view && isOpen(view)) note(view);
  });
  const of = (relay: string): number => counts.get(relay) ?? 0;
  const inherits = (relay: string) => heirs.get(relay) ?? {};
  return {
    of,
    inherits,
    seat: (session, relay) => put(session, { relay, sent: true }),
    standBy: (session, standby) => put(session, { standby }),
    without: (session) => ({ of: (relay) => of(relay) - (seats.get(session)?.relay === relay ? 1 : 0), inherits }),
  };
}
