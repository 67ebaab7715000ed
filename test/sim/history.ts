import { MACHINES } from '../../actors/machines.ts';
import { replay } from '../../actors/replay.ts';
import type { MemoryStore } from '../../bus/carriers/memory.ts';
import type { Envelope } from '../../bus/envelope.ts';
import type { Id } from '../../bus/identity.ts';
import type { JournalRecord } from '../../bus/ports/journal.ts';
import { ownershipFault } from '../../machines/laws.ts';

/** An offer whose promise was kept: it must be in the journal for ever. */
export interface Acknowledged {
  seq: number;
  cell: Id;
  type: string;
}

/**
 * What is wrong with a history, if anything: every journal, replayed, must give what was recorded, all that was
 * acknowledged be in it, and all that was said be told once and in order.
 */
export function historyFault(store: MemoryStore, acknowledged: readonly Acknowledged[]): string | undefined {
  const written = store.records();
  const untold = tellingFault(
    written.map(({ record }) => record),
    store.told().map(({ envelope }) => envelope),
  );
  if (untold) return untold;
  const bySeq = new Map(written.map(({ seq, record }) => [seq, record]));
  for (const { seq, cell, type } of acknowledged) {
    const record = bySeq.get(seq);
    if (record?.cell !== cell || !record.heard.some((heard) => heard.type === type)) {
      return `${type} to ${cell} was acknowledged as ${seq} and is not in the journal`;
    }
  }
  const records = written.map(({ record }) => record);
  const cells = groupedBy(records, ({ kind, cell }) => `${kind}/${cell}`);
  for (const [name, mine] of cells) {
    const fault = ownershipFault(mine.map(({ id }) => id));
    if (fault) return `${name}: ${fault}`;
  }
  const lives = groupedBy(records, ({ kind, cell, incarnation }) => `${kind}/${cell}/${incarnation}`);
  for (const [key, records] of lives) {
    const { firstDifference } = replay(MACHINES[records[0]?.kind ?? 'camera'], records);
    if (firstDifference)
      return `${key} replayed differs at ${firstDifference.record}: ${JSON.stringify(firstDifference)}`;
  }
  return undefined;
}

/** What is wrong with what was told, by what was said: all of it once, each life of a cell in its order. */
function tellingFault(written: readonly JournalRecord[], told: readonly Envelope[]): string | undefined {
  const said = written.flatMap(({ cell, incarnation, said }) =>
    said.map(({ id, type }) => ({ id, type, life: `${cell} ${incarnation}` })),
  );
  const lives = new Map(said.map(({ id, life }) => [id, life]));
  const toldBy = groupedBy(told, ({ id }) => lives.get(id) ?? 'nobody');
  for (const [life, mine] of groupedBy(said, (one) => one.life)) {
    const heard = toldBy.get(life) ?? [];
    const place = mine.findIndex(({ id }, index) => id !== heard[index]?.id);
    if (place >= 0)
      return `${life} said ${mine[place]?.type} ${mine[place]?.id}, and told ${heard[place]?.id} in its place`;
    if (heard.length > mine.length) return `${life} told ${heard.length} facts and said ${mine.length}`;
  }
  return toldBy.has('nobody') ? 'something was told that nobody said' : undefined;
}

/** What is alike by a key, each group in its order. */
function groupedBy<One>(records: readonly One[], keyOf: (one: One) => string) {
  const groups = new Map<string, One[]>();
  for (const record of records) {
    const group = groups.get(keyOf(record));
    if (group) group.push(record);
    else groups.set(keyOf(record), [record]);
  }
  return groups;
}
