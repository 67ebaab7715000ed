import { type ActorOptions, type AnyActor, type AnyStateMachine, createActor } from 'xstate';
import { type Envelope, wrap } from '../bus/envelope.ts';
import type { Facts } from '../bus/ports/facts.ts';
import { FenceRefused } from '../bus/ports/faults.ts';
import type { Heard, Journal, JournalRecord } from '../bus/ports/journal.ts';
import type { Shape } from '../bus/shape.ts';
import type { Address } from '../bus/subjects.ts';
import { alike } from './alike.ts';
import { type Asleep, asleep } from './asleep.ts';
import type { Door } from './bind.ts';
import { CellDown, type CellView, type Offered } from './cells.ts';
import { type Chart, chart } from './chart.ts';
import { Holding } from './holding.ts';
import { servedBy, slotted } from './slotted.ts';
import { type Persisted, persisted, type State, viewOf } from './snapshot.ts';

/** What makes a cell one of its kind: its machine, with slots bound, and the shapes of what it may hear. */
export interface CellKind {
  machine: AnyStateMachine;
  version: number;
  heard: Record<string, Shape<unknown>>;
}

/** What a cell needs of the house. */
export interface CellHouse {
  node: string;
  journal: Journal;
  facts: Facts;
  /** Epoch ms; never steps. */
  now(): number;
  /** Runs later on the monotonic clock; the result cancels. */
  later(ms: number, run: () => void): () => void;
  /** The cell has moved and said something that is not written down yet. */
  onTurn(view: CellView): void;
  /** A fact is acknowledged as told, or safe in the spool. */
  onTold(envelope: Envelope, view: CellView): void;
  /** The cell failed, or lost its fence, and takes nothing more. */
  onDown(cell: Cell, error: Error): void;
  /** Set while this process has to prove that it may act; absent where it always may. */
  proof?(): Promise<void> | undefined;
}

/** Where a cell starts: new, or from its last journal record. */
export interface CellOrigin {
  incarnation: string;
  /** The fence: sequence of the last record, 0 for a new cell. */
  lastSeq: number;
  /** Made anew whenever a cell is taken up, so that two owners never write records of the same id. */
  tenure: string;
  /** Persisted snapshot to go on from; undefined for a new cell. */
  snapshot?: unknown;
}

interface Waiting {
  heard: Heard;
  view: CellView;
  resolve(offered: Offered): void;
  reject(error: Error): void;
}

/** A store that refuses is asked again after this long; what was heard stays queued. */
const APPEND_AGAIN_MS = 1_000;

/**
 * Runs one machine as its own root actor: offer, append, send, tell. One that was taken up sleeps until it hears
 * something.
 *
 * What arrives is parsed and stamped, moves the machine at once, and joins the journal: one record in flight, the
 * rest coalesced into the next, each behind the fence. What leaves as a promise (facts, and the answer to `offer`)
 * waits for the acknowledgement.
 */
export class Cell implements Door {
  readonly at: Address;
  /** The fencing token of its effects: no former owner of this cell had one as high. */
  readonly epoch: number;
  private readonly kind: CellKind;
  private readonly house: CellHouse;
  /** Its machine; undefined while it sleeps. */
  private actor: AnyActor | undefined;
  private sleeper: Asleep | undefined;
  /** What it looked like when somebody last asked, which happens more often than it moves. */
  private seen: { as: object; view: CellView } | undefined;
  private readonly slots: Holding;
  private readonly incarnation: string;
  private lastSeq: number;
  /** The machine and its slots as the newest record has them, written or being written; undefined before the first. */
  private recorded: Persisted | undefined;
  private settled: Promise<void> | undefined;
  private readonly tenure: string;
  private count = 0;
  /** Heard and moved, not yet in a record. */
  private waiting: Waiting[] = [];
  private said: Envelope[] = [];
  private appending = false;
  /** Set while the machine moves: what arrives meanwhile comes after. */
  private hearing: Heard | undefined;
  private inbox: (() => void)[] | undefined;
  private down: Error | undefined;
  private leaving = false;
  /** The machine as it lived when it was let go of, where not all that it heard had been written down. */
  private parting: Persisted | undefined;
  /** Its last record is in the spool, or under way: its sequence is not known yet. */
  private isUnsure = false;

