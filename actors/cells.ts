import type { Why } from '../bus/events/why.ts';
import type { Id } from '../bus/identity.ts';
import type { Receipt } from '../bus/ports/journal.ts';
import type { Address, Kind } from '../bus/subjects.ts';

/** A cell as outsiders may look at it: a copy, plain JSON. */
export interface CellView {
  kind: Kind;
  id: Id;
  /** The state an operator sees, for instance `live`. */
  state: string;
  /** What to branch on: `watchable`, `dark`, `over`. */
  tags: string[];
  /** Epoch ms of the last change of `state`. */
  since: number;
  why: Why;
  /** The machine's context: plain JSON, its shape is the machine's own. */
  context: Record<string, unknown>;
}

/** What became of an offered event: the cell right after it, once the record that holds it is acknowledged. */
export interface Offered {
  view: CellView;
  receipt: Receipt;
}

/** No cell of that name lives here. */
export class NoSuchCell extends Error {
  override name = 'NoSuchCell';
}

/** A cell of that name already lives. */
export class CellExists extends Error {
  override name = 'CellExists';
}

/** The cell failed or lost its fence and takes no more events. */
export class CellDown extends Error {
  override name = 'CellDown';
}

/** The living cells of this gateway, as the floors above see them. */
export interface Cells {
  view(at: Address): CellView | undefined;
  list(kind: Kind): CellView[];
  /**
   * Hears of every cell that said something, at once: before it is written down, so for what can not wait and does no
   * harm should it be lost. The result stops it.
   */
  onTurn(hear: (view: CellView) => void): () => void;
  /** Hears of every cell that is taken up here from its last record. The result stops it. */
  onTaken(hear: (view: CellView) => void): () => void;
  /**
   * Says something to a cell. The machine moves at once; the promise waits for the journal.
   * @param cause id of the event that led to this one
   * @throws NoSuchCell | CellDown | ShapeError | JournalRefused
   */
  offer(at: Address, event: { type: string; [field: string]: unknown }, cause?: string): Promise<Offered>;
  /** The same, to a cell that does not exist yet. @throws CellExists | ShapeError | JournalRefused */
  create(at: Address, event: { type: string; [field: string]: unknown }, cause?: string): Promise<Offered>;
}
