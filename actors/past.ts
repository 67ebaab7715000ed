import type { AnyMachineSnapshot } from 'xstate';
import { canonical, fingerprint } from '../bus/canonical.ts';
import type { JournalEntry, JournalRecord } from '../bus/ports/journal.ts';
import type { Address, Kind } from '../bus/subjects.ts';
import { upcast } from '../bus/upcast.ts';
import type { CellView } from './cells.ts';
import { type Chart, chart } from './chart.ts';
import { MACHINES } from './machines.ts';
import { type Difference, type Essence, essence, type Folded, foldRecord, newborn, restored } from './replay.ts';
import { viewOf } from './snapshot.ts';
import { type Moment, type Readings, stretch } from './stretch.ts';

/** A cell as it was. */
export interface CellThen {
  at: Address;
  /** The gateway that held it. */
  node: string;
  incarnation: string;
  snapshot: AnyMachineSnapshot;
  view: CellView;
  /** Its statechart, with the state that it was in marked. */
  chart(): Chart;
  essence: Essence;
  /** Sequence of the newest record it had heard of. */
  seq: number;
  /** Records that were folded and compared with what the living cell was. */
  compared: number;
  /** Earlier records are no longer there: it began with what one of them left. */
  fromCheckpoint: boolean;
  difference?: Difference & { seq: number };
}

/** A record that this program does not understand, for instance of a later version; its cell is unknown from there. */
export interface NotUnderstood {
  at: Address;
  seq: number;
  reason: string;
}

/** Records of a machine's earlier version that do not end as was recorded when the present machine hears them. */
export interface FoldedOnly {
  kind: Kind;
  version: number;
  records: number;
}

/** The past while it is folded from the journal. */
export interface Past {
  /** Takes the next record. */
  take(entry: JournalEntry): void;
  /** Takes a record for granted: its cell goes on from what it left. */
  trust(entry: JournalEntry): void;
  /** The cells that lived at that moment, in the order of their names. */
  cells(): CellThen[];
  /** How many records were compared, of all cells that ever were. */
  compared(): number;
  /** What of earlier versions was folded, but proves nothing: those machines kept, or decided, other things. */
  foldedOnly(): FoldedOnly[];
  /** The hash of what stands recorded of the living cells, whatever machines wrote it: nothing is folded for it. */
  recordedHash(): string;
  /** The first difference of all, in the order of the journal. */
  firstDifference(): (Difference & { seq: number; at: Address }) | undefined;
  notUnderstood(): NotUnderstood[];
}

interface Life {
  at: Address;
  node: string;
  incarnation: string;
  snapshot: AnyMachineSnapshot;
  /** The last record, when an older program wrote it. */
  older?: JournalRecord;
  /** What the last record says of it, as it was written. */
  recorded: Essence;
  seq: number;
  compared: number;
  fromCheckpoint: boolean;
  difference?: Difference & { seq: number };
}

/**
 * Begins to fold the past up to a moment, without effects; without one, up to the last record that is taken. Memory is
 * held for the living only.
 * @param isAsked of which cells to tell; all without it
 */
