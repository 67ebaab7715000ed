import type { AnyActor } from 'xstate';
import { FenceRefused, isStoreRefusal } from '../bus/ports/faults.ts';
import type { Heard, JournalEntry } from '../bus/ports/journal.ts';
import type { Address } from '../bus/subjects.ts';
import { alike } from './alike.ts';
import { type Asleep, asleep } from './asleep.ts';
import { awake } from './awake.ts';
import type { Door } from './bind.ts';
import type { CellHouse, CellOrigin } from './cell-house.ts';
import { type CellKind, heardBy } from './cell-kind.ts';
import { CellDown, type CellView, type Offered } from './cells.ts';
import { type Chart, chart } from './chart.ts';
import { Holding } from './holding.ts';
import { type Persisted, persisted, type State, viewOf } from './snapshot.ts';
import { type Author, Writing } from './writing.ts';

/**
 * Runs one machine as its own root actor: offer, append, send, tell. One that was taken up sleeps until it hears
 * something. What arrives is parsed and stamped, moves the machine at once, and is written down (`writing.ts`); what
 * leaves as a promise (facts, and the answer to `offer`) waits for the journal's acknowledgement.
 */
export class Cell implements Door, Author {
  readonly at: Address;
  /** The fencing token of its effects: no former owner of this cell had one as high. */
  readonly epoch: number;
  readonly kind: CellKind;
  readonly house: CellHouse;
  private readonly writing: Writing;
  /** Its machine; undefined while it sleeps. */
  private actor: AnyActor | undefined;
  private sleeper: Asleep | undefined;
  /** What it looked like when somebody last asked, which happens more often than it moves. */
  private seen: { as: object; view: CellView } | undefined;
  private readonly slots: Holding;
  /** Set while the machine moves: what arrives meanwhile comes after. */
  private hearing: Heard | undefined;
  private inbox: (() => void)[] | undefined;
  private down: Error | undefined;
  private leaving = false;
  /** The machine as it lived when it was let go of, where not all that it heard had been written down. */
  private parting: Persisted | undefined;

  constructor(at: Address, kind: CellKind, house: CellHouse, origin: CellOrigin) {
    this.at = at;
    this.kind = kind;
    this.house = house;
    this.writing = new Writing(this, origin);
    // A new cell has no record yet; its first will come right after the last of its former life, or later.
    this.epoch = origin.snapshot ? origin.lastSeq : origin.lastSeq + 1;
    this.slots = new Holding(kind.machine, this);
    const former = this.writing.recorded;
    if (former) this.sleeper = asleep(kind.machine, former);
  }

  /** Starts, or goes on: slots of the present state are held. */
  start(): void {
    const { recorded, recordedAt } = this.writing;
    const since = (slot: string) => recorded && this.kind.since?.[slot]?.(recorded.context as never);
    if (recorded) this.slots.resume(recorded.children, recordedAt, since);
    else {
      this.awake();
      this.settle();
    }
  }

  /** Its machine; one that slept goes on with the slots that are held. */
  private awake(): AnyActor {
    if (this.actor) return this.actor;
    const actor = awake(this.kind.machine, this.at.id, this.slots, this.writing.recorded);
    actor.on('*', (fact) => this.say(fact as unknown as { type: string; data: Record<string, unknown> }));
    // An actor error that nobody observes would end the process.
    actor.subscribe({ error: (error) => this.fail(error instanceof Error ? error : new Error(String(error))) });
    this.actor = actor;
    actor.start();
    this.sleeper = undefined;
    // One that can't be restored leaves nothing behind.
    if (this.down) this.slots.endAll();
    return actor;
  }

  private present(): { context: unknown; tags: Set<string> } {
    return this.sleeper ?? this.awake().getSnapshot();
  }

  /** The cell as it is now. */
  view(): CellView {
    const now = this.present();
    if (this.seen?.as !== now) this.seen = { as: now, view: viewOf(this.at, now) };
    return this.seen.view;
  }

  /** Its statechart, with the present state marked. */
  chart(): Chart {
    return chart(this.kind.machine, this.sleeper?.nodes() ?? this.awake().getSnapshot()._nodes);
  }

  /** Whether another writer has appended to its journal: then this is not its owner any more. */
  lostFence(): boolean {
    return this.down?.cause instanceof FenceRefused;
  }

  /** Whether it has never heard anything. */
  isUntouched(): boolean {
    return this.writing.isUntouched();
  }

  /** Whether it has come to its end, from where only a new life leads on. */
  isOver(): boolean {
    return this.present().tags.has('over');
  }

  /** Whether it wrote this record of its journal itself, or was taken up behind it. */
  knows(entry: JournalEntry): boolean {
    return this.writing.knows(entry);
  }

