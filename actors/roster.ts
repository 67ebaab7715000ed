import type { Envelope } from '../bus/envelope.ts';
import { newId } from '../bus/identity.ts';
import { FenceRefused, isStoreRefusal } from '../bus/ports/faults.ts';
import type { Journal, JournalEntry, Poison } from '../bus/ports/journal.ts';
import { type Address, KINDS, type Kind } from '../bus/subjects.ts';
import { Adoption, type AdoptionHouse, type Lasts } from './adoption.ts';
import { Cell } from './cell.ts';
import type { CellHouse, CellOrigin, Predecessor } from './cell-house.ts';
import type { CellKind } from './cell-kind.ts';
import { CellExists, type Cells, type CellView, NoSuchCell, type Offered } from './cells.ts';
import type { Chart } from './chart.ts';
import { ENDINGS } from './ending.ts';
import { Fences } from './fences.ts';
import { Restarts } from './restarts.ts';

/** What the roster needs of the house. */
export interface RosterHouse extends AdoptionHouse {
  journal: Journal;
  kinds: Record<Kind, CellKind>;
  later(ms: number, run: () => void): () => void;
  /** Set while this process has to prove that it may act; absent where it always may. */
  proof?(): Promise<void> | undefined;
}

/** Hears every fact of the cells that live here, once it is safe. */
export type FactListener = (envelope: Envelope, view: CellView) => void;

const FORGET_AGAIN_MS = 60_000;

/** The cells that live in this gateway. */
export class Roster implements Cells {
  private readonly house: RosterHouse;
  private readonly cells: Record<Kind, Map<string, Cell>>;
  private readonly listeners = new Set<FactListener>();
  private readonly turnListeners = new Set<(view: CellView) => void>();
  private readonly takenListeners = new Set<(view: CellView) => void>();
  private readonly fences = new Fences();
  private readonly restarts = new Restarts();
  private readonly adoption: Adoption;
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
    this.adoption = new Adoption(house, this.fences, token, (at, origin, shownForMs) => {
      const cell = this.begin(at, origin);
      if (shownForMs !== undefined) this.forgetLater(cell.view(), shownForMs);
      for (const listener of this.takenListeners) listener(cell.view());
    });
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
    const before = former ? await lastOf(former) : { lastSeq: this.fences.of(at) };
    const twin = kind.get(at.id);
    if (twin && twin !== former) throw new CellExists(`${at.kind} ${at.id} already lives`);
    const cell = this.begin(at, { incarnation: token(), tenure: token(), ...before });
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

  /** Whether a cell lives here that knows of this record. @see Cell.knows */
  knows(at: Address, entry: JournalEntry): boolean {
    return this.cells[at.kind].get(at.id)?.knows(entry) ?? false;
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

  onTaken(hear: (view: CellView) => void): () => void {
    this.takenListeners.add(hear);
    return () => this.takenListeners.delete(hear);
  }

  /**
   * Takes up cells from their last journal records, and tells what a crash may have left untold.
   * @param entries the last records of the cells to take up; without it, of all there are
   * @returns how many were taken up
   */
  adopt(entries?: Lasts): Promise<number> {
    return this.adoption.takeUp(entries);
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

  /** Another gateway, or a former life of this one, has written to this cell's journal: it goes, its effects go on. */
  letGo(at: Address, entry: JournalEntry): void {
    const cell = this.cells[at.kind].get(at.id);
    if (!cell || cell.knows(entry)) return;
    this.cells[at.kind].delete(at.id);
    const error = new FenceRefused(`${entry.record.node} has taken up ${at.kind} ${at.id}`);
    cell.lose(error);
    this.house.onTrouble({ cell: at, error, outcome: 'let go' });
  }

  /** A last record that can't even be read: its cell is parked. */
  parkPoison({ of, seq, reason }: Poison): void {
    this.adoption.park(of, seq, new Error(reason));
  }

  /** A cell that is over has left the memory: who makes one of its name anew goes on behind its last record. */
  remember(at: Address, seq: number): void {
    this.fences.remember(at, seq);
  }

  /** Lets go of every cell while its effects go on; resolves when all they heard is journalled. */
  async leave(): Promise<void> {
    const all = KINDS.flatMap((kind) => [...this.cells[kind].values()]);
    await Promise.all(all.map((cell) => cell.leave()));
    for (const kind of KINDS) this.cells[kind].clear();
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
  private async replace(cell: Predecessor, error: Error): Promise<void> {
    const kind = this.cells[cell.at.kind];
    if (kind.get(cell.at.id) !== cell) return;
    const mayRestart = this.restarts.allow(cell.at, this.house.now());
    if (cell.lostFence()) {
      kind.delete(cell.at.id);
      this.house.onTrouble({ cell: cell.at, error, outcome: 'let go' });
      return;
    }
    if (!mayRestart) {
      this.house.onTrouble({ cell: cell.at, error, outcome: 'given up' });
      return;
    }
    const origin = await cell.origin();
    // What it still had to write down may have shown that another gateway has it.
    if (kind.get(cell.at.id) !== cell) return;
    // Two that hold the same effects would both act on what they report.
    void cell.leave();
    if (origin.snapshot) this.succeed(cell, origin);
    else {
      kind.delete(cell.at.id);
      this.remember(cell.at, origin.lastSeq);
    }
    this.house.onTrouble({ cell: cell.at, error, outcome: origin.snapshot ? 'restarted' : 'never begun' });
  }

  /** Starts a cell again after its last good record. */
  private succeed({ at }: Predecessor, origin: Omit<CellOrigin, 'tenure'>): void {
    this.begin(at, { ...origin, tenure: token() });
  }

  private begin(at: Address, origin: CellOrigin): Cell {
    const cell = new Cell(at, this.house.kinds[at.kind], this.cellHouse, origin);
    this.cells[at.kind].set(at.id, cell);
    cell.start();
    return cell;
  }
}

/** Lets go of a cell that is over. @returns the sequence of its last record, and what it still has to tell */
async function lastOf(former: Cell): Promise<Pick<CellOrigin, 'lastSeq' | 'saying'>> {
  await former.leave();
  const { lastSeq, saying } = await former.origin();
  return { lastSeq, ...(saying ? { saying } : {}) };
}

/** 60 bits: enough that no two lives of a cell, and no two owners of it, ever share one. */
const token = (): string => newId('t').slice(2, 14);
