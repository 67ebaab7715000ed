import { isDeepStrictEqual } from 'node:util';
import type { Cells } from '../../actors/cells.ts';
import { urgentCameras } from '../../actors/emergency/running.ts';
import type { CameraSettings } from '../../bus/events/camera.ts';
import type { Id } from '../../bus/identity.ts';
import type { Address } from '../../bus/subjects.ts';
import { RUNGS, rungsNamed, USUAL_RUNGS } from '../../machines/policy/ladder.ts';

/**
 * Has every camera its rendition. A camera that names its rungs and is kept warm has them made all the time;
 * otherwise a ladder costs nothing until somebody watches it. While an incident is about a camera, all rungs are made.
 * @param belongsHere which cells are this gateway's to care for; the others' are theirs
 * @param ladders the rungs of cameras that name them
 */
export async function settleRenditions(
  cells: Cells,
  belongsHere: (at: Address) => boolean,
  cameras: ReadonlyMap<Id, { settings: CameraSettings }>,
  ladders: ReadonlyMap<Id, string[]>,
  by?: string,
): Promise<void> {
  const urgent = urgentCameras(cells);
  const settle = async (camera: Id, { zone, keep }: CameraSettings) => {
    const at = { kind: 'rendition' as const, id: camera };
    if (!belongsHere(at)) return;
    const named = ladders.get(camera);
    const wanted = urgent.has(camera)
      ? { zone, rungs: [...RUNGS], keep: 'warm' }
      : { zone, rungs: rungsNamed(named ?? USUAL_RUNGS), keep: named ? keep : 'on-demand' };
    const view = cells.view(at);
    const known = view && !view.tags.includes('over') ? view.context : undefined;
    if (known && isDeepStrictEqual({ zone: known.zone, rungs: known.wanted, keep: known.keep }, wanted)) return;
    const event = { type: 'rendition.configured', ...wanted };
    await (known ? cells.offer(at, event, by) : cells.create(at, event, by));
  };
  await Promise.all([...cameras].map(([camera, { settings }]) => settle(camera, settings)));
  const gone = cells
    .list('rendition')
    .filter((view) => !cameras.has(view.id) && belongsHere(view) && !view.tags.includes('over'));
  await Promise.all(gone.map(({ id }) => cells.offer({ kind: 'rendition', id }, { type: 'rendition.removed' }, by)));
}
