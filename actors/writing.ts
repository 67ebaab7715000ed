import { type Envelope, wrap } from '../bus/envelope.ts';
import { FenceRefused, TooLarge } from '../bus/ports/faults.ts';
import type { Heard, JournalEntry, JournalRecord } from '../bus/ports/journal.ts';
import type { CellHouse, CellOrigin, Predecessor } from './cell-house.ts';
import type { CellKind } from './cell-kind.ts';
import type { CellView, Offered } from './cells.ts';
import { Saying, type Speaker } from './saying.ts';
import type { Persisted } from './snapshot.ts';

/** A cell, as its writing knows it. */
export interface Author extends Predecessor, Speaker {
  readonly kind: CellKind;
  readonly house: CellHouse;
  /** As the next record has it. */
  persisted(): Persisted;
  /** Another gateway owns it. @returns what whoever still asks is told */
  lose(cause: Error): Error;
}

interface Waiting {
  heard: Heard;
  view: CellView;
  resolve(offered: Offered): void;
  reject(error: Error): void;
}

/** A store that refuses a record is asked again after this long; what was heard stays queued. */
const AGAIN_MS = 1_000;

/**
 * What a cell writes down, and what follows once it is written: one record in flight, the rest coalesced into the next,
 * each behind the fence; then its facts are told, and whoever said something to the cell is answered.
 */
export class Writing {
  private readonly author: Author;
  private readonly incarnation: string;
  private readonly tenure: string;
  private lastSeq: number;
  /** The machine and its slots as the newest record has them, written or being written; undefined before the first. */
  recorded: Persisted | undefined;
  /** When that was heard which left it so (epoch ms); undefined where that is not known. */
  recordedAt: number | undefined;
  /** The same of the last one that is written. */
  private written: Pick<Writing, 'recorded' | 'recordedAt'>;
  private settled: Promise<void> | undefined;
  private count = 0;
  /** Heard and moved, not yet in a record. */
  private waiting: Waiting[] = [];
  private said: Envelope[] = [];
  /** What it has said and written; undefined before the first. */
  private saying: Saying | undefined;
  private appending = false;
  /** Its last record is in the spool, or under way: its sequence is not known yet. */
  private isUnsure = false;

  constructor(author: Author, origin: CellOrigin) {
    this.author = author;
    this.incarnation = origin.incarnation;
    this.tenure = origin.tenure;
    this.lastSeq = origin.lastSeq;
    this.recorded = origin.snapshot as Persisted | undefined;
    this.recordedAt = origin.asOf;
    this.written = { recorded: this.recorded, recordedAt: this.recordedAt };
    this.saying = origin.saying;
    this.saying?.goOnBy(author);
  }

  /** The sequence of the last record; undefined while that is not known. */
  fence(): number | undefined {
    return this.appending || this.isUnsure ? undefined : this.lastSeq;
  }

  /** @see Cell.knows */
  knows({ seq, record }: JournalEntry): boolean {
    return seq <= this.lastSeq || record.id.startsWith(`${this.tenure}-r`);
  }

  /** Whether the cell has never heard anything. */
  isUntouched(): boolean {
    return this.count === 0;
  }

  /** Whether something was heard that is in no record yet. */
  lags(): boolean {
    return this.waiting.length > 0;
  }

  /** How many facts the next record has so far. */
  facts(): number {
    return this.said.length;
  }

  /** Stamps what the cell hears. */
  stamp(type: string, data: Record<string, unknown>, cause: string | undefined): Heard {
    const id = `${this.tenure}-${++this.count}`;
    return { ...data, type, id, at: this.author.house.now(), ...(cause ? { cause } : {}) };
  }

  /** Takes down a fact that follows from what is being heard. */
  say({ type, data }: { type: string; data: Record<string, unknown> }, heard: Heard): void {
    const { at, house, kind } = this.author;
    const id = `${heard.id}.${this.said.length}`;
    this.said.push(wrap({ id, type, at: heard.at, cause: heard.id, data }, at, house.node, kind.version));
  }

