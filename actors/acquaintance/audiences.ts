import type { Id } from '../../bus/identity.ts';
import type { Cells, CellView } from '../cells.ts';
import { sight, type Tell } from './telling.ts';

interface CameraSight {
  settings?: { keep: string };
  audience: string[];
}
interface ViewerSight {
  camera: Id;
  protocol: string;
  /** Whether the ladder makes what it shows, or what it goes to. */
  ladder: boolean;
  move?: { rung?: { ladder: boolean } };
}
interface RenditionSight {
  audience: string[];
}

/** Who counts for cameras and ladders, which sleep without anybody. */
export interface Audiences {
  /** Somebody admitted or a broadcast: while there is one, its camera is needed. */
  ofCamera(viewer: CellView, event: 'audience.joined' | 'audience.left', cause?: string): void;
  /** Who watches over HLS, or in a lower rung, needs the camera's ladder. */
  ofLadder(viewer: CellView, cause?: string): void;
  /** A camera that is recorded is awake, though nobody watches it. */
  ofRecording(recording: CellView, cause?: string): void;
}

/** Counts them. */
export function countAudiences(cells: Pick<Cells, 'view'>, tell: Tell): Audiences {
  /** An on-demand camera is awake as long as anybody counts for it. */
  const countFor = (camera: Id, one: Id, wanted: boolean, cause?: string) => {
    const view = cells.view({ kind: 'camera', id: camera });
    if (!view) return;
    const { settings, audience: present } = sight<CameraSight>(view);
    const counted = present.includes(one);
    if (wanted && !counted && settings?.keep === 'on-demand') {
      tell('camera', camera, { type: 'audience.joined', viewer: one }, cause);
    }
    if (!wanted && counted) tell('camera', camera, { type: 'audience.left', viewer: one }, cause);
  };
  return {
    ofCamera(viewer, event, cause) {
      const { camera, protocol } = sight<ViewerSight>(viewer);
      // What was recorded needs no camera.
      if (protocol !== 'past') countFor(camera, viewer.id, event === 'audience.joined', cause);
    },
    ofLadder(viewer, cause) {
      const { camera, ladder, move } = sight<ViewerSight>(viewer);
      const rendition = cells.view({ kind: 'rendition', id: camera });
      if (!rendition) return;
      const needed = viewer.tags.includes('open') && (ladder || move?.rung?.ladder === true);
      const counted = sight<RenditionSight>(rendition).audience.includes(viewer.id);
      if (needed === counted) return;
      tell('rendition', camera, { type: needed ? 'audience.joined' : 'audience.left', viewer: viewer.id }, cause);
    },
    ofRecording(recording, cause) {
      countFor(recording.id, recording.id, recording.tags.includes('wanted'), cause);
    },
  };
}

/**
 * On-demand cameras, ladders and sounds may count viewers that ended while nobody looked: after a start, or another
 * gateway's end.
 */
export function recountAudiences(cells: Pick<Cells, 'list' | 'view'>, tell: Tell): void {
  for (const counting of (['camera', 'rendition', 'sound'] as const).flatMap((kind) => cells.list(kind))) {
    for (const viewer of sight<CameraSight | RenditionSight>(counting).audience) {
      const kinds = ['viewer', 'broadcast', 'incident', 'recording'] as const;
      const present = kinds.map((kind) => cells.view({ kind, id: viewer as Id })).find((view) => view !== undefined);
      if (present?.tags.some((tag) => ['open', 'wanted', 'running'].includes(tag))) continue;
      tell(counting.kind, counting.id, { type: 'audience.left', viewer });
    }
  }
}
