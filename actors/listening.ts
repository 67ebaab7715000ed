import type { Id } from '../bus/identity.ts';
import { sight, unlessGone } from './acquaintance/telling.ts';
import { CellExists, type Cells, type CellView } from './cells.ts';
import type { Roster } from './roster.ts';

/** The parts of other cells' contexts that matter here. */
interface SoundSight {
  zone: string;
  picture: boolean;
  audience: string[];
}
interface CameraSight {
  settings?: { zone: string };
}

const soundAt = (camera: string) => ({ kind: 'sound' as const, id: camera as Id });
const zoneOf = (camera: CellView): string => sight<CameraSight>(camera).settings?.zone ?? '';

/** What a camera's sound does not know of it yet. */
function news(camera: CellView, sound: CellView): { type: string; [field: string]: unknown }[] {
  if (camera.tags.includes('over')) return [{ type: 'sound.removed' }];
  const { zone, picture } = sight<SoundSight>(sound);
  return [
    ...(zone === zoneOf(camera) ? [] : [{ type: 'sound.configured', zone: zoneOf(camera) }]),
    ...(!picture && camera.tags.includes('watchable') ? [{ type: 'camera.watchable' }] : []),
    ...(picture && camera.tags.includes('dark') ? [{ type: 'camera.dark', detail: camera.why.text }] : []),
  ];
}

/**
 * Has a session listen to a camera; who is the first to do so makes the camera's sound cell.
 * @throws what offering to a cell throws
 */
export async function listenTo(cells: Cells, camera: CellView, viewer: Id): Promise<void> {
  const at = soundAt(camera.id);
  const known = cells.view(at);
  if (!known || known.tags.includes('over')) {
    await cells.create(at, { type: 'sound.configured', zone: zoneOf(camera) }).catch((error: unknown) => {
      if (!(error instanceof CellExists)) throw error; // somebody else was first
    });
  }
  const sound = cells.view(at);
  if (sound) for (const event of news(camera, sound)) await cells.offer(at, event);
  await cells.offer(at, { type: 'audience.joined', viewer });
}

/** A session listens no more. */
export function stopListening(cells: Cells, camera: Id, viewer: Id, cause?: string): Promise<unknown> {
  const sound = cells.view(soundAt(camera));
  if (!sound || !sight<SoundSight>(sound).audience.includes(viewer)) return Promise.resolve();
  return cells.offer(soundAt(camera), { type: 'audience.left', viewer }, cause);
}

/**
 * What the sound of a camera hears of it, and of those who listened.
 * @param roster the cells whose facts are heard
 * @param onFault an offer that failed for another reason than that its cell is gone
 * @param cells those who may have to know; default: the cells whose facts are heard
 * @returns how to stop it
 */
export function acquaintSounds(roster: Roster, onFault: (error: Error) => void, cells: Cells = roster): () => void {
  const tell = (camera: CellView, cause?: string) => {
    const sound = cells.view(soundAt(camera.id));
    if (!sound || sound.tags.includes('over')) return;
    for (const event of news(camera, sound)) {
      cells.offer(soundAt(camera.id), event, cause).catch(unlessGone(onFault));
    }
  };
  for (const camera of cells.list('camera')) tell(camera);
  return roster.onFact((fact, view) => {
    if (view.kind === 'camera') tell(view, fact.id);
    if (fact.type !== 'signalbox.viewer.ended') return;
    const { camera } = sight<{ camera: Id }>(view);
    stopListening(cells, camera, view.id, fact.id).catch(unlessGone(onFault));
  });
}
