import type { Envelope } from '../envelope.ts';
import { id } from '../identity.ts';
import {
  type Ask,
  type Bus,
  type FactFilter,
  type Facts,
  FenceRefused,
  type Holdings,
  type Journal,
  JournalAway,
  type JournalEntry,
  JournalFull,
  type JournalRecord,
  type Keeper,
  type Leases,
  type Ledger,
  type Ledgered,
  NOT_MINE,
  type SessionCard,
  type Sessions,
  type Subscription,
  type Told,
} from '../ports.ts';
import { askSubject, journalSubject, type Kind, leaseKey, parseFactType } from '../subjects.ts';
import { errorReply } from './replies.ts';

/**
 * How a store behaves: `here`; `away`: it hears nothing and says so; `deaf`: it stores what it is told, but its
 * acknowledgement is lost; `hung`: it keeps everybody waiting until it is in another mode again; `full`: it can be read,
 * and takes nothing more.
 */
export type MemoryMode = 'here' | 'away' | 'deaf' | 'hung' | 'full';

/** Everything a group shares, in the memory of one process: for tests, simulation and replay. */
export interface MemoryStore {
  journal: Journal;
  facts: Facts;
  bus: Bus;
  leases: Leases;
  sessions: Sessions;
  keeper: Keeper;
  ledger: Ledger;
  /** Loses the oldest records and facts, as a damaged disk does. */
  lose(records: number, facts: number): void;
  set(mode: MemoryMode): void;
  /** Lets the time pass in which the store knows a message told twice for a duplicate. */
  forgetDuplicates(): void;
  /** All records as they were stored. */
  records(): JournalEntry[];
  /** All facts as they were stored. */
  told(): Told[];
}

/** What the carriers of one store share: its mode, and who waits for a change of it. */
interface Line {
  mode(): MemoryMode;
  /** Runs work the way the store's mode says. @throws JournalAway */
  through<T>(work: () => T): Promise<T>;
  /** The same for work that stores something. @throws JournalAway | JournalFull */
  into<T>(work: () => T): Promise<T>;
  onChange(listener: () => void): void;
}

/** What one stream holds, oldest first. */
interface Shelf<T extends { seq: number }> {
  items: T[];
  /** The newest sequence there ever was. */
  last: number;
  purgedBefore: number;
}

/** Records, with the last one of each cell at hand. */
interface Records extends Shelf<JournalEntry> {
  lastOf: Map<string, JournalEntry>;
}

/** Of a record that is gone: if it was its cell's last one, there is none any more. */
function dropLast({ lastOf }: Records, entry: JournalEntry): void {
  const subject = subjectOf(entry.record);
  if (lastOf.get(subject) === entry) lastOf.delete(subject);
}

const firstOf = <T extends { seq: number }>({ items, last }: Shelf<T>): number => items[0]?.seq ?? last + 1;

const copy = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

/** @param now epoch ms, for the expiry of leases */
export function memoryStore(now: () => number = Date.now): MemoryStore {
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
  return {
    journal: memoryJournal(line, records, duplicates),
    facts: memoryFacts(line, told, duplicates),
    bus: memoryBus(line),
    leases: memoryLeases(line, now),
    sessions: memorySessions(line),
    keeper: memoryKeeper(line, records, told),
    ledger: memoryLedger(line),
    lose(ofRecords, ofFacts) {
      for (const entry of records.items.splice(0, ofRecords)) dropLast(records, entry);
      told.items.splice(0, ofFacts);
    },
    set(next) {
      mode = next;
      for (const listener of [...listeners]) listener();
    },
    forgetDuplicates: () => duplicates.clear(),
    records: () => copy(records.items),
    told: () => copy(told.items),
  };
}

