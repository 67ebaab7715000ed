import type { Id } from '../bus/identity.ts';
import type { Cells, CellView } from './cells.ts';
import { cutGuests } from './emergency/guests.ts';
import { type FoundDestination, lowerPushes, pushesFirst, pushFor } from './emergency/pushes.ts';
import { lowerRecordings, recordFor } from './emergency/recordings.ts';
import { incidentOf } from './emergency/running.ts';
import type { Roster } from './roster.ts';

/** What could not be raised or lowered, as a store or another gateway was away, is tried again after this long. */
const AGAIN_MS = 1_000;

/** What raising needs of the house. */
export interface EmergencyHouse {
  /** The cells that live here: each incident is raised and lowered by the gateway where it lives. */
  roster: Roster;
  cells: Cells;
  addressOf(destination: string): FoundDestination | undefined;
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

const joined = (incident: string) => ({ type: 'audience.joined', viewer: incident });
const left = (incident: string) => ({ type: 'audience.left', viewer: incident });

/**
 * Raises what an incident raises, and lowers it again when no other running incident wants it: its cameras are kept
 * awake, at their best and recorded, its broadcasts run, and who was let in by it alone is cut when it ends.
 */
export function raiseIncidents(house: EmergencyHouse): Raising {
  const { roster, cells, addressOf, settleQuality } = house;
  const tellCamera = (camera: string, event: { type: string }) =>
    cells.offer({ kind: 'camera', id: camera as Id }, event);
  const cameraOf = (camera: string) => cells.view({ kind: 'camera', id: camera as Id });

  const underWay = new Set<string>();
  const raise = async (view: CellView): Promise<void> => {
    if (underWay.has(view.id)) return;
    underWay.add(view.id);
    await raiseAll(view).finally(() => underWay.delete(view.id));
  };

  const raiseAll = async (view: CellView): Promise<void> => {
    const { id } = view;
    const { cameras, destinations, drill } = incidentOf(view);
    const present = cameras.filter((camera) => cameraOf(camera)?.tags.includes('over') === false);
    const absent = cameras.filter((camera) => !present.includes(camera));
    await Promise.all(present.map((camera) => tellCamera(camera, joined(id))));
    const wanted = present.flatMap((camera) => destinations.map((destination) => ({ camera, destination })));
    const pushes = drill ? [] : wanted;
    // A push waits for no recording that can't be begun just now.
    const [pushed] = await Promise.all([
      Promise.all(pushes.map((one) => pushFor(cells, id, one, addressOf(one.destination)))),
      Promise.all(present.map((camera) => recordFor(cells, id, camera))),
    ]);
    // Quality costs most, and comes when the pushes are on air, or will not be soon.
    await pushesFirst(cells, drill ? [] : present, house.later);
    const worse = await settleQuality(present as Id[], id).then(
      () => [],
      (error: Error) => [`the quality is what it was: ${error.message}`],
    );
    const unpushed = pushed.filter((fault) => fault !== undefined);
    const failed = [...absent.map((camera) => `there is no camera ${camera}`), ...unpushed, ...worse];
    const done = { cameras: present.length, broadcasts: pushed.length - unpushed.length, best: worse.length === 0 };
    await cells.offer({ kind: 'incident', id }, { type: 'incident.raised', ...done, failed });
  };

  const lower = async (view: CellView): Promise<void> => {
    const present = incidentOf(view).cameras.filter((camera) => cameraOf(camera));
    for (const camera of present) await tellCamera(camera, left(view.id));
    await lowerPushes(cells, cells.list('broadcast'));
    await lowerRecordings(cells, cells.list('recording'));
    await cutGuests(cells, [view]);
    await settleQuality(present as Id[], view.id);
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
    attempt(cutGuests(cells, over));
    attempt(lowerPushes(cells, roster.list('broadcast')));
    attempt(lowerRecordings(cells, roster.list('recording')));
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
