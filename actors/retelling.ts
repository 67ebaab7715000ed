import type { Envelope } from '../bus/envelope.ts';
import type { Facts } from '../bus/ports/facts.ts';
import { asOf, type Journal, type JournalEntry } from '../bus/ports/journal.ts';

/** What telling again needs of the house. */
export interface RetellingHouse {
  journal: Pick<Journal, 'read' | 'seqAt'>;
  facts: Pick<Facts, 'last' | 'tell'>;
}

/** A crash can only have come between the journal and the telling for records that were written this shortly before the last one. */
const UNTOLD_WITHIN_MS = 30_000;
/** A start with thousands of recent sessions must not ask for each of them in turn. */
const RETOLD_AT_ONCE = 256;

/** Of records that pass by in their order, those written just before the end: few more of them are held. */
export class Newest {
  private readonly journal: Pick<Journal, 'seqAt'>;
  private entries: JournalEntry[] = [];
  private lastAt = 0;
  private enough = RETOLD_AT_ONCE;

  constructor(journal: Pick<Journal, 'seqAt'>) {
    this.journal = journal;
  }

  async note(entry: JournalEntry): Promise<void> {
    this.lastAt = Math.max(this.lastAt, asOf(entry.record) ?? 0);
    this.entries.push(entry);
    if (this.entries.length < this.enough) return;
    this.entries = await this.found();
    this.enough = RETOLD_AT_ONCE + 2 * this.entries.length;
  }

  /** What a cell heard before an outage is written after it: when it stood in the journal counts. */
  async found(): Promise<JournalEntry[]> {
    if (this.entries.length === 0) return [];
    const before = await this.journal.seqAt(this.lastAt - UNTOLD_WITHIN_MS);
    return this.entries.filter(({ seq }) => seq > before);
  }
}

/** Before anybody says something new: tells what the records written just before the end had to say. */
export async function tellAgain(house: RetellingHouse, recent: readonly JournalEntry[]) {
  for (let from = 0; from < recent.length; from += RETOLD_AT_ONCE) {
    await Promise.all(recent.slice(from, from + RETOLD_AT_ONCE).map((entry) => tellRest(house, entry)));
  }
}

/** Tells the facts of a cell's last records again, from the first that was not told. */
async function tellRest({ facts, journal }: RetellingHouse, entry: JournalEntry) {
  const said = await lastSaid(journal, entry);
  if (said.length === 0) return;
  const told = await facts.last({ kind: entry.record.kind, id: entry.record.cell });
  const toldIndex = said.findIndex((fact) => fact.id === told?.envelope.id);
  for (const envelope of said.slice(toldIndex + 1)) await facts.tell(envelope);
}

/** What a cell has said, and may not have told before its end, oldest first. */
async function lastSaid(journal: Pick<Journal, 'read'>, { seq, record }: JournalEntry): Promise<Envelope[]> {
  if (record.untold_after === undefined) return record.said;
  const said: Envelope[] = [];
  for await (const one of journal.read({ kind: record.kind, id: record.cell }, record.untold_after + 1)) {
    if (one.seq <= seq) said.push(...one.record.said);
  }
  return said;
}