export function foldPast(
  { at = Number.POSITIVE_INFINITY, seq: last = Number.POSITIVE_INFINITY }: Moment,
  isAsked?: (view: CellView) => boolean,
): Past {
  const lives = new Map<string, Life>();
  const strange: NotUnderstood[] = [];
  const older = new Map<string, FoldedOnly>();
  let compared = 0;
  let first: (Difference & { seq: number; at: Address }) | undefined;

  const keyOf = (record: JournalRecord) => `${record.kind}/${record.cell}`;
  const begin = (seq: number, written: JournalRecord, snapshot: AnyMachineSnapshot, fromCheckpoint: boolean): Life => {
    const { kind, cell, incarnation, node } = written;
    const recorded = written.after as Essence;
    const life = { at: { kind, id: cell }, node, incarnation, snapshot, recorded, seq, compared: 0, fromCheckpoint };
    lives.set(keyOf(written), life);
    return life;
  };
  /** Those that are over are not kept: a night has thousands of them. */
  const forgetIfOver = (record: JournalRecord, { snapshot }: Life) => {
    if (snapshot.status !== 'active') lives.delete(keyOf(record));
  };
  const trust = (seq: number, record: JournalRecord, written: JournalRecord) =>
    forgetIfOver(record, begin(seq, written, restored(MACHINES[record.kind], record), true));
  /** Counts what the comparison of a record came to. */
  const tally = (life: Life, { whole, difference }: Folded, version: number, isNative: boolean) => {
    if (!whole || (isAsked && !isAsked(viewOf(life.at, life.snapshot)))) return;
    if (difference && !isNative) {
      const { kind } = life.at;
      const known = older.get(`${kind} ${version}`) ?? { kind, version, records: 0 };
      older.set(`${kind} ${version}`, { ...known, records: known.records + 1 });
      return;
    }
    life.compared += 1;
    compared += 1;
    if (!difference) return;
    life.difference ??= { ...difference, seq: life.seq };
    first ??= { ...difference, seq: life.seq, at: life.at };
  };
  const fold = (seq: number, record: JournalRecord, written: JournalRecord) => {
    const isNative = record.version === written.version;
    const machine = MACHINES[record.kind];
    let life = lives.get(keyOf(record));
    if (life?.incarnation !== record.incarnation) life = undefined;
    if (!life && !record.first) {
      // What was before its first record that is left can't be known.
      if (record.heard.every((heard) => heard.at <= at)) trust(seq, record, written);
      return;
    }
    life ??= begin(seq, written, newborn(machine, record.cell), false);
    // Where an older program's records end, the present one went on from the snapshot in the last of them.
    if (isNative && life.older) life.snapshot = restored(machine, life.older);
    const folded = foldRecord(machine, life.snapshot, record, at);
    life.snapshot = folded.snapshot;
    life.seq = seq;
    life.recorded = written.after as Essence;
    life.node = record.node;
    if (isNative) delete life.older;
    else life.older = record;
    tally(life, folded, written.version, isNative);
    forgetIfOver(record, life);
  };
  const understand = (
    { seq, record }: JournalEntry,
    work: (seq: number, record: JournalRecord, written: JournalRecord) => void,
  ) => {
    try {
      work(seq, upcast(record), record);
    } catch (error) {
      lives.delete(keyOf(record));
      strange.push({ at: { kind: record.kind, id: record.cell }, seq, reason: (error as Error).message });
    }
  };

  const inOrder = () => [...lives.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, life]) => life);

  return {
    trust: (entry) => understand(entry, trust),
    take(entry) {
      const { record } = entry;
      const heardAt = record.heard[0]?.at ?? (record.after as { context: { since?: number } }).context.since ?? 0;
      if (entry.seq > last || heardAt > at) return;
      // Where nothing was heard, a gateway has only said that the cell is its own now.
      if (record.heard.length > 0) understand(entry, fold);
      else {
        const life = lives.get(keyOf(record));
        if (life?.incarnation === record.incarnation) life.node = record.node;
        else understand(entry, trust);
      }
    },
    cells: () =>
      inOrder()
        .map((life) => ({ life, view: viewOf(life.at, life.snapshot) }))
        .filter(({ view }) => !isAsked || isAsked(view))
        .map(({ life, view }) => ({
          at: life.at,
          node: life.node,
          incarnation: life.incarnation,
          snapshot: life.snapshot,
          view,
          chart: () => chart(MACHINES[life.at.kind], life.snapshot._nodes),
          essence: essence(life.snapshot),
          seq: life.seq,
          compared: life.compared,
          fromCheckpoint: life.fromCheckpoint,
          ...(life.difference ? { difference: life.difference } : {}),
        })),
    compared: () => compared,
    recordedHash: () => hashOf(inOrder().map(({ at, recorded }) => ({ at, essence: essence(recorded) }))),
    foldedOnly: () => [...older.values()],
    firstDifference: () => first,
    notUnderstood: () => strange,
  };
}

/** The canonical hash of what cells were: the same wherever the same records were folded. */
export function hashOf(cells: readonly Pick<CellThen, 'at' | 'essence'>[]): string {
  return fingerprint(cells.map(({ at, essence: was }) => [`${at.kind}/${at.id}`, canonical(was)]));
}

/**
 * Everything as it was at a moment, from the nearest records at or before it: what each cell was at the last of them
 * is taken for granted, what follows is folded and compared.
 * @returns the past, and the newest sequence that had begun by then
 * @throws JournalAway
 */
export async function pastFrom(journal: Readings, moment: Moment): Promise<{ past: Past; seq: number }> {
  const past = foldPast(moment);
  let seq = moment.seq ?? 0;
  for await (const { entry, isTrusted } of stretch(journal, { from: moment, to: moment })) {
    if (moment.seq === undefined) seq = Math.max(seq, entry.seq);
    if (isTrusted) past.trust(entry);
    else past.take(entry);
  }
  return { past, seq };
}
