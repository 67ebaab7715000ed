import type { Id } from '../../bus/identity.ts';
import { activeStanding, type CameraContext } from '../../machines/camera/context.ts';
import type { Cells, CellView } from '../cells.ts';
import { sight, type Tell } from './telling.ts';

interface RenditionSight {
  picture: boolean;
  /** The picture that it was planned for. */
  source?: { width: number; height: number };
}
interface RecordingSight {
  source: string;
}
interface BroadcastSight {
  camera: Id;
  picture: boolean;
}
interface ViewerSight {
  camera: Id;
}

/** What those hear who make something of a camera's picture. */
export interface Pictures {
  /** A camera has changed. */
  tellMakers(camera: CellView, cause?: string): void;
  /** A recording has, and may not know what its camera shows. */
  tellRecordingOf(camera: Id, cause?: string): void;
  /** A camera is set to another size: its recording goes on in a new file. */
  tellResized(camera: Id, size: { width: unknown; height: unknown }, cause?: string): void;
  /** A camera is taken out: its viewers and broadcasts have nothing left to show. */
  endShowsOf(camera: Id, cause: string): void;
}

/** Tells them. */
export function tellPictures(cells: Pick<Cells, 'view' | 'list'>, tell: Tell): Pictures {
  const broadcasts = () => cells.list('broadcast').filter(({ tags }) => tags.includes('wanted'));

  /** A ladder is made of a picture, and waits while there is none. */
  const tellLadder = (camera: CellView, cause?: string) => {
    const rendition = cells.view({ kind: 'rendition', id: camera.id });
    if (!rendition) return;
    const { picture, source } = sight<RenditionSight>(rendition);
    const { width, height } = activeStanding(sight<CameraContext>(camera)) ?? {};
    if (source && width && height && (width !== source.width || height !== source.height)) {
      const detail = `${width}×${height}; it was ${source.width}×${source.height}`;
      tell('rendition', camera.id, { type: 'program.changed', detail }, cause);
    }
    if (!picture && camera.tags.includes('watchable'))
      tell('rendition', camera.id, { type: 'camera.watchable' }, cause);
    if (picture && camera.tags.includes('dark')) {
      tell('rendition', camera.id, { type: 'camera.dark', detail: camera.why.text }, cause);
    }
  };

  /** A recording is made of the source that gives the picture, and waits while none does. */
  const tellRecording = (camera: CellView, cause?: string) => {
    const recording = cells.view({ kind: 'recording', id: camera.id });
    if (!recording || recording.tags.includes('over')) return;
    const { source } = sight<RecordingSight>(recording);
    const { active } = sight<CameraContext>(camera);
    if (camera.tags.includes('watchable') && source !== active) {
      tell('recording', camera.id, { type: 'camera.watchable', source: active }, cause);
    }
    if (source !== '' && camera.tags.includes('dark')) {
      tell('recording', camera.id, { type: 'camera.dark', detail: camera.why.text }, cause);
    }
  };

  /** What a broadcast shows is the camera's picture, or its slate. */
  const showOnAir = (camera: CellView, cause?: string) => {
    const picture = camera.tags.includes('watchable');
    for (const broadcast of broadcasts()) {
      const known = sight<BroadcastSight>(broadcast);
      if (known.camera !== camera.id || known.picture === picture) continue;
      tell('broadcast', broadcast.id, { type: 'camera.showing', picture, state: camera.state }, cause);
    }
  };

  return {
    tellMakers(camera, cause) {
      showOnAir(camera, cause);
      tellLadder(camera, cause);
      tellRecording(camera, cause);
    },
    tellRecordingOf(id, cause) {
      const camera = cells.view({ kind: 'camera', id });
      if (camera) tellRecording(camera, cause);
    },
    tellResized(camera, { width, height }, cause) {
      const recording = cells.view({ kind: 'recording', id: camera });
      if (recording?.tags.includes('wanted'))
        tell('recording', camera, { type: 'camera.resized', width, height }, cause);
    },
    endShowsOf(camera, cause) {
      for (const viewer of cells.list('viewer')) {
        if (viewer.tags.includes('open') && sight<ViewerSight>(viewer).camera === camera) {
          tell('viewer', viewer.id, { type: 'camera.removed' }, cause);
        }
      }
      for (const broadcast of broadcasts()) {
        if (sight<BroadcastSight>(broadcast).camera !== camera) continue;
        tell('broadcast', broadcast.id, { type: 'broadcast.stopped', by: 'the removal of its camera' }, cause);
      }
    },
  };
}
