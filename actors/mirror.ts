import type { AnyMachineSnapshot } from 'xstate';
import { JournalAway } from '../bus/ports/faults.ts';
import type { Journal, JournalEntry, Poison } from '../bus/ports/journal.ts';
import type { Subscription } from '../bus/ports/subscription.ts';
import { type Address, KINDS, type Kind } from '../bus/subjects.ts';
import { upcast, VERSIONS } from '../bus/upcast.ts';
import type { CellKind } from './cell-kind.ts';
import type { CellView } from './cells.ts';
import { type Chart, chart } from './chart.ts';
import { ENDINGS, endedAt } from './ending.ts';
import { restored } from './replay.ts';
import { viewOf } from './snapshot.ts';

/** What the mirror needs of the house. */
export interface MirrorHouse {
  node: string;
  journal: Journal;
  kinds: Record<Kind, CellKind>;
  /** Epoch ms. */
  now(): number;
  later(ms: number, run: () => void): () => void;
  /** Whether a cell lives in this gateway that wrote this record itself or was taken up behind it. */
  knows(at: Address, entry: JournalEntry): boolean;
  /** The last record of a cell can't be read. */
  onPoison(poison: Poison): void;
  /** Another gateway, or a former life of this one, has written to a cell's journal. */
  onForeign(at: Address, entry: JournalEntry): void;
  /** A cell that was over left the memory; the sequence is that of its last record. */
  onForgotten(at: Address, seq: number): void;
}

/** A cell of another gateway: its last record, and how that looks, once somebody has asked. */
interface Reflection {
  entry: JournalEntry;
  view?: CellView;
}

const REACHED_WITHIN_MS = 500;
const AGAIN_MS = 500;

/**
 * The cells that live at other gateways, as their last journal records have them. It follows the journal, and so lags
 * by a moment. What lives here is the roster's to tell, and is not kept; what this gateway has written though it does
 * not live here is: a claim whose answer was lost, or a former life's last word, which nobody else would look after.
 */
export class Mirror {
  private readonly house: MirrorHouse;
  private readonly cells: Record<Kind, Map<string, Reflection>>;
  private attending = false;
  private following: Subscription | undefined;
  private last = 0;
  /** The cells whose last records are being looked at. */
  private readonly lookedAt = new Set<string>();
  private readonly waiting = new Set<{ seq: number; resolve(): void }>();

  constructor(house: MirrorHouse) {
    this.house = house;
    this.cells = Object.fromEntries(KINDS.map((kind) => [kind, new Map()])) as Record<Kind, Map<string, Reflection>>;
  }

  /**
   * Follows what others write from now on. Not while there is nobody: own records need no mirror.
   * @param hasLooked what is there now was looked at just before
   * @throws JournalAway
   */
  async attend(hasLooked = false): Promise<void> {
    if (this.attending) return;
    this.attending = true;
    try {
      if (!hasLooked) await this.look();
      await this.follow();
    } catch (error) {
      this.attending = false;
      throw error;
    }
  }

  /** Follows nobody any more: there is nobody. */
  rest(): void {
    this.attending = false;
    this.close();
  }

  private async follow(): Promise<void> {
    const following = await this.house.journal.follow(this.last, (entry) => this.note(entry));
    this.following = following;
    void following.ended.then((error) => {
      if (error instanceof RangeError) this.attendAnew();
      // Of a connection that was closed nothing comes any more; whatever else ended it, as a store that changes its
      // servers, would leave this gateway deaf for the others for ever.
      else if (error && !(error instanceof JournalAway)) this.followAgain();
    });
  }

  private followAgain(): void {
    this.house.later(AGAIN_MS, () => this.follow().catch(() => this.followAgain()));
  }

  /** The store went back behind what was seen: everything is looked at anew, for its sequences are others now. */
  private attendAnew(): void {
    for (const kind of KINDS) this.cells[kind].clear();
    this.last = 0;
    this.attending = false;
    this.attend().catch(() => this.house.later(AGAIN_MS, () => this.attendAnew()));
  }

  /** Looks at the last record of every cell, without waiting for it to come round. @throws JournalAway */
  async look(): Promise<void> {
    for await (const _ of this.own());
  }

