import type { Id } from '../bus/identity.ts';
import { type Claim, shareOut } from '../machines/policy/capacity.ts';
import { CellDown, type Cells, type CellView, NoSuchCell } from './cells.ts';
import { urgentCameras } from './emergency/running.ts';
import type { Roster } from './roster.ts';

/** What sharing out encoders needs of the house. */
export interface CapacityHouse {
  /** The cells that live here: each gateway holds back and frees its own. */
  roster: Roster;
  cells: Cells;
  /** FFmpegs that may encode at a time, on all gateways of this machine together. */
  encoders(): number;
  onFault(error: Error): void;
}

/** The claim of a ladder; undefined when it asks for no encoder. */
function claimOf(view: CellView, urgent: ReadonlySet<string>): Claim | undefined {
  const made = view.tags.includes('making');
  if (!made && !view.tags.includes('held')) return undefined;
  return { id: view.id, urgent: urgent.has(view.id), made, viewers: (view.context.audience as string[]).length };
}

/** Encoders that push to destinations: who is on air stays there. */
const pushing = (cells: Pick<Cells, 'list'>): number =>
  cells
    .list('broadcast')
    .filter(({ tags, context }) => tags.includes('wanted') && !tags.includes('held') && context.encoded === true)
    .length;

/**
 * Has ladders wait when there are more than the processor can make, those of cameras in an emergency last.
 * @returns how to look at it anew, when something changed elsewhere, and how to stop it
 */
export function shareEncoders({ roster, cells, encoders, onFault }: CapacityHouse): { review(): void; stop(): void } {
  const tell = (id: Id, event: { type: string; [field: string]: unknown }) => {
    roster.offer({ kind: 'rendition', id }, event).catch((error) => {
      if (!(error instanceof NoSuchCell || error instanceof CellDown)) onFault(error);
    });
  };
  const review = (): void => {
    const urgent = urgentCameras(cells);
    const claims = cells.list('rendition').flatMap((view) => claimOf(view, urgent) ?? []);
    const { waiting } = shareOut(claims, encoders() - pushing(cells));
    for (const { id, tags } of roster.list('rendition')) {
      const why = waiting.get(id);
      if (why && tags.includes('making')) tell(id, { type: 'ladder.held', why });
      if (!why && tags.includes('held')) tell(id, { type: 'ladder.freed' });
    }
  };
  const concerned = new Set(['rendition', 'incident', 'broadcast']);
  const stop = roster.onFact((_fact, { kind }) => {
    if (concerned.has(kind)) review();
  });
  review();
  return { review, stop };
}
