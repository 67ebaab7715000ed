import type { Bucket } from '../ports/bucket.ts';
import type { Bus } from '../ports/bus.ts';
import type { Facts, Told } from '../ports/facts.ts';
import { JournalAway, JournalFull } from '../ports/faults.ts';
import type { Journal, JournalEntry } from '../ports/journal.ts';
import type { Keeper } from '../ports/keeper.ts';
import type { Leases } from '../ports/leases.ts';
import type { Ledger } from '../ports/ledger.ts';
import type { Outbox } from '../ports/outbox.ts';
import type { Sessions } from '../ports/sessions.ts';
import { memoryBucket } from './memory/bucket.ts';
import { memoryBus } from './memory/bus.ts';
import { memoryFacts } from './memory/facts.ts';
import { memoryJournal } from './memory/journal.ts';
import { memoryKeeper } from './memory/keeper.ts';
import { type HeldLeases, memoryLeases } from './memory/leases.ts';
import { memoryLedger } from './memory/ledger.ts';
import type { Line, MemoryMode } from './memory/line.ts';
import { memoryOutbox } from './memory/outbox.ts';
import { type MemoryReaders, memoryReaders } from './memory/readers.ts';
import { memorySessions } from './memory/sessions.ts';
import { cutOff, dropLast, type Records, type Shelf, subjectOf } from './memory/shelf.ts';

/** Everything a group shares, in the memory of one process: for tests, simulation and replay. */
export interface MemoryStore {
  journal: Journal;
  facts: Facts;
  bus: Bus;
  readers: MemoryReaders;
  leases: Leases;
  /** The leases as another process finds them, by a monotonic clock of its own. */
  leasesBy(nowMs: () => number): Leases;
  sessions: Sessions;
  keeper: Keeper;
  ledger: Ledger;
  outbox: Outbox;
  bucket: Bucket;
  /** Loses the oldest records and facts, as a damaged disk does. */
  lose(records: number, facts: number): void;
  /** Loses what came after these sequences, as a disk that was cut off does: they are given anew. */
  cutOff(record: number, fact: number): void;
  set(mode: MemoryMode): void;
  /** Lets the time pass in which the store knows a message told twice for a duplicate. */
  forgetDuplicates(): void;
  /** All records as they were stored. */
  records(): JournalEntry[];
  /** All facts as they were stored. */
  told(): Told[];
}

/** @param nowMs monotonic, for the expiry of leases */
export function memoryStore(nowMs: () => number = () => performance.now()): MemoryStore {
  let mode: MemoryMode = 'here';
  const listeners = new Set<() => void>();
  const line: Line = {
    mode: () => mode,
    onChange: (listener) => void listeners.add(listener),
    async through(work) {
      while (mode === 'hung') {
        await new Promise<void>((resolve) => {
          const once = () => {
            listeners.delete(once);
            resolve();
          };
          listeners.add(once);
        });
      }
      if (mode === 'away') throw new JournalAway('the store is away');
      const result = work();
      if (mode === 'deaf') throw new JournalAway('the store did not answer');
      return result;
    },
    into: (work) =>
      line.through(() => {
        if (mode === 'full') throw new JournalFull('the store is full', 10_023);
        return work();
      }),
  };
  const records: Records = { items: [], last: 0, purgedBefore: 1, lastOf: new Map() };
  const told: Shelf<Told> = { items: [], last: 0, purgedBefore: 1 };
  const duplicates = new Map<string, number>();
  const held: HeldLeases = { of: new Map(), revision: 0 };
  return {
    journal: memoryJournal(line, records, duplicates),
    facts: memoryFacts(line, told, duplicates),
    bus: memoryBus(line),
    readers: memoryReaders(line),
    leases: memoryLeases(line, held, nowMs),
    leasesBy: (other) => memoryLeases(line, held, other),
    sessions: memorySessions(line),
    keeper: memoryKeeper(line, records, told),
    ledger: memoryLedger(line),
    outbox: memoryOutbox(line, told),
    bucket: memoryBucket(line),
    lose(ofRecords, ofFacts) {
      for (const entry of records.items.splice(0, ofRecords)) dropLast(records, entry);
      told.items.splice(0, ofFacts);
    },
    cutOff(record, fact) {
      for (const { record: lost } of cutOff(records, record)) {
        duplicates.delete(`${subjectOf(lost)}:${lost.id}`);
        const left = records.items.findLast((entry) => subjectOf(entry.record) === subjectOf(lost));
        if (left) records.lastOf.set(subjectOf(lost), left);
        else records.lastOf.delete(subjectOf(lost));
      }
      for (const { envelope } of cutOff(told, fact)) duplicates.delete(`${envelope.subject}:${envelope.id}`);
      for (const listener of [...listeners]) listener();
    },
    set(next) {
      mode = next;
      for (const listener of [...listeners]) listener();
    },
    forgetDuplicates: () => duplicates.clear(),
    records: () => [...records.items],
    told: () => [...told.items],
  };
}
