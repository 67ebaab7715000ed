import { isDeepStrictEqual } from 'node:util';
import type { Cells } from '../../actors/cells.ts';
import type { Secrets } from '../../adapters/secrets.files.ts';
import type { CameraSettings } from '../../bus/events/camera.ts';
import type { Id } from '../../bus/identity.ts';
import type { Config } from '../config/model.ts';
import { cameraInput, cameraSettings, forgetUnusedLogins, type Overlay, type PlacedCamera } from '../config/overlay.ts';
import type { Group } from '../group.ts';
import type { Overlay as CameraChanges } from '../http/services.ts';
import { settleRenditions } from './renditions.ts';

/** The cameras and relays that there should be, and how cells come to match. */
export interface Installation {
  /** Has the cells match a configuration: creates, changes and removes what differs. */
  apply(config: Config): Promise<void>;
  /** Changes over the API. */
  changes: CameraChanges;
}

/** What the installation needs of the house. */
export interface InstallationParts {
  group: Group;
  cells: Cells;
  overlay: Overlay;
  secrets: Secrets;
  /** The ids of all cameras, each time they change. */
  onCameras(cameras: Id[]): void;
}

/** In the demo, the cameras that the launcher runs are found where it runs them. */
function placeDemoSources(cameras: Map<Id, PlacedCamera>, group: Group): void {
  for (const demo of group.demoCameras) {
    const camera = cameras.get(demo.id as Id);
    if (!camera) continue;
    const sources = demo.sources.map((url, index) => ({ id: String(index), url }));
    cameras.set(demo.id as Id, { ...camera, settings: { ...camera.settings, sources } });
  }
}

/** Keeps cells and configuration together. */
export function keepInstallation(config: Config, parts: InstallationParts): Installation {
  const { cells, overlay, secrets, group } = parts;
  let current = config;
  let placed = new Map<Id, PlacedCamera>();

  const settle = async (camera: Id, settings: CameraSettings, by?: string): Promise<void> => {
    const at = { kind: 'camera' as const, id: camera };
    const view = cells.view(at);
    const known = view?.tags.includes('over') ? undefined : view?.context.settings;
    // A setting that is absent and one that is undefined are the same setting.
    const wanted = JSON.parse(JSON.stringify(settings)) as CameraSettings;
    if (isDeepStrictEqual(known, wanted)) return;
    const event = { type: 'camera.configured', settings: wanted };
    await (known ? cells.offer(at, event, by) : cells.create(at, event, by));
  };

  const applyCameras = async (by?: string): Promise<void> => {
    placed = cameraSettings(current, overlay, secrets);
    if (group.demo) placeDemoSources(placed, group);
    parts.onCameras([...placed.keys()]);
    await Promise.all([...placed].map(([camera, { settings }]) => settle(camera, settings, by)));
    const gone = cells.list('camera').filter((view) => !placed.has(view.id) && !view.tags.includes('over'));
    await Promise.all(gone.map(({ id }) => cells.offer({ kind: 'camera', id }, { type: 'camera.removed' }, by)));
    await settleRenditions(cells, placed, current.ladders, by);
    forgetUnusedLogins(placed, secrets);
  };

  const applyRelays = async (): Promise<void> => {
    for (const { id, role, region, weight } of group.relays) {
      const at = { kind: 'relay' as const, id: id as Id };
      const event = { type: 'relay.configured', role, region, weight };
      const known = cells.view(at)?.context;
      if (known && known.role === role && known.region === region && known.weight === weight) continue;
      await (known ? cells.offer(at, event) : cells.create(at, event));
    }
  };

  return {
    async apply(next) {
      current = next;
      await applyRelays();
      await applyCameras();
    },
    changes: {
      async add(camera, settings) {
        overlay.add(camera, cameraInput.parse(settings), current);
        await applyCameras();
      },
      async patch(camera, change) {
        overlay.change(camera, cameraInput.parse(change), current);
        await applyCameras();
      },
      async remove(camera) {
        overlay.remove(camera, current);
        await applyCameras();
      },
      origin: (camera) => {
        const origin = placed.get(camera)?.origin;
        return origin && (origin === 'yaml' ? 'file' : 'overlay');
      },
    },
  };
}
