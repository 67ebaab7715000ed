import type { Facts } from '../bus/ports/facts.ts';
import { FenceRefused, JournalAway, JournalRefused } from '../bus/ports/faults.ts';
import type { Journal, JournalEntry } from '../bus/ports/journal.ts';

/** A crash can only have come between the journal and the telling for records this close to the last one. */
const UNTOLD_WITHIN_MS = 30_000;
/** A start with thousands of recent sessions must not ask for each of them in turn. */
const RETOLD_AT_ONCE = 256;

const lastHeardAt = ({ record }: JournalEntry): number => record.heard.at(-1)?.at ?? 0;

/** Before anybody says something new: tells what the records written just before the end had to say. */
export async function tellAgain(facts: Facts, entries: readonly JournalEntry[]): Promise<void> {
  const lastAt = entries.reduce((latest, entry) => Math.max(latest, lastHeardAt(entry)), 0);
  const recent = entries.filter((entry) => lastAt - lastHeardAt(entry) < UNTOLD_WITHIN_MS);
  for (let from = 0; from < recent.length; from += RETOLD_AT_ONCE) {
    await Promise.all(recent.slice(from, from + RETOLD_AT_ONCE).map((entry) => tellRest(facts, entry)));
  }
}

/** Tells the facts of a last record again, from the first that was not told. */
async function tellRest(facts: Facts, { record }: JournalEntry): Promise<void> {
  if (record.said.length === 0) return;
  const told = await facts.last({ kind: record.kind, id: record.cell });
  const toldIndex = record.said.findIndex((fact) => fact.id === told?.envelope.id);
  for (const envelope of record.said.slice(toldIndex + 1)) await facts.tell(envelope);
}

/**
 * Makes another gateway's cell ours: a record that nothing was heard with moves its fence on, so that its former owner
 * can write no more, and stands above every epoch that one had.
 * @param node who claims
 * @param tenure made anew for this taking up, so that two owners never write records of the same id
 * @returns its sequence; undefined when another gateway was faster, or the store did not take it
 */
export async function claim(
  journal: Journal,
  { seq, record }: JournalEntry,
  node: string,
  tenure: string,
): Promise<number | undefined> {
  const { left: _left, late: _late, first: _first, ...last } = record;
  try {
    const receipt = await journal.append({ ...last, id: `${tenure}-r0`, node, heard: [], said: [] }, seq);
    return receipt.spooled ? undefined : receipt.seq;
  } catch (error) {
    if (error instanceof FenceRefused || isStoreRefusal(error)) return undefined;
    throw error;
  }
}

/** The store is away, or refuses. */
export const isStoreRefusal = (error: unknown): boolean =>
  error instanceof JournalAway || error instanceof JournalRefused;
