import type { Address } from '../bus/subjects.ts';
import { NewerRecord } from '../bus/upcast.ts';
import { CellDown } from './cells.ts';
import { ENDINGS } from './ending.ts';

/** The fences of names under which no cell lives here any more: who makes one of them anew goes on behind it. */
export class Fences {
  /** Of cells whose last record can't be understood. */
  private readonly parked = new Map<string, { seq: number; error: Error }>();
  /** Of cells that are over and left the memory. */
  private readonly over = new Map<string, number>();

  /** A last record can't be understood, and stays where it is. */
  park(at: Address, seq: number, error: Error): void {
    this.parked.set(keyOf(at), { seq, error });
  }

  /** A cell that is over has left the memory; nothing is kept of a name that does not come back. */
  remember(at: Address, seq: number): void {
    if (!ENDINGS[at.kind].returns) return;
    const key = keyOf(at);
    this.over.set(key, Math.max(seq, this.over.get(key) ?? 0));
  }

  /**
   * The fence of a name; 0 where nobody had it.
   * @throws CellDown when a later program has written it: what that one knows must not be overwritten
   */
  of(at: Address): number {
    const key = keyOf(at);
    const parked = this.parked.get(key);
    if (parked?.error instanceof NewerRecord) throw new CellDown(parked.error.message, { cause: parked.error });
    return Math.max(parked?.seq ?? 0, this.over.get(key) ?? 0);
  }
}

const keyOf = ({ kind, id }: Address): string => `${kind}/${id}`;
