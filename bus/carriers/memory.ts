import type { Envelope } from '../envelope.ts';
import { id } from '../identity.ts';
import {
  type Ask,
  type Bus,
  type FactFilter,
  type Facts,
  FenceRefused,
  type Journal,
  JournalAway,
  type JournalEntry,
  type JournalRecord,
  type Leases,
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
 * acknowledgement is lost; `hung`: it keeps everybody waiting until it is in another mode again.
 */
export type MemoryMode = 'here' | 'away' | 'deaf' | 'hung';

/** Everything a group shares, in the memory of one process: for tests, simulation and replay. */
export interface MemoryStore {
  journal: Journal;
  facts: Facts;
  bus: Bus;
  leases: Leases;
  sessions: Sessions;
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
  onChange(listener: () => void): void;
}

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
  };
  const records: JournalEntry[] = [];
  const told: Told[] = [];
  const duplicates = new Map<string, number>();
  return {
    journal: memoryJournal(line, records, duplicates),
    facts: memoryFacts(line, told, duplicates),
    bus: memoryBus(line),
    leases: memoryLeases(line, now),
    sessions: memorySessions(line),
    set(next) {
      mode = next;
      for (const listener of [...listeners]) listener();
    },
    forgetDuplicates: () => duplicates.clear(),
    records: () => copy(records),
    told: () => copy(told),
  };
}

/** What is stored, told in order to who follows it, while the store is here. */
function memoryFollowers<T>(line: Line, stored: T[]) {
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
        while (seen < stored.length && line.mode() === 'here' && pumps.has(run)) {
          try {
            hear(copy(stored[seen++] as T));
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

function memoryJournal(line: Line, records: JournalEntry[], duplicates: Map<string, number>): Journal {
  const followers = memoryFollowers(line, records);
  const lastSeq = new Map<string, number>();
  const subjectOf = (record: JournalRecord) => journalSubject({ kind: record.kind, id: record.cell });
  return {
    append: async (record, expected) =>
      line.through(() => {
        const subject = subjectOf(record);
        const messageId = `${subject}:${record.id}`;
        const known = duplicates.get(messageId);
        if (known !== undefined) return { seq: known };
        const last = lastSeq.get(subject) ?? 0;
        if (last !== expected) {
          if (records[last - 1]?.record.id === record.id) return { seq: last };
          throw new FenceRefused(`${subject} ends at ${last}, not at ${expected}`);
        }
        const seq = records.length + 1;
        records.push({ seq, record: copy(record) });
        lastSeq.set(subject, seq);
        duplicates.set(messageId, seq);
        followers.wake();
        return { seq };
      }),
    async *lasts(kind?: Kind) {
      const seqs = await line.through(() => new Set(lastSeq.values()));
      for (const entry of records.filter(({ seq, record }) => seqs.has(seq) && (!kind || record.kind === kind))) {
        yield copy(entry);
      }
    },
    async *read(of, from = 1) {
      const subject = of && journalSubject(of);
      const entries = await line.through(() =>
        records.filter(({ seq, record }) => seq >= from && (!subject || subjectOf(record) === subject)),
      );
      for (const entry of entries) yield copy(entry);
    },
    follow: async (after, hear) => followers.follow(after, hear),
  };
}

function wants(filter: FactFilter, envelope: Envelope): boolean {
  const { address } = parseFactType(envelope);
  const { kinds = [], cells = [] } = filter;
  if (kinds.length + cells.length === 0) return true;
  return kinds.includes(address.kind) || cells.some((cell) => cell.kind === address.kind && cell.id === address.id);
}

function memoryFacts(line: Line, told: Told[], duplicates: Map<string, number>): Facts {
  const followers = memoryFollowers(line, told);
  return {
    async tell(envelope) {
      parseFactType(envelope);
      return line.through(() => {
        const key = `${envelope.subject}:${envelope.id}`;
        const known = duplicates.get(key);
        if (known !== undefined) return { seq: known };
        const seq = told.length + 1;
        told.push({ seq, envelope: copy(envelope) });
        duplicates.set(key, seq);
        followers.wake();
        return { seq };
      });
    },
    last: (of) =>
      line.through(() => {
        const fact = told.findLast(({ envelope }) => envelope.subject === `${of.kind}/${of.id}`);
        return fact && copy(fact);
      }),
    range: () => line.through(() => ({ first: told.length ? 1 : 0, last: told.length })),
    async subscribe(filter, after, hear): Promise<Subscription> {
      return followers.follow(after ?? (await line.through(() => told.length)), (one) => {
        if (wants(filter, one.envelope)) hear(one);
      });
    },
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
