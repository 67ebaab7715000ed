import { isDeepStrictEqual } from 'node:util';
import type { Cells } from '../../actors/cells.ts';
import type { Id } from '../../bus/identity.ts';
import type { Address } from '../../bus/subjects.ts';
import type { PlacedCamera } from '../config/overlay.ts';

/**
 * Has every camera that can be moved its PTZ cell.
 * @param belongsHere which cells are this gateway's to care for; the others' are theirs
 */
export async function settlePtz(
  cells: Cells,
  belongsHere: (at: Address) => boolean,
  cameras: ReadonlyMap<Id, PlacedCamera>,
  by?: string,
): Promise<void> {
  const settle = async (camera: Id, { settings, device }: PlacedCamera): Promise<void> => {
    const at = { kind: 'ptz' as const, id: camera };
    if (!device || !belongsHere(at)) return;
    // Most cameras have one user for both; who has two writes the other into the address.
    const credential = device.credential ?? settings.sources[0]?.credential;
    const wanted = { zone: settings.zone, url: device.url, ...(credential === undefined ? {} : { credential }) };
    const view = cells.view(at);
    const known = view && !view.tags.includes('over') ? view.context : undefined;
    const { zone, url, credential: former } = known ?? {};
    if (known && isDeepStrictEqual({ zone, url, ...(former === undefined ? {} : { credential: former }) }, wanted))
      return;
    const event = { type: 'ptz.configured', ...wanted };
    await (known ? cells.offer(at, event, by) : cells.create(at, event, by));
  };
  await Promise.all([...cameras].map(([camera, placed]) => settle(camera, placed)));
  const gone = cells
    .list('ptz')
    .filter((view) => !cameras.get(view.id)?.device && belongsHere(view) && !view.tags.includes('over'));
  await Promise.all(gone.map(({ id }) => cells.offer({ kind: 'ptz', id }, { type: 'ptz.removed' }, by)));
}
