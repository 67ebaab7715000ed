import type { CellView } from '../../actors/cells.ts';
import type { Why } from '../../bus/events/why.ts';
import { type Id, isId } from '../../bus/identity.ts';
import type { Told } from '../../bus/ports/facts.ts';
import { type Ending, endingOf } from './ending.ts';
import type { Hub } from './hub.ts';
import type { Figures } from './messages.ts';
import type { HttpServices } from './services.ts';
import { isOpen, viewerOf } from './views.ts';

/** A player that signals over its WebSocket. */
export interface Connection {
  session: Id;
  camera: Id;
  send(message: { type: string; [field: string]: unknown }): void;
  /** Says goodbye and closes. */
  end(ending: Ending): void;
  /** Tells the player to open a new leg where one was lost with its relay. */
  checkLegs(): void;
  /** Whether it could go on elsewhere though nothing forces it; undefined: it is left in peace. */
  resting(): { hot: boolean } | undefined;
  /** Has it go on there at its ease. @returns whether it was told */
  leave(to: { relay: string; why: Why }): boolean;
  /** The state of its camera that it was told last. */
  told?: string;
  /** What the player measured last. */
  figures?: Omit<Figures, 'type'> & { at: number };
}

/** The players that signal here. A session has one; a second hello takes the first one's place. */
export interface Connections {
  add(connection: Connection): void;
  remove(connection: Connection): void;
  of(session: Id): Connection | undefined;
  list(): Iterable<Connection>;
  /** Ends a session's player at once, without waiting for the fact to come round. */
  end(session: Id, view: CellView | undefined): void;
  /** Tells a player the state of its camera. */
  tellState(connection: Connection): void;
  close(): void;
}

/** Players tell each measurement for this long when their relay is in doubt. */
const DOUBT_MS = 1_000;
/** Facts wait for the journal, and the journal may be away: what lives here is looked at this often. */
const LOOK_EVERY_MS = 500;

/** Keeps the players of this gateway informed: of their camera, of their relay, and of their end. */
export function keepConnections(services: HttpServices, hub: Hub): Connections {
  const bySession = new Map<Id, Connection>();
  const { cells } = services;

  const end = (session: Id, view: CellView | undefined): void => {
    const connection = bySession.get(session);
    // The end of a session that lives at another gateway comes round as a fact.
    if (!connection || (view && isOpen(view))) return;
    bySession.delete(session);
    connection.end(endingOf(view));
  };
  const tellState = (connection: Connection): void => {
    const view = cells.view({ kind: 'camera', id: connection.camera });
    if (!view || connection.told === view.state) return;
    connection.told = view.state;
    connection.send({ type: 'state', camera: connection.camera, state: view.state, why: view.why });
  };
  const isAt = (relay: CellView, { session }: Connection): boolean => {
    const viewer = relay.kind === 'relay' ? cells.view({ kind: 'viewer', id: session }) : undefined;
    return viewer !== undefined && viewerOf(viewer).relay === relay.id;
  };
  const look = (connection: Connection): void => {
    const view = cells.view({ kind: 'viewer', id: connection.session });
    if (view && isOpen(view)) {
      tellState(connection);
      connection.checkLegs();
    } else end(connection.session, view);
  };
  const hear = ({ envelope }: Told): void => {
    const [kind, id] = envelope.subject.split('/');
    if (!isId(id)) return;
    if (kind === 'viewer') {
      const connection = bySession.get(id);
      if (connection && envelope.type === 'signalbox.viewer.ended') look(connection);
    } else {
      for (const connection of bySession.values()) if (kind === 'relay' || connection.camera === id) look(connection);
    }
  };
  const stopHearing = hub.listen(hear);
  // A relay that is lost is told to its players at once; and a player whose camera turned must know not to go away.
  const stopWatching = cells.onTurn((view) => {
    if (view.kind === 'viewer') return;
    for (const connection of bySession.values()) {
      if (view.kind === 'relay' || connection.camera === view.id) look(connection);
      // Its viewers know best: who has a picture tells so before it is given up, and who has none goes at once.
      if (view.state === 'suspect' && isAt(view, connection)) connection.send({ type: 'doubt', for_ms: DOUBT_MS });
    }
  });
  const timer = setInterval(() => {
    for (const connection of bySession.values()) look(connection);
  }, LOOK_EVERY_MS);

  return {
    add(connection) {
      bySession.get(connection.session)?.end({
        reason: 'replaced',
        text: 'the player connected again',
        retry: false,
      });
      bySession.set(connection.session, connection);
    },
    remove(connection) {
      if (bySession.get(connection.session) === connection) bySession.delete(connection.session);
    },
    of: (session) => bySession.get(session),
    list: () => bySession.values(),
    end,
    tellState,
    close() {
      clearInterval(timer);
      stopHearing();
      stopWatching();
      bySession.clear();
    },
  };
}
