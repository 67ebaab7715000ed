import type { Journal, JournalEntry } from '../bus/ports/journal.ts';

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
 * then what follows, in order.
 * @param between without `from`: since the first record that is kept; without `to`: up to the newest
 * @throws JournalAway
 */
export async function* stretch(
  journal: Readings,
  { from, to = {} }: { from?: Moment; to?: Moment },
): AsyncGenerator<Stretched> {
  const before = from && (from.seq ?? (await journal.seqAt((from.at ?? 0) - CLOCKS_DIFFER_MS)));
  if (before) for await (const entry of journal.lasts(undefined, before)) yield { entry, isTrusted: true };
  const { at = Number.POSITIVE_INFINITY, seq: last = Number.POSITIVE_INFINITY } = to;
  if ((before ?? 0) >= last) return;
  for await (const entry of journal.read(undefined, (before ?? 0) + 1)) {
    const begunAt = entry.record.heard[0]?.at ?? 0;
    // What was written to the spool during an outage stands behind what came later.
    if (entry.seq > last || (!entry.record.late && begunAt > at + CLOCKS_DIFFER_MS)) return;
    if (begunAt <= at) yield { entry, isTrusted: false };
  }
}
