import type { Id } from '../../bus/identity.ts';
import { CellExists, type Cells, type CellView } from '../cells.ts';
import { type BroadcastWish, NoPusher, requestBroadcast } from '../pushing.ts';
import { runningIncidents, signature } from './running.ts';

/** Encoders that begin would hold up pushes that begin: they wait for those, but no longer. */
const PUSHES_FIRST_MS = 3_000;

/** A destination of the configuration: where it is, and whether an encoder has to work for it. */
export type FoundDestination = Pick<BroadcastWish, 'to' | 'encoded' | 'encodesAt'>;

const stopped = (by: string) => ({ type: 'broadcast.stopped', by: `the end of ${by}` });

/** Pushes one camera of an incident. Resolves to what went wrong, if anything. */
export async function pushFor(
  cells: Cells,
  incident: string,
  { camera, destination }: { camera: string; destination: string },
  found: FoundDestination | undefined,
): Promise<string | undefined> {
  if (found === undefined) return `the configuration has no destination ${destination}`;
  try {
    await requestBroadcast(cells, { camera: camera as Id, destination, ...found, by: signature(incident) });
    return undefined;
  } catch (error) {
    if (error instanceof NoPusher) return `${camera} to ${destination}: ${error.message}`;
    if (error instanceof CellExists) return undefined; // another incident asked in the same moment
    throw error;
  }
}

/** Resolves when no push of these cameras is just being begun, or that takes too long. */
export function pushesFirst(
  cells: Cells,
  cameras: readonly string[],
  later: (ms: number, run: () => void) => void,
): Promise<void> {
  const begin = (): boolean =>
    cells
      .list('broadcast')
      .some(({ state, context }) => state === 'connecting' && cameras.includes(String(context.camera)));
  return new Promise((resolve) => {
    const done = () => {
      stopLooking();
      resolve();
    };
    const stopLooking = cells.onTurn(({ kind }) => {
      if (kind === 'broadcast' && !begin()) done();
    });
    if (begin()) later(PUSHES_FIRST_MS, done);
    else done();
  });
}

/** Stops what only incidents wanted that are over; one that still runs takes a broadcast over. */
export async function lowerPushes(cells: Cells, broadcasts: readonly CellView[]): Promise<void> {
  for (const { id, tags, context } of broadcasts) {
    const { by, camera, destination } = context as { by: string; camera: string; destination: string };
    if (!tags.includes('wanted') || !by.startsWith(signature(''))) continue;
    const isWanted = runningIncidents(cells).some(
      (one) => !one.drill && one.cameras.includes(camera) && one.destinations.includes(destination),
    );
    if (!isWanted) await cells.offer({ kind: 'broadcast', id }, stopped(by));
  }
}
