import type { Facts } from '../ports/facts.ts';
import { FenceRefused, JournalAway, JournalFull, TooLarge } from '../ports/faults.ts';
import type { Journal, Receipt } from '../ports/journal.ts';
import { type Parked, parkLine } from './parking.ts';
import {
  cellKey,
  cellOf,
  FOLLOWS,
  type RecordLine,
  type SpooledCell,
  type SpoolLine,
  spoolDelivery,
} from './spooldelivery.ts';
import { spooledLasts } from './spooledlasts.ts';
import { openSpoolFile } from './spoolfile.ts';

export interface SpoolOptions {
  /** The stores that may go away. */
  journal: Journal;
  facts: Facts;
  /** Where to keep what can't reach them. What can't be delivered at all goes to the same name with `.parked`. */
  file: string;
  /** Beyond this no record is taken: the store's absence is told to the callers. Default 64 MB. */
  maxBytes?: number;
  /** Between two attempts to deliver. Default 100 ms. */
  retryMs?: number;
  /**
   * Looks at the stores as they came back, before anything is delivered: what they have lost shows only until then.
   * False while they can't be looked at.
   */
  look?(): Promise<boolean>;
  /** Called for each line put aside: another gateway owns the cell, or the line is too large. */
  onParked?(parked: Parked): void;
  /** Called when the disk or a line of the file fails us; the spool goes on. */
  onFault?(fault: Error): void;
}

/** A journal and facts that go on while their stores are away. */
export interface Spool {
  journal: Journal;
  facts: Facts;
  /** What waits for the stores; zero when they are here. `full`: they are, and have no room. */
  state(): { spooled: number; bytes: number; full: boolean };
  /** Resolves once nothing waits: adopting cells before that would miss their last records. */
  drained(): Promise<void>;
  /** Resolves once nothing waits, or what waits does so for room alone: the last records can be read then. */
  readable(): Promise<void>;
  close(): Promise<void>;
}

/** Something handed to the store and not answered yet. */
interface Flight {
  line: SpoolLine;
  resolve(receipt: Receipt): void;
  reject(error: Error): void;
}

const MAX_BYTES = 64 * 1024 * 1024;
const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/**
 * Wraps a journal and facts. As soon as one of them is away, all that was under way and all that comes goes to a local
 * file, in order and onto the disk before it is acknowledged; when the store is back it follows, in order, with the
 * fence kept per cell. A file left by a process that was killed is delivered first.
 */
