import type { Id } from '../../bus/identity.ts';
import type { Kind } from '../../bus/subjects.ts';
import { CellDown, type Cells, type CellView, NoSuchCell } from '../cells.ts';

/** A cell is told of another: what it hears, because of which fact. */
export type Tell = (kind: Kind, to: Id, event: { type: string; [field: string]: unknown }, cause?: string) => void;

/** What goes wrong with an offer, except that its cell is gone. */
export const unlessGone = (onFault: (error: Error) => void) => (error: Error) => {
  if (!(error instanceof NoSuchCell || error instanceof CellDown)) onFault(error);
};

/** Tells cells, and nobody of those that are gone. */
export const teller =
  (cells: Pick<Cells, 'offer'>, onFault: (error: Error) => void): Tell =>
  (kind, id, event, cause) =>
    void cells.offer({ kind, id }, event, cause).catch(unlessGone(onFault));

/** The part of another cell's context that matters. */
export const sight = <T>(view: CellView): T => view.context as unknown as T;