  constructor(at: Address, kind: CellKind, house: CellHouse, origin: CellOrigin) {
    this.at = at;
    this.kind = kind;
    this.house = house;
    this.incarnation = origin.incarnation;
    this.lastSeq = origin.lastSeq;
    this.tenure = origin.tenure;
    // A new cell has no record yet; its first will come right after the last of its former life, or later.
    this.epoch = origin.snapshot ? origin.lastSeq : origin.lastSeq + 1;
    this.slots = new Holding(kind.machine, this);
    const former = origin.snapshot as Persisted | undefined;
    if (!former) return;
    this.recorded = former;
    this.sleeper = asleep(kind.machine, former);
  }

  /** Makes the actor; one that slept goes on from where it was taken up. */
  private embody(): AnyActor {
    const snapshot = this.recorded && persisted(this.recorded, {});
    const options = { input: { id: this.at.id }, ...(snapshot ? { snapshot } : {}) };
    const actor = createActor(slotted(this.kind.machine), options as ActorOptions<AnyStateMachine>);
    servedBy(actor, this.slots);
    actor.on('*', (fact) => this.say(fact as unknown as { type: string; data: Record<string, unknown> }));
    // An actor error that nobody observes would end the process.
    actor.subscribe({ error: (error) => this.fail(error instanceof Error ? error : new Error(String(error))) });
    return actor;
  }

  /** Starts, or goes on: slots of the present state are held. */
  start(): void {
    if (this.recorded) this.slots.resume(this.recorded.children);
    else {
      this.awake();
      this.settle();
    }
  }

  /** Its machine; one that slept goes on with the slots that are held. */
  private awake(): AnyActor {
    if (this.actor) return this.actor;
    this.actor = this.embody();
    this.actor.start();
    this.sleeper = undefined;
    // One that can't be restored leaves nothing behind.
    if (this.down) this.slots.endAll();
    return this.actor;
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
    return this.count === 0;
  }

  /** Whether it has come to its end, from where only a new life leads on. */
  isOver(): boolean {
    return this.present().tags.has('over');
  }

  /** The sequence of its last record; undefined while that is not known. */
  fence(): number | undefined {
    return this.appending || this.isUnsure ? undefined : this.lastSeq;
  }

  /**
   * Says something to the cell. The machine moves before this returns; the promise waits for the journal.
   * @param cause id of the event that led to this one
   * @throws ShapeError when the event is not one that this kind hears; nothing changes then
   */
  offer(event: { type: string; [field: string]: unknown }, cause?: string): Promise<Offered> {
    const shape = Object.hasOwn(this.kind.heard, event.type) ? this.kind.heard[event.type] : undefined;
    if (!shape) {
      throw new Error(`a ${this.at.kind} hears no "${event.type}", only ${Object.keys(this.kind.heard).join(', ')}`);
    }
    const { type, ...data } = event;
    shape.parse(data);
    const refusal = this.refusal();
    if (refusal) return Promise.reject(refusal);
    return new Promise((resolve, reject) => {
      const hear = () => this.hear(type, data, cause, resolve, reject);
      if (this.hearing) this.inbox = [...(this.inbox ?? []), hear];
      else hear();
    });
  }

  /**
   * Lets go of the cell while its effects go on (shut-down, hand-over).
   * Resolves when all it heard is journalled.
   */
  async leave(): Promise<void> {
    this.leaving = true;
    // What it heard last is written down as it lived: once stopped, its snapshot says that it is over.
    if (this.waiting.length > 0) this.parting ??= this.persisted();
    this.stop();
    await this.drained();
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
    const after = this.recorded;
    if (this.lostFence() || !after) return;
    await this.house.journal.append({ ...this.recordOf([], [], after), left: true }, this.lastSeq);
  }

  /** Another gateway owns the cell: it is let go of, and what nobody has written down yet is refused. */
  lose(cause: Error): void {
    this.down = new CellDown(`${this.at.kind} ${this.at.id} has another owner now`, { cause });
    for (const one of this.waiting.splice(0)) one.reject(this.down);
    this.said = [];
    this.leaving = true;
    this.stop();
  }

