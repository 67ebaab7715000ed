import { foldPast, hashOf } from '../../actors/past.ts';
import type { Journal } from '../../bus/ports/journal.ts';

/** Everything as a journal leads to it. */
export interface WholeState {
  /** SHA-256 of the state of all cells. */
  hash: string;
  records: number;
  cells: number;
  /** Records that this program does not understand, for instance of a later version. */
  notUnderstood: { seq: number; reason: string }[];
}

/**
 * Folds a journal from its first record to one of its sequences, without effects: records of earlier versions climb
 * through their upcasts on the way.
 * @throws JournalAway
 */
export async function foldWhole(journal: Pick<Journal, 'read'>, upTo: number): Promise<WholeState> {
  const past = foldPast({ seq: upTo });
  let records = 0;
  for await (const entry of journal.read(undefined, 1)) {
    if (entry.seq > upTo) break;
    records += 1;
    past.take(entry);
  }
  const cells = past.cells();
  const notUnderstood = past.notUnderstood().map(({ seq, reason }) => ({ seq, reason }));
  return { hash: hashOf(cells), records, cells: cells.length, notUnderstood };
}
