import type { Envelope } from '../bus/envelope.ts';
import type { Id } from '../bus/identity.ts';
import { CellDown, type CellView, NoSuchCell } from './cells.ts';
import type { Roster } from './roster.ts';

/** The parts of other cells' contexts that matter here. */
interface CameraSight {
  settings?: { keep: string };
  audience: string[];
}
interface ViewerSight {
  camera: Id;
  relay: string;
  standby: string;
  legs: Record<string, { relay: string }>;
}
interface RelaySight {
  role: string;
}

const sight = <T>(view: CellView): T => view.context as unknown as T;

/**
 * Who hears of whom: the facts of one cell that another must know. All of it is here.
 * @param onFault an offer that failed for another reason than that its cell is gone
 * @returns how to stop it
 */
export function acquaint(roster: Roster, onFault: (error: Error) => void): () => void {
  const tell = (
    kind: 'camera' | 'viewer' | 'relay',
    to: Id,
    event: { type: string; [field: string]: unknown },
    cause?: string,
  ) => {
    roster.offer({ kind, id: to }, event, cause).catch((error: Error) => {
      if (!(error instanceof NoSuchCell || error instanceof CellDown)) onFault(error);
    });
  };

  /** An on-demand camera is awake while somebody is admitted to it. */
  const audience = (viewer: CellView, event: 'audience.joined' | 'audience.left', cause?: string) => {
    const { camera } = sight<ViewerSight>(viewer);
    const view = roster.view({ kind: 'camera', id: camera });
    if (!view) return;
    const { settings, audience: present } = sight<CameraSight>(view);
    const counts = event === 'audience.joined' ? settings?.keep === 'on-demand' : present.includes(viewer.id);
    if (counts) tell('camera', camera, { type: event, viewer: viewer.id }, cause);
  };

  /** The viewers of a camera that was taken out have nothing left to watch. */
  const endViewersOf = (camera: Id, cause: string) => {
    for (const viewer of roster.list('viewer')) {
      if (viewer.tags.includes('open') && sight<ViewerSight>(viewer).camera === camera) {
        tell('viewer', viewer.id, { type: 'camera.removed' }, cause);
      }
    }
  };

  /** When an intake falls, every camera it pulled has lost its picture without having fallen itself. */
  const intakeLost = (relay: CellView, fact: Envelope) => {
    if (sight<RelaySight>(relay).role !== 'intake') return;
    if (fact.data.from === 'starting' || fact.data.from === 'dead') return;
    for (const camera of roster.list('camera')) {
      tell('camera', camera.id, { type: 'intake.lost', detail: `${relay.id}: ${relay.why.text}` }, fact.id);
    }
  };

  /** When a delivery relay falls, whoever it carried, or would have, must go on elsewhere. */
  const deliveryLost = (relay: CellView, fact: Envelope) => {
    const dead = fact.type === 'signalbox.relay.dead';
    // Told already when it died; and who is at a relay that serves again by now may have come since.
    if (!dead && ['dead', 'starting', 'new'].includes(String(fact.data.from))) return;
    if (sight<RelaySight>(relay).role !== 'delivery' || relay.tags.includes('serving')) return;
    const reason = dead ? 'dead' : 'restarted';
    for (const viewer of roster.list('viewer')) {
      const { relay: seat, standby, legs } = sight<ViewerSight>(viewer);
      const concerned = [seat, standby, ...Object.values(legs).map((leg) => leg.relay)].includes(relay.id);
      if (concerned && viewer.tags.includes('open')) {
        tell('viewer', viewer.id, { type: 'relay.lost', relay: relay.id, reason }, fact.id);
      }
    }
  };

  /** A relay that is drained for its viewers to leave is told when the last one has. */
  const lookWhoIsLeft = (cause: string) => {
    const draining = roster
      .list('relay')
      .filter(({ state, context }) => state === 'draining' && context.role === 'delivery');
    if (draining.length === 0) return;
    // A leg that is only kept ready there, or is about to be closed, holds nobody up.
    const sessions = roster.list('viewer').filter(({ tags }) => tags.includes('open'));
    const taken = new Set(sessions.map((viewer) => sight<ViewerSight>(viewer).relay));
    for (const { id } of draining) if (!taken.has(id)) tell('relay', id, { type: 'relay.emptied' }, cause);
  };

  // After a restart, an on-demand camera may count viewers that ended while nobody looked.
  for (const camera of roster.list('camera')) {
    for (const viewer of sight<CameraSight>(camera).audience) {
      const present = roster.view({ kind: 'viewer', id: viewer as Id });
      if (!present?.tags.includes('open')) tell('camera', camera.id, { type: 'audience.left', viewer });
    }
  }

  return roster.onFact((fact, view) => {
    switch (fact.type) {
      case 'signalbox.viewer.admitted':
        return audience(view, 'audience.joined', fact.id);
      case 'signalbox.viewer.ended':
        audience(view, 'audience.left', fact.id);
        return lookWhoIsLeft(fact.id);
      case 'signalbox.viewer.moved':
      case 'signalbox.viewer.watching':
      case 'signalbox.relay.draining':
        return lookWhoIsLeft(fact.id);
      case 'signalbox.camera.removed':
        return endViewersOf(view.id, fact.id);
      case 'signalbox.relay.dead':
      case 'signalbox.relay.starting':
        intakeLost(view, fact);
        return deliveryLost(view, fact);
    }
  });
}