export async function openSpool(options: SpoolOptions): Promise<Spool> {
  const { journal, facts, maxBytes = MAX_BYTES, retryMs = 100 } = options;
  const file = await openSpoolFile(options.file);
  const cells = new Map<string, SpooledCell>();
  const inFlight = new Set<Flight>();
  let spooled = 0;
  let away = false;
  /** It is away because it takes no more. */
  let full = false;
  let closed = false;
  let draining: Promise<void> = Promise.resolve();
  let waiters: { isOver(): boolean; resolve(): void }[] = [];
  const fault = (error: unknown) => options.onFault?.(error as Error);
  const until = (isOver: () => boolean) =>
    isOver() ? Promise.resolve() : new Promise<void>((resolve) => waiters.push({ isOver, resolve }));
  const wake = () => {
    for (const waiter of waiters) if (waiter.isOver()) waiter.resolve();
    waiters = waiters.filter((waiter) => !waiter.isOver());
  };

  const park = async (line: SpoolLine, reason: string, acknowledged: boolean): Promise<void> => {
    options.onParked?.(await parkLine(`${options.file}.parked`, line, reason, acknowledged));
  };

  const delivery = spoolDelivery({
    journal,
    facts,
    cells,
    park: (line, reason) => park(line, reason, true),
    done: (line) => leave(line),
    waits(why) {
      full = why instanceof JournalFull;
      wake();
    },
    fault,
  });

  /**
   * The fence of a record. An owner whose last receipt came from the spool does not know where that record stands by
   * now: it gives 0, or the last sequence it was told; one that took up a record that waited, what it had to be above.
   * The delivery knows.
   */
  const fenceOf = ({ record, expected }: RecordLine): number => {
    const known = cells.get(cellKey({ kind: record.kind, id: record.cell }));
    if (!known?.seq || known.incarnation !== record.incarnation) return expected;
    return expected < known.seq || expected === known.ownerFence ? known.seq : expected;
  };

  const enter = (line: SpoolLine): SpoolLine => {
    spooled += 1;
    if ('fact' in line) return line;
    const { record } = line;
    const key = cellKey(cellOf(line));
    const cell = cells.get(key) ?? { incarnation: record.incarnation, waiting: 0, seq: 0, ownerFence: 0 };
    const expected = cell.waiting > 0 ? FOLLOWS : fenceOf(line);
    cell.incarnation = record.incarnation;
    cell.ownerFence = line.expected;
    cell.waiting += 1;
    cells.set(key, cell);
    return { record: { ...record, late: true }, expected };
  };

  const knownOf = (line: RecordLine) => cells.get(cellKey(cellOf(line))) as SpooledCell;
  const leave = (line: SpoolLine) => {
    spooled -= 1;
    if ('record' in line) knownOf(line).waiting -= 1;
  };

  const spool = async (line: SpoolLine): Promise<Receipt> => {
    const key = cellKey(cellOf(line));
    const parked = 'record' in line && cells.get(key)?.parked;
    if (parked) throw new FenceRefused(`${key} can't be journalled by this gateway any more: ${parked}`);
    const text = JSON.stringify(enter(line));
    const known = 'record' in line ? knownOf(line) : undefined;
    // A fact is taken all the same: its record was, and holds it, so that all facts are no larger than all records.
    if ('record' in line && file.bytes() + text.length > maxBytes) {
      leave(line);
      throw new JournalAway(`the journal is away and the spool ${options.file} is full (${maxBytes} bytes)`);
    }
    try {
      await file.append(text);
      if (known && 'record' in line) known.last = line.record;
      return { seq: 0, spooled: true };
    } catch (error) {
      leave(line);
      fault(error);
      throw new JournalAway(`the journal is away and ${options.file} can't be written: ${(error as Error).message}`);
    }
  };

  const divert = (why: Error) => {
    away = true;
    full = why instanceof JournalFull;
    const flights = [...inFlight];
    inFlight.clear();
    for (const { line, resolve, reject } of flights) {
      if ('fact' in line) delivery.suspect(line.fact);
      spool(line).then(resolve, reject);
    }
    draining = drain();
  };

  const pass = (line: SpoolLine, send: () => Promise<Receipt>): Promise<Receipt> =>
    new Promise((resolve, reject) => {
      const flight = { line, resolve, reject };
      inFlight.add(flight);
      send().then(
        (receipt) => {
          if (inFlight.delete(flight)) resolve(receipt);
        },
        (error) => {
          if (!inFlight.has(flight)) return;
          if (error instanceof JournalAway || error instanceof JournalFull) return divert(error);
          inFlight.delete(flight);
          if (!(error instanceof TooLarge)) return reject(error);
          const parked = park(line, error.message, false).catch(fault);
          void parked.then(() => reject(error));
        },
      );
    });

  const parse = (text: string): SpoolLine[] => {
    try {
      const line = JSON.parse(text) as SpoolLine;
      cellKey(cellOf(line));
      return [line];
    } catch {
      fault(new Error(`a line of ${options.file} can't be read and is left out: ${text.slice(0, 100)}`));
      return [];
    }
  };

  /** Delivers the file to its end, then lets the callers through again. */
  const drain = async (): Promise<void> => {
    while (!closed) {
      try {
        let lines = (await file.read()).flatMap(parse);
        while (lines.length && !closed) {
          if ((await options.look?.()) !== false) lines = await delivery.deliver(lines);
          if (lines.length) await pause(retryMs);
        }
        // Nothing may come between finding the file empty and opening the way.
        if (closed || !(await file.clear()) || file.bytes() > 0) continue;
        away = false;
        full = false;
        for (const [key, cell] of cells) {
          if (cell.parked) cells.delete(key);
          else cell.stored = undefined;
        }
        wake();
        return;
      } catch (error) {
        fault(error);
        await pause(retryMs);
      }
    }
  };

  for (let texts = await file.read(); texts.length; texts = await file.read()) {
    for (const line of texts.flatMap(parse)) {
      if ('fact' in line) {
        spooled += 1;
        delivery.suspect(line.fact);
      } else {
        enter(line);
        knownOf(line).last = line.record;
      }
    }
  }
  file.rewind();
  if (spooled) {
    away = true;
    draining = drain();
  }

  return {
    journal: {
      async append(record, expected) {
        const line = { record, expected };
        if (away) return spool(line);
        const fence = fenceOf(line);
        const receipt = await pass(line, () => journal.append(record, fence));
        // From here on the owner knows its fence again.
        if (!receipt.spooled) cells.delete(cellKey(cellOf(line)));
        return receipt;
      },
      async *lasts(kind, upTo, onPoison) {
        // What they were at an earlier sequence, no record that waits changes.
        if (!away || upTo !== undefined) return yield* journal.lasts(kind, upTo, onPoison);
        if (!full) throw new JournalAway(`${spooled} records and facts still wait in ${options.file}: try again soon`);
        yield* spooledLasts(journal, cells, kind, onPoison);
      },
      last: (of) => journal.last(of),
      read: (of, from) => journal.read(of, from),
      seqAt: (at) => journal.seqAt(at),
      follow: (after, hear) => journal.follow(after, hear),
    },
    facts: {
      async tell(fact) {
        if (away) return spool({ fact });
        return pass({ fact }, () => facts.tell(fact)).catch((error) => {
          // It is parked, and its record holds it: those behind it go on.
          if (error instanceof TooLarge) return { seq: 0, parked: true };
          throw error;
        });
      },
      last: (of) => facts.last(of),
      range: () => facts.range(),
      read: (from, filter) => facts.read(from, filter),
      subscribe: (filter, after, hear) => facts.subscribe(filter, after, hear),
    },
    state: () => ({ spooled, bytes: away ? file.bytes() : 0, full }),
    drained: () => until(() => !away),
    readable: () => until(() => !away || full),
    async close() {
      closed = true;
      await draining;
      await file.close();
    },
  };
}
