import type { Journal, JournalEntry, JournalRecord, Poison } from '../ports/journal.ts';
import type { Kind } from '../subjects.ts';
import { cellKey, type SpooledCell } from './spooldelivery.ts';

/**
 * The last record of every cell, where those that wait for the store count as being there already. Each stands right
 * behind what the store has of its cell: no owner that the cell has had was above that.
 * @param cells what the spool knows, by cell
 * @throws JournalAway
 */
export async function* spooledLasts(
  journal: Pick<Journal, 'lasts'>,
  cells: ReadonlyMap<string, SpooledCell>,
  kind: Kind | undefined,
  onPoison: ((poison: Poison) => void) | undefined,
): AsyncGenerator<JournalEntry> {
  const waiting = new Map<string, { record: JournalRecord; behind: number }>();
  for (const [key, { last, waiting: count, parked }] of cells) {
    if (last && count > 0 && !parked && (kind === undefined || last.kind === kind))
      waiting.set(key, { record: last, behind: 0 });
  }
  const passOver = (poison: Poison): void => {
    const newer = waiting.get(cellKey(poison.of));
    if (newer) newer.behind = poison.seq;
    else onPoison?.(poison);
  };
  for await (const entry of journal.lasts(kind, undefined, passOver)) {
    const key = cellKey({ kind: entry.record.kind, id: entry.record.cell });
    const newer = waiting.get(key);
    // It may have come through meanwhile.
    if (newer && newer.record.id !== entry.record.id) newer.behind = entry.seq;
    else {
      waiting.delete(key);
      yield entry;
    }
  }
  for (const { record, behind } of waiting.values()) yield { seq: behind + 1, record };
}