  /** Takes down what was heard; answered once that is written. */
  take(heard: Heard, view: CellView, resolve: (offered: Offered) => void, reject: (error: Error) => void): void {
    this.waiting.push({ heard, view, resolve, reject });
    if (!this.appending) this.append();
  }

  /** What nobody has written down yet is refused. */
  drop(error: Error): void {
    for (const one of this.waiting.splice(0)) one.reject(error);
    this.said = [];
  }

  /** Resolves when all that was heard is written. */
  async drained(): Promise<void> {
    while (this.appending) await this.settled;
  }

  /** @see Predecessor.origin */
  async origin(): Promise<Omit<CellOrigin, 'tenure'>> {
    await this.drained();
    const { incarnation, lastSeq, recorded: snapshot, recordedAt, saying } = this;
    return { incarnation, lastSeq, snapshot, asOf: recordedAt, ...(saying ? { saying } : {}) };
  }

  /**
   * Writes that the cell was let go of, where it has written anything.
   * @throws FenceRefused | JournalAway | JournalRefused
   */
  async leave(): Promise<void> {
    const { recorded: after, recordedAt } = this;
    if (!after) return;
    const since = recordedAt === undefined ? {} : { as_of: recordedAt };
    const record: JournalRecord = { ...this.recordOf([], [], after), ...since, left: true };
    await this.author.house.journal.append(record, this.lastSeq);
  }

  private append(): void {
    const batch = this.waiting;
    if (batch.length === 0) return;
    const said = this.said;
    this.waiting = [];
    this.said = [];
    const heard = batch.map((one) => one.heard);
    const after = this.author.persisted();
    const record = this.recordOf(heard, said, after);
    this.recorded = after;
    this.recordedAt = heard.at(-1)?.at;
    this.appending = true;
    this.settled = new Promise((resolve) => this.write(record, batch, resolve));
  }

  private recordOf(heard: Heard[], said: Envelope[], after: Persisted): JournalRecord {
    const { at, house, kind } = this.author;
    const untoldAfter = this.saying?.untoldAfter();
    return {
      id: `${this.tenure}-r${this.count}${heard.length ? '' : '-left'}`,
      kind: at.kind,
      cell: at.id,
      incarnation: this.incarnation,
      ...(this.recorded ? {} : { first: true as const }),
      version: kind.version,
      node: house.node,
      heard,
      said,
      after,
      ...(untoldAfter === undefined ? {} : { untold_after: untoldAfter }),
    };
  }

  /** Tells what follows from a record that is written. */
  private tell(said: readonly Envelope[]): void {
    if (said.length === 0) return;
    this.saying ??= new Saying(this.author);
    this.saying.tell(said, this.lastSeq);
  }

  private write(record: JournalRecord, batch: Waiting[], settle: () => void): void {
    const { house } = this.author;
    house.journal.append(record, this.lastSeq).then(
      (receipt) => {
        this.tell(record.said);
        if (receipt.seq) this.lastSeq = receipt.seq;
        this.isUnsure = receipt.seq === 0;
        this.written = { recorded: this.recorded, recordedAt: this.recordedAt };
        this.appending = false;
        for (const one of batch) one.resolve({ view: one.view, receipt });
        settle();
        this.append();
      },
      (error: Error) => {
        if (error instanceof FenceRefused) {
          this.appending = false;
          this.waiting.unshift(...batch);
          const down = this.author.lose(error);
          settle();
          house.onDown(this.author, down);
          return;
        }
        for (const one of batch) one.reject(error);
        if (error instanceof TooLarge) {
          // It will never be written: nothing of it has happened, and a successor goes on from the record before it.
          Object.assign(this, this.written);
          this.appending = false;
          this.author.fail(error);
          settle();
          return;
        }
        // Who asked is told by now; the record itself is tried until it is written, or the journal would have a hole.
        house.later(AGAIN_MS, () => this.write(record, [], settle));
      },
    );
  }
}
