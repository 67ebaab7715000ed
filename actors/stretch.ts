import type { Journal, JournalEntry } from '../bus/ports/journal.ts';
import { overdue } from './overdue.ts';

/** A moment in the journal, by time or by sequence. */
export interface Moment {
  /** Epoch ms, included. */
  at?: number;
  /** Sequence of the journal, included. */
  seq?: number;
}

/** What reading the past needs of a journal. */
export type Readings = Pick<Journal, 'lasts' | 'read' | 'seqAt'>;

/** A record of a stretch. */
export interface Stretched {
  entry: JournalEntry;
  /** It lies before the stretch, and its cell begins with what it left. */
  isTrusted: boolean;
}

/** A record is written moments after what it tells of; clocks of several machines may differ a little. */
const CLOCKS_DIFFER_MS = 5_000;

/**
 * The records from which everything between two moments can be folded: first the last one of every cell before it,
 * then what follows, in order. What a gateway wrote to its spool while it was cut off stands behind what the others
 * wrote meanwhile: it is read up to where none of it can come any more.
 * @param between without `from`: since the first record that is kept; without `to`: up to the newest
 * @throws JournalAway
 */
export async function* stretch(
  journal: Readings,
  { from, to = {} }: { from?: Moment; to?: Moment },
): AsyncGenerator<Stretched> {
  const before = from && (from.seq ?? (await journal.seqAt((from.at ?? 0) - CLOCKS_DIFFER_MS)));
  const late = overdue();
  if (before) {
    for await (const entry of journal.lasts(undefined, before)) {
      late.note(entry.record);
      yield { entry, isTrusted: true };
    }
  }
  const { at = Number.POSITIVE_INFINITY, seq: last = Number.POSITIVE_INFINITY } = to;
  if ((before ?? 0) >= last) return;
  let isBehind = false;
  for await (const entry of journal.read(undefined, (before ?? 0) + 1)) {
    if (entry.seq > last) return;
    const { record } = entry;
    const begunAt = record.heard[0]?.at ?? 0;
    if (at < Number.POSITIVE_INFINITY) late.note(record);
    if (!record.late && begunAt > at + CLOCKS_DIFFER_MS) {
      late.caughtUp(record.node);
      isBehind = true;
    }
    if (isBehind && late.isNone()) return;
    if (begunAt <= at && (!isBehind || (record.late && begunAt > 0))) yield { entry, isTrusted: false };
  }
}
