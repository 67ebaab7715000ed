import type { Id } from '../bus/identity.ts';
import type { IncidentContext } from '../machines/incident.ts';
import { access } from '../machines/policy/access.ts';
import { grantedCameras } from '../machines/policy/grants.ts';
import type { RecordingContext } from '../machines/recording.ts';
import type { ViewerContext } from '../machines/viewer/context.ts';
import { CellExists, type Cells, type CellView } from './cells.ts';
import { type BroadcastWish, NoPusher, requestBroadcast } from './pushing.ts';
import type { Roster } from './roster.ts';

const incidentOf = (view: CellView): IncidentContext => view.context as unknown as IncidentContext;
const viewerOf = (view: CellView): ViewerContext => view.context as unknown as ViewerContext;

/** What could not be raised or lowered, as a store or another gateway was away, is tried again after this long. */
const AGAIN_MS = 1_000;

/** Encoders that begin would hold up pushes that begin: they wait for those, but no longer. */
const PUSHES_FIRST_MS = 3_000;

/** How long what an incident had recorded is kept beside its protection, where the camera's settings say nothing. */
const RECORDED_FOR_MS = 7 * 24 * 3_600_000;

/** How a broadcast names the incident that asked for it. */
const signature = (incident: string): string => `incident ${incident}`;

/** The incidents that run, wherever they live. */
const running = (cells: Pick<Cells, 'list'>): IncidentContext[] =>
  cells
    .list('incident')
    .filter(({ tags }) => tags.includes('running'))
    .map(incidentOf);

/** The cameras that running incidents are about: what is done for them lasts until the last of those is over. */
export const urgentCameras = (cells: Pick<Cells, 'list'>): Set<string> =>
  new Set(running(cells).flatMap(({ cameras }) => cameras));

/** What raising needs of the house. */
export interface EmergencyHouse {
  /** The cells that live here: each incident is raised and lowered by the gateway where it lives. */
  roster: Roster;
  cells: Cells;
  /** A destination of the configuration: where it is, and whether an encoder has to work for it. */
  addressOf(destination: string): Pick<BroadcastWish, 'to' | 'encoded' | 'encodesAt'> | undefined;
  /** Brings cameras to the quality that they shall have now: the best while an incident is about them. */
  settleQuality(cameras: Id[], cause: string): Promise<void>;
  later(ms: number, run: () => void): void;
  onFault(error: Error): void;
}

/** The raising of incidents as it goes on. */
export interface Raising {
  /** Cells have come here from another gateway: what it left half raised or half lowered is finished. */
  review(): void;
  stop(): void;
}

/**
 * Raises what an incident raises, and lowers it again when no other running incident wants it: its cameras are kept
 * awake, at their best and recorded, its broadcasts run, and who was let in by it alone is cut when it ends.
 */
