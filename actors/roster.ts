import type { Envelope } from '../bus/envelope.ts';
import { newId } from '../bus/identity.ts';
import type { Facts } from '../bus/ports/facts.ts';
import { FenceRefused } from '../bus/ports/faults.ts';
import type { Journal, JournalEntry, Poison } from '../bus/ports/journal.ts';
import { type Address, KINDS, type Kind } from '../bus/subjects.ts';
import { NewerRecord, upcast } from '../bus/upcast.ts';
import { claim, isStoreRefusal, tellAgain } from './adoption.ts';
import { Cell, type CellHouse, type CellKind, type CellOrigin } from './cell.ts';
import { CellDown, CellExists, type Cells, type CellView, NoSuchCell, type Offered } from './cells.ts';
import type { Chart } from './chart.ts';
import { ENDINGS, endedAt } from './ending.ts';

/** What the roster needs of the house. */
export interface RosterHouse {
  node: string;
  journal: Journal;
  facts: Facts;
  kinds: Record<Kind, CellKind>;
  now(): number;
  later(ms: number, run: () => void): () => void;
  /** Told of cells that fail, or that another gateway has taken up, with what is done about it. */
  onTrouble(trouble: { cell: Address; error: Error; outcome: 'restarted' | 'given up' | 'let go' | 'parked' }): void;
  /** Told, at adoption, of viewers that are over: what was handed to them may outlive them. */
  onOver?(context: Record<string, unknown>): void;
  /** Set while this process has to prove that it may act; absent where it always may. */
  proof?(): Promise<void> | undefined;
}

/** Hears every fact of the cells that live here, once it is safe. */
export type FactListener = (envelope: Envelope, view: CellView) => void;

const FORGET_AGAIN_MS = 60_000;
/** A cell that fails this often within a minute is given up. */
const RESTARTS_PER_MINUTE = 3;

/** The cells that live in this gateway. */
export class Roster implements Cells {
  private readonly house: RosterHouse;
  private readonly cells: Record<Kind, Map<string, Cell>>;
  private readonly listeners = new Set<FactListener>();
  private readonly turnListeners = new Set<(view: CellView) => void>();
  /** Fences of cells whose last record can't be understood: who makes them anew goes on behind it. */
  private readonly parked = new Map<string, { seq: number; error: Error }>();
  /** Fences of cells that are over and left the memory, and whose names may come back. */
  private readonly fences = new Map<string, number>();
  private readonly failures = new Map<string, number[]>();
  private readonly cellHouse: CellHouse;

  constructor(house: RosterHouse) {
    this.house = house;
    this.cells = Object.fromEntries(KINDS.map((kind) => [kind, new Map()])) as Record<Kind, Map<string, Cell>>;
    this.cellHouse = {
      node: house.node,
      journal: house.journal,
      facts: house.facts,
      now: house.now,
      later: house.later,
      onTurn: (view) => {
        if (view.tags.includes('over')) this.forgetLater(view, ENDINGS[view.kind].shownMs);
        for (const listener of this.turnListeners) listener(view);
      },
      onTold: (envelope, view) => {
        for (const listener of this.listeners) listener(envelope, view);
      },
      onDown: (cell, error) => void this.replace(cell, error),
      ...(house.proof ? { proof: house.proof } : {}),
    };
  }

  view(at: Address): CellView | undefined {
    return this.cells[at.kind].get(at.id)?.view();
  }

  list(kind: Kind): CellView[] {
    return [...this.cells[kind].values()].map((cell) => cell.view());
  }

  async offer(at: Address, event: { type: string; [field: string]: unknown }, cause?: string): Promise<Offered> {
    const cell = this.cells[at.kind].get(at.id);
    if (!cell) throw new NoSuchCell(`no ${at.kind} ${at.id} lives here`);
    return cell.offer(event, cause);
  }

  async create(at: Address, event: { type: string; [field: string]: unknown }, cause?: string): Promise<Offered> {
    const kind = this.cells[at.kind];
    const former = kind.get(at.id);
    if (former && !former.isOver()) throw new CellExists(`${at.kind} ${at.id} already lives`);
    // The fence goes on from the former life's last record; a new incarnation keeps its last words apart.
    // Nobody waits where there was none: who asks in the same turn must find it.
    const lastSeq = former ? await lastOf(former) : this.fenceOf(at);
    const twin = kind.get(at.id);
    if (twin && twin !== former) throw new CellExists(`${at.kind} ${at.id} already lives`);
    const cell = new Cell(at, this.kindOf(at), this.cellHouse, { incarnation: token(), tenure: token(), lastSeq });
    cell.start();
    kind.set(at.id, cell);
    try {
      return await cell.offer(event, cause);
    } catch (error) {
      // A first event that is no event leaves no cell behind.
      if (cell.isUntouched()) kind.delete(at.id);
      throw error;
    }
  }

