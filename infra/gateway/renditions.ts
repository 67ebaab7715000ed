import { isDeepStrictEqual } from 'node:util';
import type { Cells } from '../../actors/cells.ts';
import { urgentCameras } from '../../actors/emergency/running.ts';
import type { CameraSettings } from '../../bus/events/camera.ts';
import type { Rung } from '../../bus/events/rendition.ts';
import type { Id } from '../../bus/identity.ts';
import type { Address } from '../../bus/subjects.ts';
import { rungsNamed, USUAL_RUNGS } from '../../machines/policy/ladder.ts';
import { withUsual } from '../../machines/policy/wished-rungs.ts';

/**
 * Has every camera its rendition. A camera that has a ladder of its own and is kept warm has it made all the time;
 * otherwise a ladder costs nothing until somebody watches it. While an incident is about a camera, all rungs are made.
 * @param belongsHere which cells are this gateway's to care for; the others' are theirs
 */
export async function settleRenditions(
  cells: Cells,
  belongsHere: (at: Address) => boolean,
  cameras: ReadonlyMap<Id, { settings: CameraSettings; ladder?: readonly Rung[] }>,
  by?: string,
): Promise<void> {
  const urgent = urgentCameras(cells);
  const settle = async (camera: Id, { zone, keep }: CameraSettings, own: readonly Rung[] | undefined) => {
    const at = { kind: 'rendition' as const, id: camera };
    if (!belongsHere(at)) return;
    const rungs = own ?? rungsNamed(USUAL_RUNGS);
    const wanted = urgent.has(camera)
      ? { zone, rungs: withUsual(rungs), keep: 'warm' }
      : { zone, rungs, keep: own ? keep : 'on-demand' };
    const view = cells.view(at);
    const known = view && !view.tags.includes('over') ? view.context : undefined;
    if (known && isDeepStrictEqual({ zone: known.zone, rungs: known.wanted, keep: known.keep }, wanted)) return;
    const event = { type: 'rendition.configured', ...wanted };
    await (known ? cells.offer(at, event, by) : cells.create(at, event, by));
  };
  await Promise.all([...cameras].map(([camera, { settings, ladder }]) => settle(camera, settings, ladder)));
  const gone = cells
    .list('rendition')
    .filter((view) => !cameras.has(view.id) && belongsHere(view) && !view.tags.includes('over'));
  await Promise.all(gone.map(({ id }) => cells.offer({ kind: 'rendition', id }, { type: 'rendition.removed' }, by)));
}
