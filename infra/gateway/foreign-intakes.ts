import type { Emptied } from '../../actors/acquaintance/intakes.ts';
import type { Cells, CellView } from '../../actors/cells.ts';
import { CellDown, NoSuchCell } from '../../actors/cells.ts';
import { type Id, id } from '../../bus/identity.ts';
import type { Left } from './media/intakes.ts';

/** What heeding them needs. */
export interface ForeignIntakesParts {
  /** Every intake. */
  intakes: readonly string[];
  cells: Pick<Cells, 'view' | 'offer'> & { livesElsewhere(at: { kind: 'relay'; id: Id }): boolean };
  /** Whether a camera lives here. */
  has(camera: Id): boolean;
  /** The cameras that this gateway has pulled there go elsewhere. */
  leaveIntake(relay: string): Left;
  /** The same for an intake that shall be empty, without a picture lost. */
  emptyIntake(relay: string): Promise<Emptied>;
  onFault(error: Error): void;
}

const carries = (relay: CellView | undefined): boolean => relay?.tags.includes('serving') ?? false;

/**
 * Each gateway knows by itself which intake pulls its cameras, so that each has to notice when one falls, or shall be
 * empty. Of intakes whose cells live here a fact tells at once; those of other gateways are looked at in the mirror.
 * @returns the look; called at each beat
 */
export function heedForeignIntakes({
  intakes,
  cells,
  has,
  leaveIntake,
  emptyIntake,
  onFault,
}: ForeignIntakesParts): () => void {
  const carried = new Set<string>();
  const tell = (camera: string, relay: string): void => {
    if (!has(id(camera))) return;
    const event = { type: 'intake.lost', detail: `the intake ${relay} was lost` };
    cells.offer({ kind: 'camera', id: id(camera) }, event).catch((error) => {
      if (!(error instanceof NoSuchCell || error instanceof CellDown)) onFault(error);
    });
  };
  return () => {
    for (const relay of intakes) {
      const at = { kind: 'relay' as const, id: id(relay) };
      if (!cells.livesElsewhere(at)) carried.delete(relay);
      else if (carries(cells.view(at))) {
        carried.add(relay);
        if (cells.view(at)?.state !== 'draining') continue;
        emptyIntake(relay).then(({ lost }) => {
          for (const camera of lost) tell(camera, relay);
        }, onFault);
      } else if (carried.delete(relay)) {
        const { moved, stuck } = leaveIntake(relay);
        for (const camera of [...moved, ...stuck]) tell(camera, relay);
      }
    }
  };
}
