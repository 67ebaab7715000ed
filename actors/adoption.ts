import type { Facts } from '../bus/ports/facts.ts';
import { FenceRefused, isStoreRefusal } from '../bus/ports/faults.ts';
import { asOf, type Journal, type JournalEntry, type JournalRecord, type Poison } from '../bus/ports/journal.ts';
import type { Address } from '../bus/subjects.ts';
import { upcast } from '../bus/upcast.ts';
import type { CellOrigin } from './cell-house.ts';
import { ENDINGS, endedAt } from './ending.ts';
import type { Fences } from './fences.ts';
import { Newest, type RetellingHouse, tellAgain } from './retelling.ts';

/** A record whose cell lives, or is over and shown for so long still. */
interface Living {
  seq: number;
  record: JournalRecord;
  shownForMs: number | undefined;
}

/** What becomes of a cell in trouble; one that failed before its first record was written has never been. */
export type Outcome = 'restarted' | 'given up' | 'let go' | 'parked' | 'never begun';

/** Last records, in their order. */
export type Lasts = Iterable<JournalEntry> | AsyncIterable<JournalEntry>;

/** What taking up needs of the house. */
export interface AdoptionHouse {
  node: string;
  journal: Pick<Journal, 'lasts' | 'append'> & RetellingHouse['journal'];
  facts: Facts;
  now(): number;
  /** Told of cells that fail, or that another gateway has taken up, with what is done about it. */
  onTrouble(trouble: { cell: Address; error: Error; outcome: Outcome }): void;
  /** Told of cells that were not taken up, as somebody else wrote to their journal, or may have: who has them now? */
  onMissed?(cell: Address): void;
  /** Told of viewers that are over: what was handed to them may outlive them. */
  onOver?(context: Record<string, unknown>): void;
}

/** Takes cells up from their last records. */
export class Adoption {
  private readonly house: AdoptionHouse;
  private readonly fences: Fences;
  private readonly token: () => string;
  private readonly begin: (at: Address, origin: CellOrigin, shownForMs?: number) => void;

  /**
   * @param token makes a name that nobody else has
   * @param begin has a cell live here; one that is over is shown for so long still
   */
  constructor(house: AdoptionHouse, fences: Fences, token: Adoption['token'], begin: Adoption['begin']) {
    this.house = house;
    this.fences = fences;
    this.token = token;
    this.begin = begin;
  }

  /** @see Roster.adopt */
  async takeUp(entries: Lasts = this.lasts()): Promise<number> {
    const newest = new Newest(this.house.journal);
    const living: Living[] = [];
    // Sessions of a month are over, by the ten thousand: of those nothing is held.
    for await (const entry of entries) {
      await newest.note(entry);
      const found = this.aliveOrPark(entry);
      if (found) living.push(found);
    }
    await tellAgain(this.house, await newest.found());
    // One draw of chance for all: fifty thousand of them take a good part of a second.
    const tenure = this.token();
    const taken = await Promise.all(living.map((one, n) => this.takeOrPark(one, `${tenure}${n.toString(36)}`)));
    return taken.filter(Boolean).length;
  }

  private lasts(): AsyncIterable<JournalEntry> {
    const poisoned = ({ of, seq, reason }: Poison) => this.park(of, seq, new Error(reason));
    return this.house.journal.lasts(undefined, undefined, poisoned);
  }

  /** A record that can't be understood is left where it is, and told; it does not stop the others. */
  park(at: Address, seq: number, error: Error): void {
    this.fences.park(at, seq, error);
    this.house.onTrouble({ cell: at, error, outcome: 'parked' });
  }

  private parkRecord({ seq, record }: Pick<Living, 'seq' | 'record'>, error: unknown): undefined {
    this.park({ kind: record.kind, id: record.cell }, seq, error as Error);
  }

  private async takeOrPark(living: Living, tenure: string): Promise<boolean> {
    try {
      return await this.take(living, tenure);
    } catch (error) {
      this.parkRecord(living, error);
      return false;
    }
  }

  private aliveOrPark(entry: JournalEntry): Living | undefined {
    try {
      return this.alive(entry);
    } catch (error) {
      return this.parkRecord(entry, error);
    }
  }

  /**
   * A record as today's program has it; undefined where its cell is over and nobody asks for it any more.
   * @throws Error when it can't be understood
   */
  private alive({ seq, record: written }: JournalEntry): Living | undefined {
    const { now, onOver } = this.house;
    const record = upcast(written);
    const at = { kind: record.kind, id: record.cell };
    const { shownMs, returns } = ENDINGS[at.kind];
    const ended = endedAt(record);
    // Not longer than that, though the clock was set back meanwhile.
    const shownForMs = ended === undefined ? undefined : Math.min(shownMs, ended + shownMs - now());
    if (at.kind === 'viewer' && ended !== undefined) {
      onOver?.((record.after as { context: Record<string, unknown> }).context);
    }
    if (shownForMs !== undefined && (!returns || shownForMs <= 0)) {
      this.fences.remember(at, seq);
      return undefined;
    }
    return { seq, record, shownForMs };
  }

  /** Takes up one cell; false when another gateway was faster. @throws Error when its record can't be understood */
  private async take(living: Living, tenure: string): Promise<boolean> {
    const { seq, record, shownForMs } = living;
    const { node, journal } = this.house;
    const isOurs = record.node === node && !record.left;
    const lastSeq = isOurs ? seq : await claim(journal, { seq, record }, node, tenure);
    if (lastSeq === undefined) {
      this.house.onMissed?.({ kind: record.kind, id: record.cell });
      return false;
    }
    const { incarnation, after: snapshot } = record;
    const origin = { incarnation, tenure, lastSeq, snapshot, asOf: asOf(record) };
    this.begin({ kind: record.kind, id: record.cell }, origin, shownForMs);
    return true;
  }
}

/**
 * Makes another gateway's cell ours: a record that nothing was heard with moves its fence on, so that its former owner
 * can write no more, and stands above every epoch that one had.
 * @param node who claims
 * @param tenure made anew for this taking up, so that two owners never write records of the same id
 * @returns its sequence; undefined when another gateway was faster, or the store did not take it
 */
async function claim(
  journal: Pick<Journal, 'append'>,
  { seq, record }: JournalEntry,
  node: string,
  tenure: string,
): Promise<number | undefined> {
  const { left: _left, late: _late, first: _first, untold_after: _told, ...last } = record;
  try {
    const heardAt = asOf(record);
    const since = heardAt === undefined ? {} : { as_of: heardAt };
    const receipt = await journal.append({ ...last, ...since, id: `${tenure}-r0`, node, heard: [], said: [] }, seq);
    return receipt.spooled ? undefined : receipt.seq;
  } catch (error) {
    if (error instanceof FenceRefused || isStoreRefusal(error)) return undefined;
    throw error;
  }
}