  /** Whether a cell lives here. */
  has(at: Address): boolean {
    return this.cells[at.kind].has(at.id);
  }

  /** The fencing token of a cell's effects; 0 for one that does not live here. */
  epoch(at: Address): number {
    return this.cells[at.kind].get(at.id)?.epoch ?? 0;
  }

  /** The statechart of a cell, with its present state marked. */
  chart(at: Address): Chart | undefined {
    return this.cells[at.kind].get(at.id)?.chart();
  }

  /** Hears facts of cells that live here. The result stops it. */
  onFact(listener: FactListener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  onTurn(hear: (view: CellView) => void): () => void {
    this.turnListeners.add(hear);
    return () => this.turnListeners.delete(hear);
  }

  /**
   * Takes up cells from their last journal records, and tells what a crash may have left untold.
   * @param entries the last records of the cells to take up; without it, of all there are
   * @returns how many were taken up
   */
  async adopt(entries?: JournalEntry[]): Promise<number> {
    const lasts = entries ?? [];
    if (!entries) {
      const park = (poison: Poison) => this.parkPoison(poison);
      for await (const entry of this.house.journal.lasts(undefined, undefined, park)) lasts.push(entry);
    }
    await tellAgain(this.house.facts, lasts);
    // One draw of chance for all: fifty thousand of them take a good part of a second.
    const tenure = token();
    const taken = await Promise.all(lasts.map((entry, n) => this.takeOrPark(entry, `${tenure}${n.toString(36)}`)));
    return taken.filter(Boolean).length;
  }

  /**
   * Lets go of a cell for another gateway to take up; its effects go on.
   * @returns false when that could not be written down: then it stays
   */
  async handOver(at: Address): Promise<boolean> {
    const kind = this.cells[at.kind];
    const cell = kind.get(at.id);
    if (!cell) return false;
    kind.delete(at.id);
    try {
      await cell.handOver();
      return true;
    } catch (error) {
      if (error instanceof FenceRefused) return true; // another gateway has it already
      if (!isStoreRefusal(error)) throw error;
      this.succeed(cell, await cell.origin());
      return false;
    }
  }

  /** Another gateway has written to this cell's journal: it lives there now, and its effects go on. */
  letGo(at: Address, by: string): void {
    const cell = this.cells[at.kind].get(at.id);
    if (!cell) return;
    this.cells[at.kind].delete(at.id);
    const error = new FenceRefused(`${by} has taken up ${at.kind} ${at.id}`);
    cell.lose(error);
    this.house.onTrouble({ cell: at, error, outcome: 'let go' });
  }

  private async takeOrPark(entry: JournalEntry, tenure: string): Promise<boolean> {
    try {
      return await this.take(entry, tenure);
    } catch (error) {
      this.park({ kind: entry.record.kind, id: entry.record.cell }, entry.seq, error as Error);
      return false;
    }
  }

  /** A last record that can't even be read: its cell is parked. */
  parkPoison({ of, seq, reason }: Poison): void {
    this.park(of, seq, new Error(reason));
  }

  /** A record that can't be understood is left where it is, and told; it does not stop the others. */
  private park(at: Address, seq: number, error: Error): void {
    this.parked.set(keyOf(at), { seq, error });
    this.house.onTrouble({ cell: at, error, outcome: 'parked' });
  }

  /** @throws CellDown when a later program has written it: what that one knows must not be overwritten */
  private fenceOf(at: Address): number {
    const parked = this.parked.get(keyOf(at));
    if (parked?.error instanceof NewerRecord) throw new CellDown(parked.error.message, { cause: parked.error });
    return Math.max(parked?.seq ?? 0, this.fences.get(keyOf(at)) ?? 0);
  }

  /** A cell that is over has left the memory: who makes one of its name anew goes on behind its last record. */
  remember(at: Address, seq: number): void {
    if (ENDINGS[at.kind].returns) this.fences.set(keyOf(at), Math.max(seq, this.fences.get(keyOf(at)) ?? 0));
  }

  /** Lets go of every cell while its effects go on; resolves when all they heard is journalled. */
  async leave(): Promise<void> {
    const all = KINDS.flatMap((kind) => [...this.cells[kind].values()]);
    await Promise.all(all.map((cell) => cell.leave()));
    for (const kind of KINDS) this.cells[kind].clear();
  }

  /**
   * Takes up one cell; false when it is over and nobody asks for it any more, or another gateway was faster.
   * @throws Error when its record can't be understood
   */
  private async take({ seq, record: written }: JournalEntry, tenure: string): Promise<boolean> {
    const record = upcast(written);
    const at = { kind: record.kind, id: record.cell };
    const { shownMs, returns } = ENDINGS[at.kind];
    const ended = endedAt(record);
    const shownForMs = (ended ?? Number.POSITIVE_INFINITY) + shownMs - this.house.now();
    if (at.kind === 'viewer' && ended !== undefined) {
      this.house.onOver?.((record.after as { context: Record<string, unknown> }).context);
    }
    if (ended !== undefined && (!returns || shownForMs <= 0)) {
      this.remember(at, seq);
      return false;
    }
    const isOurs = record.node === this.house.node && !record.left;
    const lastSeq = isOurs ? seq : await claim(this.house.journal, { seq, record }, this.house.node, tenure);
    if (lastSeq === undefined) return false;
    const origin = { incarnation: record.incarnation, tenure, lastSeq, snapshot: record.after };
    const cell = new Cell(at, this.kindOf(at), this.cellHouse, origin);
    this.cells[at.kind].set(at.id, cell);
    cell.start();
    if (ended !== undefined) this.forgetLater(cell.view(), shownForMs);
    return true;
  }

  private kindOf(at: Address): CellKind {
    return this.house.kinds[at.kind];
  }

  /** What is over leaves the memory after a while, unless it lives again by then. */
  private forgetLater({ kind, id, since }: CellView, ms: number): void {
    const cell = this.cells[kind].get(id);
    this.house.later(ms, () => {
      if (!cell || this.cells[kind].get(id) !== cell || !cell.isOver() || cell.view().since !== since) return;
      const fence = cell.fence();
      // While a store is away nobody knows where its last record will stand.
      if (fence === undefined) return this.forgetLater(cell.view(), FORGET_AGAIN_MS);
      this.remember(cell.at, fence);
      this.cells[kind].delete(id);
      void cell.leave();
    });
  }

  /** A failed cell starts again after its last good record; one that keeps failing is given up. */
  private async replace(cell: Cell, error: Error): Promise<void> {
    const kind = this.cells[cell.at.kind];
    if (kind.get(cell.at.id) !== cell) return;
    const key = keyOf(cell.at);
    const now = this.house.now();
    const recent = [...(this.failures.get(key) ?? []).filter((at) => now - at < 60_000), now];
    this.failures.set(key, recent);
    if (cell.lostFence()) {
      kind.delete(cell.at.id);
      this.house.onTrouble({ cell: cell.at, error, outcome: 'let go' });
      return;
    }
    if (recent.length > RESTARTS_PER_MINUTE) {
      this.house.onTrouble({ cell: cell.at, error, outcome: 'given up' });
      return;
    }
    const origin = await cell.origin();
    // What it still had to write down may have shown that another gateway has it.
    if (kind.get(cell.at.id) !== cell) return;
    this.succeed(cell, origin);
    this.house.onTrouble({ cell: cell.at, error, outcome: 'restarted' });
  }

  /** Starts a cell again after its last good record. */
  private succeed({ at }: Cell, origin: Omit<CellOrigin, 'tenure'>): void {
    const successor = new Cell(at, this.kindOf(at), this.cellHouse, { ...origin, tenure: token() });
    this.cells[at.kind].set(at.id, successor);
    successor.start();
  }
}

/** Lets go of a cell that is over, and tells the sequence of its last record. */
async function lastOf(former: Cell): Promise<number> {
  await former.leave();
  return (await former.origin()).lastSeq;
}

const keyOf = ({ kind, id }: Address): string => `${kind}/${id}`;

/** 60 bits: enough that no two lives of a cell, and no two owners of it, ever share one. */
const token = (): string => newId('t').slice(2, 14);
