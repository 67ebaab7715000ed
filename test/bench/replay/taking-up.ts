import { natsStore } from '../../../bus/carriers/nats.ts';
import { id } from '../../../bus/identity.ts';
import type { Journal, JournalEntry } from '../../../bus/ports/journal.ts';
import { startNats } from '../../fixtures/nats.ts';
import { idleHouse } from './house.ts';

/** Cells last heard something within an hour of each other: only those of the last moments are told of again. */
const HOUR_S = 3_600;
const AT_ONCE = 256;

/** Many cells, each with the last record of the one. */
export function manyCells({ record }: JournalEntry, count: number): JournalEntry[] {
  return Array.from({ length: count }, (_, n) => {
    const cell = id(`cam_${n}`);
    const heard = record.heard.map((one) => ({ ...one, at: one.at - (n % HOUR_S) * 1_000 }));
    const said = record.said.map((fact) => ({ ...fact, id: `${fact.id}.${n}`, subject: `camera/${cell}` }));
    return { seq: n + 1, record: { ...record, cell, heard, said, after: structuredClone(record.after) } };
  });
}

/** Seconds of a core since a reading: what others do on the machine meanwhile does not count. */
export function coreSeconds(since: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1e6;
}

async function adoption(house: ReturnType<typeof idleHouse>, cells: number): Promise<number> {
  const startedAt = process.cpuUsage();
  const adopted = await house.roster.adopt();
  const seconds = coreSeconds(startedAt);
  if (adopted !== cells) throw new Error(`only ${adopted} of ${cells} cells were taken up`);
  return seconds;
}

/** Seconds of a core until a gateway has taken up all these cells, their records being at hand. */
export async function takenUp(entries: readonly JournalEntry[]): Promise<number> {
  const house = idleHouse();
  house.store.journal.lasts = async function* () {
    yield* entries;
  };
  return adoption(house, entries.length);
}

async function write(journal: Journal, entries: readonly JournalEntry[]): Promise<void> {
  for (let from = 0; from < entries.length; from += AT_ONCE) {
    await Promise.all(entries.slice(from, from + AT_ONCE).map(({ record }) => journal.append(record, 0)));
  }
}

/** The same with their records in a nats-server, which are read and parsed first. */
export async function takenUpFromNats(entries: readonly JournalEntry[]): Promise<number> {
  const server = await startNats();
  const store = await natsStore({ servers: [server.url], name: 'bench', timeoutMs: 30_000 });
  try {
    await write(store.journal, entries);
    return await adoption(idleHouse(store), entries.length);
  } finally {
    await store.close();
    await server.close();
  }
}
