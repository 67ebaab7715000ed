import type { Id } from '../bus/identity.ts';
import type { IncidentContext } from '../machines/incident.ts';
import { access } from '../machines/policy/access.ts';
import { grantedCameras } from '../machines/policy/grants.ts';
import type { ViewerContext } from '../machines/viewer/context.ts';
import type { Cells, CellView } from './cells.ts';
import { NoPusher, requestBroadcast } from './pushing.ts';
import type { Roster } from './roster.ts';

const incidentOf = (view: CellView): IncidentContext => view.context as unknown as IncidentContext;
const viewerOf = (view: CellView): ViewerContext => view.context as unknown as ViewerContext;

/** How a broadcast names the incident that asked for it. */
const signature = (incident: string): string => `incident ${incident}`;

/**
 * Raises what an incident raises, and lowers it again when no other running incident wants it: its cameras are kept
 * awake, its broadcasts run, and who was let in by it alone is cut when it ends.
 * @param roster the cells whose facts are heard: each incident is raised by the gateway where it lives
 * @param addressOf where a destination of the configuration is; undefined when it has none of that name
 * @returns how to stop it
 */
export function raiseIncidents(
  roster: Roster,
  cells: Cells,
  addressOf: (destination: string) => { to: string; encoded: boolean } | undefined,
  onFault: (error: Error) => void,
): () => void {
  const running = () => cells.list('incident').filter(({ tags }) => tags.includes('running'));
  const offer = (kind: 'camera' | 'viewer' | 'broadcast' | 'incident', id: string, event: { type: string }) =>
    cells.offer({ kind, id: id as Id }, event);

  /** Pushes one camera of an incident. Resolves to what went wrong, if anything. */
  const push = async (incident: string, camera: string, destination: string): Promise<string | undefined> => {
    const found = addressOf(destination);
    if (found === undefined) return `the configuration has no destination ${destination}`;
    try {
      await requestBroadcast(cells, { camera: camera as Id, destination, ...found, by: signature(incident) });
      return undefined;
    } catch (error) {
      if (error instanceof NoPusher) return `${camera} to ${destination}: ${error.message}`;
      throw error;
    }
  };

  const raise = async (view: CellView): Promise<void> => {
    const { cameras, destinations, drill } = incidentOf(view);
    const present = cameras.filter(
      (camera) => cells.view({ kind: 'camera', id: camera as Id })?.tags.includes('over') === false,
    );
    const failed = cameras
      .filter((camera) => !present.includes(camera))
      .map((camera) => `there is no camera ${camera}`);
    await Promise.all(present.map((camera) => offer('camera', camera, joined(view.id))));
    const wanted = drill
      ? []
      : present.flatMap((camera) => destinations.map((destination) => ({ camera, destination })));
    const pushed = await Promise.all(wanted.map(({ camera, destination }) => push(view.id, camera, destination)));
    const faults = [...failed, ...pushed.filter((fault) => fault !== undefined)];
    const broadcasts = pushed.filter((fault) => fault === undefined).length;
    const told = { type: 'incident.raised', cameras: present.length, broadcasts, failed: faults };
    await offer('incident', view.id, told);
  };

  const lower = async (view: CellView): Promise<void> => {
    for (const camera of incidentOf(view).cameras) {
      if (cells.view({ kind: 'camera', id: camera as Id })) await offer('camera', camera, left(view.id));
    }
    await lowerBroadcasts();
    await cutGuests(view);
  };

  /** Stops what only incidents wanted that are over; one that still runs takes a broadcast over. */
  const lowerBroadcasts = async (): Promise<void> => {
    for (const broadcast of cells.list('broadcast')) {
      const { by, camera, destination } = broadcast.context as { by: string; camera: string; destination: string };
      if (!broadcast.tags.includes('wanted') || !by.startsWith(signature(''))) continue;
      const wanting = running().filter((one) => {
        const { cameras, destinations, drill } = incidentOf(one);
        return !drill && cameras.includes(camera) && destinations.includes(destination);
      });
      if (wanting.length === 0) await offer('broadcast', broadcast.id, stopped(by));
    }
  };

  /** Ends the sessions of people whom nothing lets in any more. */
  const cutGuests = async (view: CellView): Promise<void> => {
    const { cameras } = incidentOf(view);
    const openings = running().map(incidentOf);
    for (const viewer of cells.list('viewer')) {
      const { subject, camera, zone } = viewerOf(viewer);
      if (!subject || !viewer.tags.includes('open') || !cameras.includes(camera)) continue;
      const rights = { ...subject, granted: grantedCameras(openings, subject) };
      if (!access(rights, { camera, zone }, 'watch').allowed) await offer('viewer', viewer.id, revoked(view.id));
    }
  };

  const attempt = (work: Promise<void>) => void work.catch(onFault);
  // What a crash left half raised or half lowered is finished now.
  for (const view of cells.list('incident')) {
    if (view.state === 'declared') attempt(raise(view));
    if (!view.tags.includes('running')) attempt(cutGuests(view));
  }
  attempt(lowerBroadcasts());

  return roster.onFact((fact, view) => {
    if (fact.type === 'signalbox.incident.declared') attempt(raise(view));
    if (fact.type === 'signalbox.incident.closed') attempt(lower(view));
  });
}

const joined = (incident: string) => ({ type: 'audience.joined', viewer: incident });
const left = (incident: string) => ({ type: 'audience.left', viewer: incident });
const stopped = (by: string) => ({ type: 'broadcast.stopped', by: `the end of ${by}` });
const revoked = (incident: string) => ({
  type: 'viewer.revoked',
  by: signature(incident),
  reason: 'the incident is over',
});
