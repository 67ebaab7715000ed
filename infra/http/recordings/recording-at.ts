import type { CellView } from '../../../actors/cells.ts';
import type { Id } from '../../../bus/identity.ts';
import { Refusal } from '../errors.ts';
import type { HttpServices } from '../services.ts';

/** The recording of a camera. @throws Refusal when it is not recorded */
export function recordingAt(cells: Pick<HttpServices['cells'], 'view'>, camera: Id): CellView {
  const view = cells.view({ kind: 'recording', id: camera });
  if (!view) throw new Refusal(404, 'not-recorded', `Camera ${camera} is not recorded: set record in its settings.`);
  return view;
}
