import type { Envelope } from '../envelope.ts';
import { id } from '../identity.ts';
import type { Facts } from '../ports/facts.ts';
import { FenceRefused, JournalAway, JournalFull, TooLarge } from '../ports/faults.ts';
import type { Journal, JournalRecord } from '../ports/journal.ts';
import { type Address, parseFactType } from '../subjects.ts';

/** A spooled record with its fence. */
export interface RecordLine {
  record: JournalRecord;
  expected: number;
}

/** A line of the spool: a record or a fact. */
export type SpoolLine = RecordLine | { fact: Envelope };

/** In place of a fence: the record follows the one of its cell that stands before it in the spool. */
export const FOLLOWS = -1;

/** Another gateway may have told something of the cell since, by another clock. */
const CLOCKS_DIFFER_MS = 5_000;

/** What the spool knows of a cell whose records went through it. */
export interface SpooledCell {
  incarnation: string;
  /** Records that are in the spool and not in the journal yet. */
  waiting: number;
  /** The newest one that came into the spool. */
  last?: JournalRecord;
  /** Where its last delivered record stands in the journal. */
  seq: number;
  /** The sequence that its owner gave last, and may go on giving while its receipts come from the spool. */
  ownerFence: number;
  /** Records of this cell that turned out to be in the journal already, by id. */
  stored?: Map<string, number>;
  /** Why its records can't be delivered any more. */
  parked?: string;
}

/** What the spool knows a cell by. @throws BadId */
export const cellKey = (of: Address): string => `${of.kind}/${id(of.id)}`;

/** What a line is about. @throws TypeError when it is not a line of ours */
export function cellOf(line: SpoolLine): Address {
  return 'record' in line ? { kind: line.record.kind, id: line.record.cell } : parseFactType(line.fact).address;
}

export interface Delivery {
  /** Delivers as many of these as the stores take now, in order; resolves to those that are still to be delivered. */
  deliver(lines: SpoolLine[]): Promise<SpoolLine[]>;
  /** This fact may have been told already: by a process that ended, or its acknowledgement was lost. */
  suspect(fact: Envelope): void;
}

export interface DeliveryOptions {
  journal: Journal;
  facts: Facts;
  cells: Map<string, SpooledCell>;
  /** Puts a line aside that can't be delivered. */
  park(line: SpoolLine, reason: string): Promise<void>;
  /** A line has been delivered or parked. */
  done(line: SpoolLine): void;
  /** The stores are away, or have no room: what could not be delivered waits. */
  waits(why: JournalAway | JournalFull): void;
  /** Something went wrong that is not the stores' absence; it is tried again. */
  fault(error: unknown): void;
}

/** Takes what was spooled to the stores: each cell's records in order, facts in order and after their records. */
export function spoolDelivery({ journal, facts, cells, park, done, waits, fault }: DeliveryOptions): Delivery {
  const suspects = new Map<string, [Envelope, ...Envelope[]]>();
  const told = new Set<string>();
  const parkedFacts = new Set<string>();
  const nameOf = (fact: Envelope) => `${fact.subject}:${fact.id}`;

  const suspect = (fact: Envelope) => {
    const own = suspects.get(fact.subject);
    if (own) own.push(fact);
    else suspects.set(fact.subject, [fact]);
  };

  const parkRecord = async (line: RecordLine, cell: SpooledCell, reason: string) => {
    cell.parked = reason;
    for (const fact of line.record.said) parkedFacts.add(nameOf(fact));
    await park(line, reason);
  };

  /** The journal's records of a cell after a sequence: is ours among them, appended by an attempt we know nothing of? */
  const alreadyStored = async (of: Address, after: number) => {
    const stored = new Map<string, number>();
    for await (const { seq, record } of journal.read(of, after + 1)) stored.set(record.id, seq);
    return stored;
  };

  const deliverRecord = async (line: RecordLine) => {
    const of = cellOf(line);
    const cell = cells.get(cellKey(of)) as SpooledCell;
    if (cell.parked) return parkRecord(line, cell, cell.parked);
    const { record } = line;
    const expected = line.expected === FOLLOWS ? cell.seq : line.expected;
    let seq = cell.stored?.get(record.id);
    try {
      seq ??= (await journal.append(record, expected)).seq;
    } catch (error) {
      if (error instanceof TooLarge) return parkRecord(line, cell, error.message);
      if (!(error instanceof FenceRefused)) throw error;
      cell.stored = await alreadyStored(of, expected);
      seq = cell.stored.get(record.id);
      if (seq === undefined) return parkRecord(line, cell, error.message);
    }
    cell.seq = seq;
  };

  /** Which of one cell's suspects have been told. */
  const toldAmong = async (own: [Envelope, ...Envelope[]], of: Address): Promise<Envelope[]> => {
    const last = (await facts.last(of))?.envelope;
    const upTo = own.findLastIndex(({ id }) => id === last?.id);
    // They were told in order, and what this gateway told before them proves that none was.
    if (!last || upTo >= 0 || last.source === own[0].source) return own.slice(0, upTo + 1);
    const since = Date.parse(own[0].time) - CLOCKS_DIFFER_MS;
    const found = new Set<string>();
    for await (const { envelope } of facts.read({ since }, { cells: [of] })) found.add(envelope.id);
    return own.filter(({ id }) => found.has(id));
  };

  const settleSuspects = async (of: Address) => {
    const own = suspects.get(cellKey(of));
    if (!own) return;
    for (const fact of await toldAmong(own, of)) told.add(nameOf(fact));
    suspects.delete(cellKey(of));
  };

  const deliverFact = async (line: { fact: Envelope }) => {
    const name = nameOf(line.fact);
    if (parkedFacts.has(name)) return park(line, 'its record is parked');
    await settleSuspects(cellOf(line));
    if (told.delete(name)) return;
    try {
      await facts.tell(line.fact);
    } catch (error) {
      if (error instanceof JournalAway) suspect(line.fact);
      if (!(error instanceof TooLarge)) throw error;
      await park(line, error.message);
    }
  };

  /** False when the stores don't take it now. */
  const attempt = async (line: SpoolLine): Promise<boolean> => {
    try {
      if ('record' in line) await deliverRecord(line);
      else await deliverFact(line);
      done(line);
      return true;
    } catch (error) {
      if (error instanceof JournalAway || error instanceof JournalFull) waits(error);
      else fault(error);
      return false;
    }
  };

  return {
    async deliver(lines) {
      const tails = new Map<string, Promise<boolean>>();
      let lastFact = Promise.resolve(true);
      const results = lines.map((line) => {
        const key = cellKey(cellOf(line));
        const records = tails.get(key) ?? Promise.resolve(true);
        if ('record' in line) {
          const result = records.then((went) => went && attempt(line));
          tails.set(key, result);
          return result;
        }
        const before = Promise.all([lastFact, records]);
        lastFact = before.then(([fact, record]) => fact && record && attempt(line));
        return lastFact;
      });
      const went = await Promise.all(results);
      return lines.filter((_, index) => !went[index]);
    },
    suspect,
  };
}
