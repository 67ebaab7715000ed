import { expect } from 'chai';
import { type Readings, stretch } from '../../actors/stretch.ts';
import type { Told } from '../../bus/ports/facts.ts';
import type { JournalEntry, JournalRecord } from '../../bus/ports/journal.ts';
import { linesIn } from '../../infra/archive/lines.ts';
import { all, someFact, someRecord } from '../fixtures/records.ts';

const T0 = 1_800_000_000_000;
/** A camera's record at a gateway, so many seconds after the beginning. */
const written = (of: string, node: string, s: number, more: Partial<JournalRecord> = {}): JournalRecord =>
  someRecord(of, s, {
    node,
    heard: [{ type: 'source.flowing', id: `${of}-h${s}`, at: T0 + s * 1_000, source: '0' }],
    said: [{ ...someFact(of, s), time: new Date(T0 + s * 1_000).toISOString() }],
    ...more,
  });

describe('a stretch of the past', () => {
  let read: number;
  /** A journal of which what stands before the stretch is the first two records. */
  const journalOf = (records: JournalRecord[]): Readings => {
    const entries: JournalEntry[] = records.map((record, n) => ({ seq: n + 1, record }));
    return {
      async *lasts() {
        yield* entries.slice(0, 2);
      },
      seqAt: async () => 2,
      async *read(_of, from = 1) {
        for (const entry of entries.slice(from - 1)) {
          read = entry.seq;
          yield entry;
        }
      },
    };
  };
  const moment = { at: T0 + 62_000 };
  const seen = async (records: JournalRecord[]) =>
    (await all(stretch(journalOf(records), { from: moment, to: moment })))
      .filter(({ isTrusted }) => !isTrusted)
      .map(({ entry }) => entry.seq);
  const before = [written('cam_a', 'gate-1', 0), written('cam_b', 'gate-2', 0)];
  const late = written('cam_a', 'gate-1', 60, { late: true });

  it('shows what a gateway heard while it was cut off, though others wrote long before that could be delivered', async () => {
    const meanwhile = [70, 80, 300].map((s) => written('cam_b', 'gate-2', s));
    const after = [late, written('cam_a', 'gate-1', 500, { late: true }), written('cam_a', 'gate-1', 600)];
    expect(await seen([...before, ...meanwhile, ...after, written('cam_a', 'gate-1', 700)])).to.deep.equal([6]);
    expect(read).to.equal(8);
  });

  it('is read no further than where every gateway has written of a later time', async () => {
    const records = [written('cam_b', 'gate-2', 70), written('cam_a', 'gate-1', 71), written('cam_a', 'gate-1', 72)];
    expect(await seen([...before, ...records])).to.deep.equal([]);
    expect(read).to.equal(4);
  });

  it('waits for no gateway whose cells others have taken up', async () => {
    const claim = written('cam_a', 'gate-2', 65, { heard: [], said: [] });
    const records = [claim, ...[70, 71, 72].map((s) => written('cam_b', 'gate-2', s))];
    await seen([...before, ...records]);
    expect(read).to.equal(4);
  });

  it('has in its archive what was told of it, however late', async () => {
    const records = [...before, written('cam_b', 'gate-2', 70), written('cam_b', 'gate-2', 300), late];
    const facts: Told[] = records.flatMap(({ said }, n) => said.map((envelope) => ({ seq: n + 1, envelope })));
    const beyond = { seq: 6, envelope: { ...someFact('cam_b', 900), time: new Date(T0 + 900_000).toISOString() } };
    let last = 0;
    const told = {
      async *read() {
        for (const one of [...facts, beyond, { ...beyond, seq: 7 }]) {
          last = one.seq;
          yield one;
        }
      },
    };
    const lines = await all(linesIn(journalOf(records), told, { from: { at: T0 + 50_000 }, to: moment }));
    const factsIn = lines.flatMap((line) => ('fact' in line ? [line.fact.envelope.id] : []));
    expect(factsIn).to.deep.equal(['cam_a-f60']);
    expect(last).to.equal(6);
  });
});