  /** The same; yields those that this gateway wrote itself: its own cells, when it has just started. @throws JournalAway */
  async *own(): AsyncGenerator<JournalEntry> {
    for await (const entry of this.house.journal.lasts(undefined, undefined, this.house.onPoison)) {
      this.note(entry, true);
      if (entry.record.node === this.house.node) yield entry;
    }
  }

  /** Looks at the last record of one cell, which was let go of or not taken up: it may be by this gateway itself. */
  lookAt(at: Address): void {
    const key = `${at.kind}/${at.id}`;
    if (this.lookedAt.has(key)) return;
    this.lookedAt.add(key);
    const look = () =>
      this.house.journal.last(at).then(
        (entry) => {
          this.lookedAt.delete(key);
          if (entry) this.note(entry);
        },
        () => void this.house.later(AGAIN_MS, look),
      );
    void look();
  }

  view(at: Address): CellView | undefined {
    const reflection = this.cells[at.kind].get(at.id);
    return reflection && this.show(at, reflection);
  }

  /** The gateway that wrote the last record of a cell. */
  holder(at: Address): string | undefined {
    return this.cells[at.kind].get(at.id)?.entry.record.node;
  }

  list(kind: Kind): CellView[] {
    return [...this.cells[kind]].map(([id, reflection]) => this.show({ kind, id: id as Address['id'] }, reflection));
  }

  /** The last record of every cell that lives elsewhere, or nowhere now. */
  entries(): JournalEntry[] {
    return KINDS.flatMap((kind) => [...this.cells[kind].values()].map(({ entry }) => entry));
  }

  /** The statechart of a cell, with its state marked. */
  chart(at: Address): Chart | undefined {
    const reflection = this.cells[at.kind].get(at.id);
    return reflection && chart(this.house.kinds[at.kind].machine, this.resolve(at, reflection)._nodes);
  }

  /** Resolves once a record has come round, so that who asks next sees what it changed; soon in any case. */
  reached(seq: number): Promise<void> {
    if (this.last >= seq) return Promise.resolve();
    return new Promise((resolve) => {
      const waiter = { seq, resolve };
      this.waiting.add(waiter);
      this.house.later(REACHED_WITHIN_MS, () => {
        if (this.waiting.delete(waiter)) resolve();
      });
    });
  }

  /** Forgets a cell that lives here from now on. */
  forget(at: Address): void {
    this.cells[at.kind].delete(at.id);
  }

  close(): void {
    this.following?.close();
  }

  private note(entry: JournalEntry, isLook = false): void {
    const { seq, record } = entry;
    this.last = Math.max(this.last, seq);
    for (const waiter of this.waiting) {
      if (waiter.seq <= seq && this.waiting.delete(waiter)) queueMicrotask(waiter.resolve);
    }
    const cells = this.cells[record.kind];
    const at = { kind: record.kind, id: record.cell };
    const known = cells.get(record.cell);
    if (known && known.entry.seq >= seq) return;
    if (record.node === this.house.node && !record.left && (isLook || this.house.knows(at, entry))) {
      cells.delete(record.cell);
      return;
    }
    const reflection: Reflection = { entry };
    cells.set(record.cell, reflection);
    this.house.onForeign(at, entry);
    const ended = endedAt(record);
    if (ended === undefined) return;
    const forget = () => {
      if (cells.get(record.cell) !== reflection) return;
      cells.delete(record.cell);
      this.house.onForgotten(at, seq);
    };
    const shownForMs = ended + ENDINGS[record.kind].shownMs - this.house.now();
    if (shownForMs > 0) this.house.later(shownForMs, forget);
    else forget();
  }

  private show(at: Address, reflection: Reflection): CellView {
    reflection.view ??= viewOf(at, this.resolve(at, reflection));
    return reflection.view;
  }

  private resolve({ kind }: Address, { entry: { record } }: Reflection): AnyMachineSnapshot {
    // What a later program wrote is shown as it stands.
    const known = record.version > VERSIONS[kind] ? record : upcast(record);
    return restored(this.house.kinds[kind].machine, known);
  }
}