export function raiseIncidents(house: EmergencyHouse): Raising {
  const { roster, cells, addressOf, settleQuality } = house;
  const offer = (
    kind: 'camera' | 'viewer' | 'broadcast' | 'incident' | 'recording',
    id: string,
    event: { type: string },
  ) => cells.offer({ kind, id: id as Id }, event);

  /** Pushes one camera of an incident. Resolves to what went wrong, if anything. */
  const push = async (incident: string, camera: string, destination: string): Promise<string | undefined> => {
    const found = addressOf(destination);
    if (found === undefined) return `the configuration has no destination ${destination}`;
    try {
      await requestBroadcast(cells, { camera: camera as Id, destination, ...found, by: signature(incident) });
      return undefined;
    } catch (error) {
      if (error instanceof NoPusher) return `${camera} to ${destination}: ${error.message}`;
      if (error instanceof CellExists) return undefined; // another incident asked in the same moment
      throw error;
    }
  };

  /** Has a camera recorded, whatever its settings say, and what is recorded kept. */
  const record = async (incident: string, camera: string): Promise<void> => {
    const at = { kind: 'recording' as const, id: camera as Id };
    const view = cells.view(at);
    if (!view || view.tags.includes('over')) {
      const { zone = '' } = (cells.view({ ...at, kind: 'camera' })?.context.settings ?? {}) as { zone?: string };
      const settings = { type: 'recording.configured', zone, wanted: false, keep_ms: RECORDED_FOR_MS };
      await cells.create(at, settings).catch((error) => {
        if (!(error instanceof CellExists)) throw error; // another incident asked in the same moment
      });
    }
    await offer('recording', camera, demanded(incident));
  };

  /** Recordings that only incidents wanted end with the last of them; what was recorded stays protected. */
  const lowerRecordings = async (recordings: CellView[]): Promise<void> => {
    const wanted = new Set(running(cells).map(({ id }) => id));
    for (const { id, context } of recordings) {
      for (const holder of (context as unknown as RecordingContext).holders) {
        if (!wanted.has(holder)) await offer('recording', id, released(holder));
      }
    }
  };

  const connects = (cameras: readonly string[]): boolean =>
    cells
      .list('broadcast')
      .some(({ state, context }) => state === 'connecting' && cameras.includes(String(context.camera)));
  /** Resolves when no push of these cameras is just being begun. */
  const pushesFirst = (cameras: readonly string[]): Promise<void> =>
    new Promise((resolve) => {
      const done = () => {
        stopLooking();
        resolve();
      };
      const stopLooking = cells.onTurn(({ kind }) => {
        if (kind === 'broadcast' && !connects(cameras)) done();
      });
      if (connects(cameras)) house.later(PUSHES_FIRST_MS, done);
      else done();
    });

  const underWay = new Set<string>();
  const raise = async (view: CellView): Promise<void> => {
    if (underWay.has(view.id)) return;
    underWay.add(view.id);
    await raiseAll(view).finally(() => underWay.delete(view.id));
  };

  const raiseAll = async (view: CellView): Promise<void> => {
    const { cameras, destinations, drill } = incidentOf(view);
    const present = cameras.filter(
      (camera) => cells.view({ kind: 'camera', id: camera as Id })?.tags.includes('over') === false,
    );
    const failed = cameras
      .filter((camera) => !present.includes(camera))
      .map((camera) => `there is no camera ${camera}`);
    await Promise.all(present.map((camera) => offer('camera', camera, joined(view.id))));
    await Promise.all(present.map((camera) => record(view.id, camera)));
    const wanted = drill
      ? []
      : present.flatMap((camera) => destinations.map((destination) => ({ camera, destination })));
    const pushed = await Promise.all(wanted.map(({ camera, destination }) => push(view.id, camera, destination)));
    // Quality costs most, and comes when the pushes are on air, or will not be soon.
    await pushesFirst(wanted.map(({ camera }) => camera));
    const worse = await settleQuality(present as Id[], view.id).then(
      () => [],
      (error: Error) => [`the quality is what it was: ${error.message}`],
    );
    const faults = [...failed, ...pushed.filter((fault) => fault !== undefined), ...worse];
    const broadcasts = pushed.filter((fault) => fault === undefined).length;
    const done = { cameras: present.length, broadcasts, best: worse.length === 0 };
    const told = { type: 'incident.raised', ...done, failed: faults };
    await offer('incident', view.id, told);
  };

  const lower = async (view: CellView): Promise<void> => {
    const present = incidentOf(view).cameras.filter((camera) => cells.view({ kind: 'camera', id: camera as Id }));
    for (const camera of present) await offer('camera', camera, left(view.id));
    await lowerBroadcasts(cells.list('broadcast'));
    await lowerRecordings(cells.list('recording'));
    await cutGuests([view], cells.list('viewer'));
    await settleQuality(present as Id[], view.id);
  };

  /** Stops what only incidents wanted that are over; one that still runs takes a broadcast over. */
  const lowerBroadcasts = async (broadcasts: CellView[]): Promise<void> => {
    for (const broadcast of broadcasts) {
      const { by, camera, destination } = broadcast.context as { by: string; camera: string; destination: string };
      if (!broadcast.tags.includes('wanted') || !by.startsWith(signature(''))) continue;
      const isWanted = running(cells).some(
        (one) => !one.drill && one.cameras.includes(camera) && one.destinations.includes(destination),
      );
      if (!isWanted) await offer('broadcast', broadcast.id, stopped(by));
    }
  };

  /** Ends the sessions of people whom nothing lets in any more, now that these incidents are over. */
  const cutGuests = async (over: CellView[], viewers: CellView[]): Promise<void> => {
    const endedBy = new Map(over.flatMap((view) => incidentOf(view).cameras.map((camera) => [camera, view.id])));
    const openings = running(cells);
    for (const viewer of viewers) {
      const { subject, camera, zone } = viewerOf(viewer);
      const incident = endedBy.get(camera);
      if (!subject || !viewer.tags.includes('open') || incident === undefined) continue;
      const rights = { ...subject, granted: grantedCameras(openings, subject) };
      if (!access(rights, { camera, zone }, 'watch').allowed) await offer('viewer', viewer.id, revoked(incident));
    }
  };

  /** Closed incidents whose lowering has not come to its end. */
  const unlowered = new Set<string>();
  const lowerAtLast = async (view: CellView): Promise<void> => {
    unlowered.add(view.id);
    await lower(view);
    unlowered.delete(view.id);
  };

  let isDue = false;
  let isStopped = false;
  /** However much has failed, it is gone through once more. */
  const again = (): void => {
    if (isDue) return;
    isDue = true;
    house.later(AGAIN_MS, () => {
      isDue = false;
      if (!isStopped) review();
    });
  };
  const attempt = (work: Promise<void>) =>
    void work.catch((error) => {
      house.onFault(error);
      again();
    });
  const review = (): void => {
    const ours = roster.list('incident');
    for (const view of ours) if (view.state === 'declared') attempt(raise(view));
    const over = ours.filter(({ tags }) => tags.includes('over'));
    for (const view of over) if (unlowered.has(view.id)) attempt(lowerAtLast(view));
    attempt(cutGuests(over, cells.list('viewer')));
    attempt(lowerBroadcasts(roster.list('broadcast')));
    attempt(lowerRecordings(roster.list('recording')));
  };

  const stop = roster.onFact((fact, view) => {
    if (fact.type === 'signalbox.incident.declared') attempt(raise(view));
    if (fact.type === 'signalbox.incident.closed') attempt(lowerAtLast(view));
  });
  review();
  return {
    review,
    stop() {
      isStopped = true;
      stop();
    },
  };
}

const joined = (incident: string) => ({ type: 'audience.joined', viewer: incident });
const left = (incident: string) => ({ type: 'audience.left', viewer: incident });
const demanded = (holder: string) => ({ type: 'recording.demanded', holder });
const released = (holder: string) => ({ type: 'recording.released', holder });
const stopped = (by: string) => ({ type: 'broadcast.stopped', by: `the end of ${by}` });
const revoked = (incident: string) => ({
  type: 'viewer.revoked',
  by: signature(incident),
  reason: 'the incident is over',
});
