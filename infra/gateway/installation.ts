import { setTimeout as wait } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { CellDown, type Cells } from '../../actors/cells.ts';
import { urgentCameras } from '../../actors/emergency/running.ts';
import type { Secrets } from '../../adapters/secrets.files.ts';
import type { CameraSettings } from '../../bus/events/camera.ts';
import type { Id } from '../../bus/identity.ts';
import type { Address } from '../../bus/subjects.ts';
import { cameraInput } from '../config/camera-input.ts';
import type { Config } from '../config/model.ts';
import { cameraSettings, forgetUnusedLogins, type Overlay, type PlacedCamera } from '../config/overlay.ts';
import type { Group } from '../group.ts';
import type { Overlay as CameraChanges } from '../http/services.ts';
import type { CameraZones } from '../nats/accounts.ts';
import { settlePtz } from './ptz.ts';
import { settleRecordings } from './recordings.ts';
import { settleRelays } from './relays.ts';
import { settleRenditions } from './renditions.ts';

/** The cameras and relays that there should be, and how cells come to match. */
export interface Installation {
  /** Has the cells match a configuration: creates, changes and removes what differs. */
  apply(config: Config): Promise<void>;
  /** The same for the configuration that is in effect, after cells have come here or gone. */
  review(): Promise<void>;
  /** The same for some cameras and what is made of them, wherever they live: their quality is another one now. */
  settleQuality(cameras: readonly Id[], by: string): Promise<void>;
  /** Changes over the API. */
  changes: CameraChanges;
}

/** What the installation needs of the house. */
export interface InstallationParts {
  group: Group;
  cells: Cells;
  /** Whether a cell is this gateway's to care for; the others see to theirs. */
  belongsHere(at: Address): boolean;
  overlay: Overlay;
  secrets: Secrets;
  /** Has the process of a relay run that was removed and is listed again. */
  startRelay?(relay: string): Promise<void>;
  /** When a file was saved (epoch ms): each machine has one of its own, and the newest counts. Absent: there is but one. */
  savedAt?(file: string): number;
  /** All cameras, each time they change. */
  onCameras(cameras: ReadonlyMap<Id, CameraSettings>): void;
  /** In which zone each camera is: those who hear facts of zones elsewhere do so accordingly once it resolves. */
  placeCameras(zones: CameraZones): Promise<void>;
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

/** The zone in which a camera is, as its cell knows it. */
function zoneNow(cells: Pick<Cells, 'view'>, camera: Id): string | undefined {
  const settings = cells.view({ kind: 'camera', id: camera })?.context.settings as CameraSettings | undefined;
  return settings?.zone;
}

/** Within this time the changed configuration file is saved on every host. */
const SHARED_LOGIN_MS = 600_000;
/** Another gateway is known as a member within half a second. */
const APPLY_AGAIN_MS = 300;
const APPLY_ATTEMPTS = 10;

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
    const raised = settings.eye || urgentCameras(cells).has(camera);
    const wanted = JSON.parse(JSON.stringify({ ...settings, eye: raised })) as CameraSettings;
    if (isDeepStrictEqual(known, wanted)) return;
    const event = { type: 'camera.configured', settings: wanted };
    await (known ? cells.offer(at, event, by) : cells.create(at, event, by));
  };

  /** @param changed the camera that somebody changed here, wherever it lives */
  const applyCameras = async (by?: string, changed?: Id): Promise<void> => {
    const isOurs = (id: Id) => id === changed || parts.belongsHere({ kind: 'camera', id });
    placed = cameraSettings(current, overlay, secrets);
    if (group.demo) placeDemoSources(placed, group);
    parts.onCameras(new Map([...placed].map(([camera, { settings }]) => [camera, settings])));
    const ours = [...placed].filter(([camera]) => isOurs(camera));
    const zones = new Map([...placed].map(([camera, { settings }]) => [camera, settings.zone]));
    // What moves is heard in no zone until it stands where it goes.
    await parts.placeCameras(new Map([...zones].filter(([camera, zone]) => zoneNow(cells, camera) === zone)));
    await Promise.all(ours.map(([camera, { settings }]) => settle(camera, settings, by)));
    const gone = cells
      .list('camera')
      .filter((view) => !placed.has(view.id) && isOurs(view.id) && !view.tags.includes('over'));
    await Promise.all(gone.map(({ id }) => cells.offer({ kind: 'camera', id }, { type: 'camera.removed' }, by)));
    await parts.placeCameras(zones);
    const isCaredFor = (at: Address) => at.id === changed || parts.belongsHere(at);
    await settleRenditions(cells, isCaredFor, placed, by);
    await settleRecordings(cells, isCaredFor, placed, by);
    await settlePtz(cells, ({ id }) => isOurs(id), placed, by);
    forgetUnusedLogins(placed, secrets, group.cluster ? SHARED_LOGIN_MS : 0);
  };

  // One at a time: two that create the same cell would get in each other's way.
  let last: Promise<void> = Promise.resolve();
  const inTurn = (work: () => Promise<void>): Promise<void> => {
    const turn = last.then(work);
    last = turn.catch(() => {});
    return turn;
  };

  /** Gateways that start together may both create a cell: the fence lets one of them, and the other looks again. */
  const applyAll = async (): Promise<void> => {
    for (let attempt = 1; ; attempt++) {
      try {
        const savedAt = parts.savedAt?.(current.file);
        await settleRelays(cells, parts.belongsHere, { group, config: current, savedAt }, parts.startRelay);
        return await applyCameras();
      } catch (error) {
        if (!(error instanceof CellDown) || attempt === APPLY_ATTEMPTS) throw error;
        await wait(APPLY_AGAIN_MS);
      }
    }
  };

  return {
    apply(next) {
      current = next;
      return inTurn(applyAll);
    },
    review: () => inTurn(applyAll),
    settleQuality: (cameras, by) =>
      inTurn(async () => {
        const concerned = new Set<string>(cameras);
        const ours = [...placed].filter(([camera]) => concerned.has(camera));
        await Promise.all(ours.map(([camera, { settings }]) => settle(camera, settings, by)));
        await settleRenditions(cells, ({ id }) => concerned.has(id), placed, by);
      }),
    changes: {
      async add(camera, settings) {
        overlay.add(camera, cameraInput.parse(settings), current);
        await inTurn(() => applyCameras(undefined, camera));
      },
      async patch(camera, change) {
        overlay.change(camera, cameraInput.parse(change), current);
        await inTurn(() => applyCameras(undefined, camera));
      },
      async remove(camera) {
        overlay.remove(camera, current);
        await inTurn(() => applyCameras(undefined, camera));
      },
      origin: (camera) => {
        if (overlay.cameras().has(camera)) return 'overlay';
        return current.cameras.has(camera) ? 'file' : undefined;
      },
    },
  };
}
