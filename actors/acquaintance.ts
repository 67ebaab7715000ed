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
  protocol: string;
}
interface RenditionSight {
  audience: string[];
  picture: boolean;
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
    kind: 'camera' | 'viewer' | 'rendition',
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

  /** Who watches over HLS needs the camera's ladder. */
  const ladderAudience = (viewer: CellView, event: 'audience.joined' | 'audience.left', cause?: string) => {
    const { camera, protocol } = sight<ViewerSight>(viewer);
    if (protocol === 'hls') tell('rendition', camera, { type: event, viewer: viewer.id }, cause);
  };

  /** A ladder is made of a picture, and waits while there is none. */
  const tellLadder = (camera: CellView, cause?: string) => {
    const rendition = roster.view({ kind: 'rendition', id: camera.id });
    if (!rendition) return;
    const { picture } = sight<RenditionSight>(rendition);
    if (!picture && camera.tags.includes('watchable'))
      tell('rendition', camera.id, { type: 'camera.watchable' }, cause);
    if (picture && camera.tags.includes('dark')) {
      tell('rendition', camera.id, { type: 'camera.dark', detail: camera.why.text }, cause);
    }
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
    if (fact.data.from !== 'serving' && fact.data.from !== 'suspect') return;
    for (const camera of roster.list('camera')) {
      tell('camera', camera.id, { type: 'intake.lost', detail: `${relay.id}: ${relay.why.text}` }, fact.id);
    }
  };

  // After a restart, an on-demand camera may count viewers that ended while nobody looked.
  for (const camera of roster.list('camera')) {
    for (const viewer of sight<CameraSight>(camera).audience) {
      const present = roster.view({ kind: 'viewer', id: viewer as Id });
      if (!present?.tags.includes('open')) tell('camera', camera.id, { type: 'audience.left', viewer });
    }
  }

  for (const rendition of roster.list('rendition')) {
    const camera = roster.view({ kind: 'camera', id: rendition.id });
    if (camera) tellLadder(camera);
    for (const viewer of sight<RenditionSight>(rendition).audience) {
      const present = roster.view({ kind: 'viewer', id: viewer as Id });
      if (!present?.tags.includes('open')) tell('rendition', rendition.id, { type: 'audience.left', viewer });
    }
  }

  return roster.onFact((fact, view) => {
    if (view.kind === 'camera') tellLadder(view, fact.id);
    switch (fact.type) {
      case 'signalbox.viewer.admitted':
        ladderAudience(view, 'audience.joined', fact.id);
        return audience(view, 'audience.joined', fact.id);
      case 'signalbox.viewer.ended':
        ladderAudience(view, 'audience.left', fact.id);
        return audience(view, 'audience.left', fact.id);
      case 'signalbox.camera.removed':
        return endViewersOf(view.id, fact.id);
      case 'signalbox.relay.dead':
      case 'signalbox.relay.starting':
        return intakeLost(view, fact);
    }
  });
}