  /** Where a successor of this failed cell starts: after the last record, once that is written. */
  async origin(): Promise<Omit<CellOrigin, 'tenure'>> {
    await this.drained();
    const { incarnation, lastSeq } = this;
    return { incarnation, lastSeq, snapshot: this.recorded };
  }

  /** As a record keeps it now; what has not changed, it shares with the record before. */
  private persisted(): Persisted {
    const { status, value, context }: State = this.awake().getSnapshot();
    const former = this.recorded?.value;
    return persisted({ status, value: alike(value, former) ? former : value, context }, this.slots.written());
  }

  private async drained(): Promise<void> {
    while (this.appending) await this.settled;
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
    // A report has nobody who waits; what goes wrong with it has been told by onDown, or is a bug in the adapter.
    this.offer(event as { type: string }).catch((error) => {
      if (!(error instanceof CellDown)) this.house.onDown(this, error);
    });
  }

  private hear(
    type: string,
    data: Record<string, unknown>,
    cause: string | undefined,
    resolve: (offered: Offered) => void,
    reject: (error: Error) => void,
  ): void {
    const id = `${this.tenure}-${++this.count}`;
    const heard: Heard = { ...data, type, id, at: this.house.now(), ...(cause ? { cause } : {}) };
    const saidBefore = this.said.length;
    this.hearing = heard;
    this.awake().send(heard);
    this.settle();
    this.hearing = undefined;
    const refusal = this.refusal();
    if (refusal) {
      reject(refusal);
    } else {
      const view = this.view();
      const turned = this.said.length > saidBefore;
      this.waiting.push({ heard, view, resolve, reject });
      if (!this.appending) this.append();
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
    const id = `${heard.id}.${this.said.length}`;
    this.said.push(
      wrap(
        { id, type: fact.type, at: heard.at, cause: heard.id, data: fact.data },
        this.at,
        this.house.node,
        this.kind.version,
      ),
    );
  }

  private append(): void {
    const batch = this.waiting;
    if (batch.length === 0) return;
    const said = this.said;
    this.waiting = [];
    this.said = [];
    const heard = batch.map((one) => one.heard);
    const after = this.parting ?? this.persisted();
    const record = this.recordOf(heard, said, after);
    this.recorded = after;
    this.appending = true;
    this.settled = new Promise((resolve) => this.write(record, batch, resolve));
  }

  private recordOf(heard: Heard[], said: Envelope[], after: Persisted): JournalRecord {
    return {
      id: `${this.tenure}-r${this.count}${heard.length ? '' : '-left'}`,
      kind: this.at.kind,
      cell: this.at.id,
      incarnation: this.incarnation,
      ...(this.recorded ? {} : { first: true as const }),
      version: this.kind.version,
      node: this.house.node,
      heard,
      said,
      after,
    };
  }

  private write(record: JournalRecord, batch: Waiting[], settle: () => void): void {
    this.house.journal.append(record, this.lastSeq).then(
      (receipt) => {
        if (receipt.seq) this.lastSeq = receipt.seq;
        this.isUnsure = receipt.seq === 0;
        this.appending = false;
        this.tell(record.said);
        for (const one of batch) one.resolve({ view: one.view, receipt });
        settle();
        this.append();
      },
      (error: Error) => {
        if (error instanceof FenceRefused) {
          this.appending = false;
          this.waiting.unshift(...batch);
          this.lose(error);
          settle();
          this.house.onDown(this, this.down as Error);
          return;
        }
        // Who asked is told now; the record itself is tried until it is written, or the journal would have a hole.
        for (const one of batch) one.reject(error);
        this.house.later(APPEND_AGAIN_MS, () => this.write(record, [], settle));
      },
    );
  }

  /** Tells facts in order; a carrier that is away keeps them in its spool. */
  tell(said: Envelope[]): void {
    for (const envelope of said) {
      this.house.facts.tell(envelope).then(
        () => this.house.onTold(envelope, this.view()),
        (error: Error) => this.house.onDown(this, error),
      );
    }
  }

  private fail(error: Error): void {
    this.down = new CellDown(`${this.at.kind} ${this.at.id} failed: ${error.message}`, { cause: error });
    for (const one of this.waiting.splice(0)) one.reject(this.down);
    this.said = [];
    this.house.onDown(this, this.down);
  }
}