  /** The sequence of its last record; undefined while that is not known. */
  fence(): number | undefined {
    return this.writing.fence();
  }

  /**
   * Says something to the cell. The machine moves before this returns; the promise waits for the journal.
   * @param cause id of the event that led to this one
   * @throws ShapeError when the event is not one that this kind hears; nothing changes then
   */
  offer(event: { type: string; [field: string]: unknown }, cause?: string): Promise<Offered> {
    const data = heardBy(this.kind, event);
    const refusal = this.refusal();
    if (refusal) return Promise.reject(refusal);
    return new Promise((resolve, reject) => {
      const hear = () => this.hear(event.type, data, cause, resolve, reject);
      if (this.hearing) this.inbox = [...(this.inbox ?? []), hear];
      else hear();
    });
  }

  /** Lets go of the cell while its effects go on (shut-down, hand-over); resolves when all it heard is journalled. */
  async leave(): Promise<void> {
    this.leaving = true;
    // What it heard last is written down as it lived: once stopped, its snapshot says that it is over.
    if (this.writing.lags()) this.parting = this.persisted();
    this.stop();
    await this.writing.drained();
  }

  /** Why it takes nothing more, if it does not. */
  private refusal(): Error | undefined {
    if (this.leaving) this.down ??= new CellDown(`${this.at.kind} ${this.at.id} is being handed over`);
    return this.down;
  }

  private stop(): void {
    this.actor?.stop();
    this.slots.endAll();
  }

  /**
   * Lets go of the cell for another gateway, which takes it up from the record that says so.
   * @throws FenceRefused | JournalAway | JournalRefused when that could not be written; it has left all the same
   */
  async handOver(): Promise<void> {
    await this.leave();
    if (!this.lostFence()) await this.writing.leave();
  }

  /** Another gateway owns the cell: it is let go of, and what nobody has written down yet is refused. */
  lose(cause: Error): CellDown {
    const down = new CellDown(`${this.at.kind} ${this.at.id} has another owner now`, { cause });
    this.down = down;
    this.writing.drop(down);
    this.leaving = true;
    this.stop();
    return down;
  }

  /** Where a successor of this failed cell starts: after the last record, once that is written. */
  origin(): Promise<Omit<CellOrigin, 'tenure'>> {
    return this.writing.origin();
  }

  /** As a record keeps it now; what has not changed, it shares with the record before. */
  persisted(): Persisted {
    if (this.parting) return this.parting;
    const { status, value, context }: State = this.awake().getSnapshot();
    const former = this.writing.recorded?.value;
    return persisted({ status, value: alike(value, former) ? former : value, context }, this.slots.written());
  }

  /** While this process lets go of it, its effects go on. */
  get detaching(): boolean {
    return this.leaving;
  }

  proof(): Promise<void> | undefined {
    return this.house.proof?.();
  }

  /** Takes a report of one of its adapters. */
  report(event: { type: string }): void {
    // A report has nobody who waits: a cell that is down has told so, and what no store takes now is tried again.
    this.offer(event).catch((error) => {
      if (!(error instanceof CellDown) && !isStoreRefusal(error)) this.fail(error);
    });
  }

  private hear(
    type: string,
    data: Record<string, unknown>,
    cause: string | undefined,
    resolve: (offered: Offered) => void,
    reject: (error: Error) => void,
  ): void {
    const heard = this.writing.stamp(type, data, cause);
    const factsBefore = this.writing.facts();
    this.hearing = heard;
    this.awake().send(heard);
    this.settle();
    this.hearing = undefined;
    const refusal = this.refusal();
    if (refusal) reject(refusal);
    else {
      const view = this.view();
      const turned = this.writing.facts() > factsBefore;
      this.writing.take(heard, view, resolve, reject);
      if (turned) this.house.onTurn(view);
    }
    const next = this.inbox?.shift();
    if (next) next();
    else this.inbox = undefined;
  }

  /** Does what the machine asked for while it moved; what adapters say at once comes after. */
  private settle(): void {
    try {
      if (this.down) this.slots.forget();
      else this.slots.settle();
    } catch (error) {
      this.fail(error as Error);
    }
  }

  private say(fact: { type: string; data: Record<string, unknown> }): void {
    const heard = this.hearing;
    if (!heard) throw new Error(`${this.at.kind} ${this.at.id} said ${fact.type} without having heard anything`);
    this.writing.say(fact, heard);
  }

  /** Takes nothing more after a fault that no other try would mend. */
  fail(error: Error): void {
    this.down = new CellDown(`${this.at.kind} ${this.at.id} failed: ${error.message}`, { cause: error });
    this.writing.drop(this.down);
    this.house.onDown(this, this.down);
  }
}
