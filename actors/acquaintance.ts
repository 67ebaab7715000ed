import type { Envelope } from '../bus/envelope.ts';
import type { Id } from '../bus/identity.ts';
import { CellDown, type Cells, type CellView, NoSuchCell } from './cells.ts';
import type { Roster } from './roster.ts';

/** The parts of other cells' contexts that matter here. */
interface CameraSight {
  settings?: { keep: string };
  audience: string[];
}
interface ViewerSight {
  camera: Id;
}
interface RelaySight {
  role: string;
}

const sight = <T>(view: CellView): T => view.context as unknown as T;

/** An on-demand camera may count viewers that ended while nobody looked: after a start, or another gateway's end. */
export function recountAudiences(cells: Cells, onFault: (error: Error) => void): void {
  for (const camera of cells.list('camera')) {
    for (const viewer of sight<CameraSight>(camera).audience) {
      const present = cells.view({ kind: 'viewer', id: viewer as Id });
      if (present?.tags.includes('open')) continue;
      cells.offer({ kind: 'camera', id: camera.id }, { type: 'audience.left', viewer }).catch(unlessGone(onFault));
    }
  }
}

const unlessGone = (onFault: (error: Error) => void) => (error: Error) => {
  if (!(error instanceof NoSuchCell || error instanceof CellDown)) onFault(error);
};

/**
 * Who hears of whom: the facts of one cell that another must know. All of it is here.
 * @param roster the cells whose facts are heard
 * @param onFault an offer that failed for another reason than that its cell is gone
 * @param cells those who may have to know
 * @returns how to stop it
 */
export function acquaint(roster: Roster, onFault: (error: Error) => void, cells: Cells = roster): () => void {
  const tell = (
    kind: 'camera' | 'viewer',
    to: Id,
    event: { type: string; [field: string]: unknown },
    cause?: string,
  ) => {
    cells.offer({ kind, id: to }, event, cause).catch(unlessGone(onFault));
  };

  /** An on-demand camera is awake while somebody is admitted to it. */
  const audience = (viewer: CellView, event: 'audience.joined' | 'audience.left', cause?: string) => {
    const { camera } = sight<ViewerSight>(viewer);
    const view = cells.view({ kind: 'camera', id: camera });
    if (!view) return;
    const { settings, audience: present } = sight<CameraSight>(view);
    const counts = event === 'audience.joined' ? settings?.keep === 'on-demand' : present.includes(viewer.id);
    if (counts) tell('camera', camera, { type: event, viewer: viewer.id }, cause);
  };

  /** The viewers of a camera that was taken out have nothing left to watch. */
  const endViewersOf = (camera: Id, cause: string) => {
    for (const viewer of cells.list('viewer')) {
      if (viewer.tags.includes('open') && sight<ViewerSight>(viewer).camera === camera) {
        tell('viewer', viewer.id, { type: 'camera.removed' }, cause);
      }
    }
  };

  /** When an intake falls, every camera it pulled has lost its picture without having fallen itself. */
  const intakeLost = (relay: CellView, fact: Envelope) => {
    if (sight<RelaySight>(relay).role !== 'intake') return;
    if (fact.data.from !== 'serving' && fact.data.from !== 'suspect') return;
    for (const camera of cells.list('camera')) {
      tell('camera', camera.id, { type: 'intake.lost', detail: `${relay.id}: ${relay.why.text}` }, fact.id);
    }
  };

  recountAudiences(cells, onFault);
  return roster.onFact((fact, view) => {
    switch (fact.type) {
      case 'signalbox.viewer.admitted':
        return audience(view, 'audience.joined', fact.id);
      case 'signalbox.viewer.ended':
        return audience(view, 'audience.left', fact.id);
      case 'signalbox.camera.removed':
        return endViewersOf(view.id, fact.id);
      case 'signalbox.relay.dead':
      case 'signalbox.relay.starting':
        return intakeLost(view, fact);
    }
  });
}