/** The place of the first item behind a sequence. */
function placeAfter<T extends { seq: number }>(items: readonly T[], seq: number): number {
  let [low, high] = [0, items.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((items[middle] as T).seq <= seq) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** What is stored, told in order to who follows it, while the store is here. */
function memoryFollowers<T extends { seq: number }>(line: Line, shelf: Shelf<T>) {
  const pumps = new Set<() => void>();
  const pump = () => {
    for (const run of [...pumps]) run();
  };
  line.onChange(pump);
  return {
    /** Something was stored. */
    wake: () => queueMicrotask(pump),
    follow(after: number, hear: (one: T) => void): Subscription {
      let seen = after;
      let finish: (error?: Error) => void = () => {};
      const ended = new Promise<Error | undefined>((resolve) => {
        finish = (error) => {
          pumps.delete(run);
          resolve(error);
        };
      });
      const run = () => {
        while (seen < shelf.last && ['here', 'full'].includes(line.mode()) && pumps.has(run)) {
          const next = shelf.items[placeAfter(shelf.items, seen)];
          seen = next?.seq ?? shelf.last;
          if (!next) continue;
          try {
            hear(copy(next));
          } catch (error) {
            finish(error as Error);
          }
        }
      };
      pumps.add(run);
      queueMicrotask(run);
      return { close: () => finish(), ended };
    },
  };
}

const subjectOf = (record: JournalRecord) => journalSubject({ kind: record.kind, id: record.cell });

function memoryJournal(line: Line, shelf: Records, duplicates: Map<string, number>): Journal {
  const followers = memoryFollowers(line, shelf);
  return {
    append: async (record, expected) =>
      line.into(() => {
        const subject = subjectOf(record);
        const messageId = `${subject}:${record.id}`;
        const known = duplicates.get(messageId);
        if (known !== undefined) return { seq: known };
        const last = shelf.lastOf.get(subject);
        if ((last?.seq ?? 0) !== expected) {
          if (last?.record.id === record.id) return { seq: last.seq };
          throw new FenceRefused(`${subject} ends at ${last?.seq ?? 0}, not at ${expected}`);
        }
        const seq = ++shelf.last;
        const entry = { seq, record: copy(record) };
        shelf.items.push(entry);
        shelf.lastOf.set(subject, entry);
        duplicates.set(messageId, seq);
        followers.wake();
        return { seq };
      }),
    async *lasts(kind, upTo = Number.POSITIVE_INFINITY) {
      const entries = await line.through(() => {
        const last = new Map<string, JournalEntry>();
        for (const entry of shelf.items) {
          if (entry.seq > upTo || (kind && entry.record.kind !== kind)) continue;
          last.set(subjectOf(entry.record), entry);
        }
        return [...last.values()].sort((a, b) => a.seq - b.seq);
      });
      for (const entry of entries) yield copy(entry);
    },
    last: (of) =>
      line.through(() => {
        const entry = shelf.lastOf.get(journalSubject(of));
        return entry && copy(entry);
      }),
    async *read(of, from = 1) {
      const subject = of && journalSubject(of);
      const entries = await line.through(() =>
        shelf.items.filter(({ seq, record }) => seq >= from && (!subject || subjectOf(record) === subject)),
      );
      for (const entry of entries) yield copy(entry);
    },
    seqAt: (at) =>
      line.through(() => {
        // A record is written right after the last thing in it was heard.
        const later = shelf.items.find(({ record }) => (record.heard.at(-1)?.at ?? 0) >= at);
        return (later ? later.seq : shelf.last + 1) - 1;
      }),
    follow: async (after, hear) => followers.follow(after, hear),
  };
}

function wants(filter: FactFilter, envelope: Envelope): boolean {
  const { address } = parseFactType(envelope);
  const { kinds = [], cells = [] } = filter;
  if (kinds.length + cells.length === 0) return true;
  return kinds.includes(address.kind) || cells.some((cell) => cell.kind === address.kind && cell.id === address.id);
}

function memoryFacts(line: Line, shelf: Shelf<Told>, duplicates: Map<string, number>): Facts {
  const followers = memoryFollowers(line, shelf);
  return {
    async tell(envelope) {
      parseFactType(envelope);
      return line.into(() => {
        const key = `${envelope.subject}:${envelope.id}`;
        const known = duplicates.get(key);
        if (known !== undefined) return { seq: known };
        const seq = ++shelf.last;
        shelf.items.push({ seq, envelope: copy(envelope) });
        duplicates.set(key, seq);
        followers.wake();
        return { seq };
      });
    },
    last: (of) =>
      line.through(() => {
        const fact = shelf.items.findLast(({ envelope }) => envelope.subject === `${of.kind}/${of.id}`);
        return fact && copy(fact);
      }),
    range: () => line.through(() => ({ first: firstOf(shelf), last: shelf.last, purgedBefore: shelf.purgedBefore })),
    async *read(from) {
      const isWanted = ({ seq, envelope }: Told) =>
        'after' in from ? seq > from.after : Date.parse(envelope.time) >= from.since;
      for (const one of await line.through(() => shelf.items.filter(isWanted))) yield copy(one);
    },
    async subscribe(filter, after, hear): Promise<Subscription> {
      return followers.follow(after ?? (await line.through(() => shelf.last)), (one) => {
        if (wants(filter, one.envelope)) hear(one);
      });
    },
  };
}

function memoryKeeper(line: Line, records: Records, told: Shelf<Told>): Keeper {
  const holdingsOf = <T extends { seq: number }>(shelf: Shelf<T>): Holdings => ({
    first: firstOf(shelf),
    last: shelf.last,
    bytes: JSON.stringify(shelf.items).length,
    purgedBefore: shelf.purgedBefore,
  });
  return {
    holdings: () => line.through(() => ({ journal: holdingsOf(records), facts: holdingsOf(told) })),
    forgetRecords: (before, cells) =>
      line.through(() => {
        records.purgedBefore = Math.max(records.purgedBefore, before);
        for (const { of, keep = Number.POSITIVE_INFINITY } of cells) {
          const subject = journalSubject(of);
          records.items = records.items.filter((entry) => {
            const stays = entry.seq >= keep || subjectOf(entry.record) !== subject;
            if (!stays) dropLast(records, entry);
            return stays;
          });
        }
      }),
    forgetFacts: (before) =>
      line.through(() => {
        told.purgedBefore = Math.max(told.purgedBefore, before);
        told.items = told.items.filter(({ seq }) => seq >= before);
      }),
  };
}

function memoryLedger(line: Line): Ledger {
  const shelf: Shelf<Ledgered> = { items: [], last: 0, purgedBefore: 1 };
  return {
    append: (entry, expected) =>
      line.into(() => {
        const last = shelf.items.at(-1);
        if (last?.entry.fact === entry.fact && last.entry.hash === entry.hash) return { seq: last.seq };
        if ((last?.seq ?? 0) !== expected)
          throw new FenceRefused(`the ledger ends at ${last?.seq}, not at ${expected}`);
        shelf.items.push({ seq: ++shelf.last, entry: copy(entry) });
        return { seq: shelf.last };
      }),
    last: () =>
      line.through(() => {
        const last = shelf.items.at(-1);
        return last && copy(last);
      }),
    async *read(from = 1) {
      for (const one of await line.through(() => shelf.items.filter(({ seq }) => seq >= from))) yield copy(one);
    },
    forget: (before) =>
      line.through(() => {
        shelf.items = shelf.items.filter(({ seq }) => seq >= before);
      }),
  };
}

function memoryBus(line: Line): Bus {
  const answers = new Map<Kind, Set<(request: Ask) => Promise<unknown>>>();
  return {
    async ask(request, timeoutMs) {
      const subject = askSubject(request.to, request.verb);
      const replies = await line.through(() => [...(answers.get(request.to.kind) ?? [])]);
      if (!replies.length) throw new JournalAway(`asking ${subject}: nobody answers`);
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<never>((_, reject) => {
        const text = `asking ${subject}: no answer within ${timeoutMs} ms`;
        timer = setTimeout(() => reject(new JournalAway(text)), timeoutMs);
      });
      const silent = new Promise<never>(() => {});
      const work = replies.map(async (reply) => {
        const answer = await reply(copy(request)).catch(errorReply);
        return answer === NOT_MINE ? silent : answer;
      });
      try {
        const answer = await Promise.race([...work, late]);
        return answer === undefined ? undefined : copy(answer);
      } finally {
        clearTimeout(timer);
      }
    },
    async answer(kind, reply) {
      const all = answers.get(kind) ?? new Set();
      answers.set(kind, all.add(reply));
      let finish = () => {};
      const ended = new Promise<undefined>((resolve) => {
        finish = () => resolve(undefined);
      });
      return {
        close() {
          all.delete(reply);
          finish();
        },
        ended,
      };
    },
  };
}

function memoryLeases(line: Line, now: () => number): Leases {
  const held = new Map<string, { holder: string; expiresAt: number; epoch: number }>();
  let revision = 0;
  const write = (key: string, holder: string, ttlMs: number) => {
    const epoch = ++revision;
    held.set(key, { holder, expiresAt: now() + ttlMs, epoch });
    return { key, holder, epoch };
  };
  return {
    take: (key, holder, ttlMs) =>
      line.through(() => {
        const current = held.get(leaseKey(key));
        if (current && current.holder !== holder && current.expiresAt > now()) return undefined;
        return write(key, holder, ttlMs);
      }),
    renew: (lease, ttlMs) =>
      line.through(() =>
        held.get(lease.key)?.holder === lease.holder ? write(lease.key, lease.holder, ttlMs) : undefined,
      ),
    release: (lease) =>
      line.through(() => {
        if (held.get(lease.key)?.holder === lease.holder) held.delete(lease.key);
      }),
    list: (under) =>
      line.through(() =>
        [...held]
          .filter(([key, { expiresAt }]) => key.startsWith(`${leaseKey(under)}.`) && expiresAt > now())
          .map(([key, { holder, epoch }]) => ({ key, holder, epoch })),
      ),
  };
}

function memorySessions(line: Line): Sessions {
  const cards = new Map<string, SessionCard>();
  const here = () => line.mode() === 'here';
  return {
    async put(card) {
      if (here()) cards.set(id(card.id), copy(card));
    },
    async get(name) {
      const card = here() ? cards.get(id(name)) : undefined;
      return card && copy(card);
    },
    async drop(name) {
      if (here()) cards.delete(id(name));
    },
    ready: here,
  };
}
