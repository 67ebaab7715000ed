import { appendFileSync, copyFileSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { type MemoryStore, memoryStore } from '../../bus/carriers/memory.ts';
import type { Parked } from '../../bus/carriers/parking.ts';
import { openSpool, type Spool, type SpoolOptions } from '../../bus/carriers/spool.ts';
import { FenceRefused, JournalAway, TooLarge } from '../../bus/ports/faults.ts';
import { factsContract } from '../contracts/facts.ts';
import { journalContract } from '../contracts/journal.ts';
import { until } from '../fixtures/process.ts';
import { all, camera, rejection, someFact, someRecord } from '../fixtures/records.ts';

describe('spool', () => {
  let folder: string;
  let file: string;
  let store: MemoryStore;
  let spool: Spool;
  let parked: Parked[];
  let faults: Error[];

  const open = async (more: Partial<SpoolOptions> = {}): Promise<Spool> => {
    spool = await openSpool({
      journal: store.journal,
      facts: store.facts,
      file,
      retryMs: 1,
      onParked: (one) => parked.push(one),
      onFault: (fault) => faults.push(fault),
      ...more,
    });
    return spool;
  };
  const ids = () => store.records().map(({ record }) => record.id);
  const toldIds = () => store.told().map(({ envelope }) => envelope.id);

  beforeEach(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'sbx-spool-'));
    file = path.join(folder, 'spool.jsonl');
    store = memoryStore();
    parked = [];
    faults = [];
    await open();
  });
  afterEach(async () => {
    store.set('away'); // nobody waits for a hung store
    await spool.close();
    rmSync(folder, { recursive: true, force: true });
  });

  describe('as a journal', () => journalContract(async () => ({ journal: spool.journal, close: async () => {} })));
  describe('as facts', () => factsContract(async () => ({ facts: spool.facts, close: async () => {} })));

  it('goes on from the disk while the store has no room, says so, and delivers once it has', async () => {
    const { seq } = await spool.journal.append(someRecord('cam_a', 1), 0);
    store.set('full');
    expect(await spool.journal.append(someRecord('cam_a', 2), seq)).to.deep.equal({ seq: 0, spooled: true });
    expect(await spool.facts.tell(someFact('cam_a', 2))).to.deep.equal({ seq: 0, spooled: true });
    expect(spool.state()).to.include({ spooled: 2, full: true });
    store.set('here');
    await spool.drained();
    expect(ids()).to.deep.equal(['i1-1', 'i1-2']);
    expect(toldIds()).to.deep.equal(['cam_a-f2']);
    expect(spool.state()).to.include({ spooled: 0, full: false });
    expect([parked, faults]).to.deep.equal([[], []]);
  });

  it('says that a store which was away and came back has no room', async () => {
    const { seq } = await spool.journal.append(someRecord('cam_a', 1), 0);
    store.set('away');
    await spool.journal.append(someRecord('cam_a', 2), seq);
    expect(spool.state()).to.include({ spooled: 1, full: false });
    store.set('full');
    await until('it to be told', () => spool.state().full);
    store.set('away');
    await until('it to be away again', () => !spool.state().full);
    store.set('here');
    await spool.drained();
    expect(spool.state()).to.include({ spooled: 0, full: false });
  });

  it('acknowledges while the journal is away, and delivers in order, marked late, once it is back', async () => {
    const { seq } = await spool.journal.append(someRecord('cam_a', 1), 0);
    store.set('away');
    for (const n of [2, 3, 4]) {
      const receipt = await spool.journal.append(someRecord('cam_a', n), n === 2 ? seq : 0);
      expect(receipt).to.deep.equal({ seq: 0, spooled: true });
      expect(await spool.facts.tell(someFact('cam_a', n))).to.deep.equal({ seq: 0, spooled: true });
    }
    expect(spool.state().spooled).to.equal(6);
    expect(spool.state().bytes).to.equal(statSync(file).size);
    store.set('here');
    await spool.drained();
    expect(ids()).to.deep.equal(['i1-1', 'i1-2', 'i1-3', 'i1-4']);
    expect(store.records().map(({ record }) => record.late)).to.deep.equal([undefined, true, true, true]);
    expect(toldIds()).to.deep.equal(['cam_a-f2', 'cam_a-f3', 'cam_a-f4']);
    expect(spool.state()).to.deep.equal({ spooled: 0, bytes: 0, full: false });
    expect(statSync(file).size).to.equal(0);
  });

  it('lets an owner go on whose last receipt came from the spool', async () => {
    store.set('away');
    await spool.journal.append(someRecord('cam_a', 1), 0);
    store.set('here');
    await spool.drained();
    const { seq } = await spool.journal.append(someRecord('cam_a', 2), 0);
    expect(seq).to.equal(2);
    expect((await spool.journal.append(someRecord('cam_a', 3), seq)).seq).to.equal(3);
    store.set('away');
    await spool.journal.append(someRecord('cam_a', 4), 3);
    store.set('here');
    await spool.drained();
    store.set('away');
    await spool.journal.append(someRecord('cam_a', 5), 0);
    store.set('here');
    await spool.drained();
    expect(ids()).to.deep.equal(['i1-1', 'i1-2', 'i1-3', 'i1-4', 'i1-5']);
  });

  it('lets an owner go on that keeps giving the last sequence it was told', async () => {
    const { seq } = await spool.journal.append(someRecord('cam_a', 1), 0);
    for (const n of [2, 4]) {
      store.set('away');
      await spool.journal.append(someRecord('cam_a', n), seq);
      await spool.journal.append(someRecord('cam_a', n + 1), seq);
      store.set('here');
      await spool.drained();
    }
    store.set('hung');
    const last = spool.journal.append(someRecord('cam_a', 6), seq);
    store.set('away');
    expect(await last).to.deep.equal({ seq: 0, spooled: true });
    store.set('here');
    await spool.drained();
    expect(await spool.journal.append(someRecord('cam_a', 7), seq)).to.deep.equal({ seq: 7 });
    expect(ids()).to.deep.equal([1, 2, 3, 4, 5, 6, 7].map((n) => `i1-${n}`));
    const stranger = someRecord('cam_a', 1, { id: 'other-1', incarnation: 'other' });
    expect(await rejection(spool.journal.append(stranger, seq))).to.be.instanceOf(FenceRefused);
  });

  it('keeps the order of what was under way when the store went away', async () => {
    store.set('hung');
    const tells = [1, 2, 3].map((n) => spool.facts.tell(someFact('cam_a', n)));
    const append = spool.journal.append(someRecord('cam_a', 1), 0);
    store.set('away');
    const late = spool.facts.tell(someFact('cam_a', 4));
    expect(await Promise.all([...tells, append, late])).to.deep.equal(Array(5).fill({ seq: 0, spooled: true }));
    store.set('here');
    await spool.drained();
    expect(toldIds()).to.deep.equal(['cam_a-f1', 'cam_a-f2', 'cam_a-f3', 'cam_a-f4']);
  });

  it('stores nothing twice that was stored without an answer, however long the outage', async () => {
    store.set('deaf');
    const append = spool.journal.append(someRecord('cam_a', 1), 0);
    const tell = spool.facts.tell(someFact('cam_a', 1));
    store.set('away');
    expect(await Promise.all([append, tell])).to.deep.equal(Array(2).fill({ seq: 0, spooled: true }));
    await spool.journal.append(someRecord('cam_a', 2), 0);
    await spool.facts.tell(someFact('cam_a', 2));
    store.forgetDuplicates();
    store.set('here');
    await spool.drained();
    expect(ids()).to.deep.equal(['i1-1', 'i1-2']);
    expect(toldIds()).to.deep.equal(['cam_a-f1', 'cam_a-f2']);
    expect(parked).to.deep.equal([]);
  });

  it('tells no fact twice whose acknowledgement was lost during delivery, however long the next outage', async () => {
    store.facts.last = async () => store.told().at(-1); // answers always, unlike `tell`
    store.set('away');
    await spool.facts.tell(someFact('cam_a', 1));
    await spool.facts.tell(someFact('cam_a', 2));
    store.set('deaf');
    await until('the first fact to arrive', () => store.told().length > 0);
    store.set('away');
    store.forgetDuplicates();
    store.set('here');
    await spool.drained();
    expect(toldIds()).to.deep.equal(['cam_a-f1', 'cam_a-f2']);
  });

  it('tells no fact twice behind what another gateway has told of the cell since, however long it was cut off', async () => {
    await spool.close();
    let line: 'here' | 'deaf' | 'cut' = 'deaf';
    const over = async <T>(work: () => Promise<T>): Promise<T> => {
      if (line === 'cut') throw new JournalAway('cut off');
      const answers = line !== 'deaf';
      const result = await work();
      if (!answers) throw new JournalAway('the answer was lost');
      return result;
    };
    const { facts } = store;
    await open({
      facts: { ...facts, tell: (fact) => over(() => facts.tell(fact)), last: (of) => over(() => facts.last(of)) },
    });
    const taken = spool.facts.tell(someFact('cam_a', 1));
    line = 'cut';
    await taken;
    await spool.facts.tell(someFact('cam_a', 2));
    store.forgetDuplicates();
    await facts.tell({ ...someFact('cam_a', 9), source: '/gateways/gate-2' });
    line = 'here';
    await spool.drained();
    expect(toldIds()).to.deep.equal(['cam_a-f1', 'cam_a-f9', 'cam_a-f2']);
  });

  it('delivers what a killed process left, before anything else, and nothing of it twice', async () => {
    store.set('away');
    for (const n of [1, 2, 3]) {
      await spool.journal.append(someRecord('cam_a', n), 0);
      await spool.facts.tell(someFact('cam_a', n));
    }
    copyFileSync(file, `${file}.left`);
    appendFileSync(`${file}.left`, '{"record":{"id":"i1-4","kind":"cam');
    store.set('here');
    await spool.drained(); // the killed process had delivered it all, but not emptied its file
    await spool.close();
    store.forgetDuplicates();
    file = `${file}.left`;
    await open();
    expect(spool.state().spooled).to.equal(6);
    const next = spool.journal.append(someRecord('cam_b', 1), 0);
    await spool.drained();
    await next;
    expect(ids()).to.deep.equal(['i1-1', 'i1-2', 'i1-3', 'i1-1']);
    expect(toldIds()).to.deep.equal(['cam_a-f1', 'cam_a-f2', 'cam_a-f3']);
    expect(parked).to.deep.equal([]);
    expect(faults).to.deep.equal([]);
  });

  it('lets nobody adopt cells while their last records still wait', async () => {
    store.set('away');
    await spool.journal.append(someRecord('cam_a', 1), 0);
    const tooEarly = spool.journal.lasts();
    expect((await rejection(all(tooEarly))).message).to.match(/1 records and facts still wait/);
    store.set('here');
    await spool.drained();
    expect(await all(spool.journal.lasts())).to.have.length(1);
  });

  describe('opened on a store that takes nothing but can be read', () => {
    /** What a killed process left: a cell that the store knows too, and one that it has never heard of. */
    const openOnFullStore = async () => {
      await spool.journal.append(someRecord('cam_a', 1), 0);
      await spool.journal.append(someRecord('cam_b', 1), 0);
      store.set('full');
      for (const n of [2, 3]) await spool.journal.append(someRecord('cam_a', n), 1);
      await spool.journal.append(someRecord('cam_c', 1), 0);
      await spool.facts.tell(someFact('cam_a', 3));
      copyFileSync(file, `${file}.left`);
      file = `${file}.left`;
      await spool.close();
      await open();
      await spool.readable();
    };
    const lasts = async () =>
      (await all(spool.journal.lasts())).map(({ seq, record }) => `${record.cell} ${record.id} ${seq}`).toSorted();

    it('tells the last record of every cell, those that wait for room as if they were there', async () => {
      await openOnFullStore();
      expect(await lasts()).to.deep.equal(['cam_a i1-3 2', 'cam_b i1-1 2', 'cam_c i1-1 1']);
      expect(spool.state()).to.include({ spooled: 4, full: true });
      store.set('here');
      await spool.drained();
      const stored = (await all(spool.journal.lasts())).map(({ record }) => `${record.cell} ${record.id}`);
      expect(stored.toSorted()).to.deep.equal(['cam_a i1-3', 'cam_b i1-1', 'cam_c i1-1']);
    });

    it('lets who took a cell up from a record that waits go on, before there is room and after', async () => {
      for (const before of [true, false]) {
        store = memoryStore();
        await spool.close();
        await open();
        await openOnFullStore();
        const taken = new Map(
          (await all(spool.journal.lasts())).map(({ seq, record }) => [record.cell as string, seq]),
        );
        const goOn = async () => {
          for (const cell of ['cam_a', 'cam_b', 'cam_c']) {
            await spool.journal.append(someRecord(cell, 9), taken.get(cell) ?? 0);
          }
        };
        if (before) await goOn();
        store.set('here');
        await spool.drained();
        if (!before) await goOn();
        await spool.drained();
        const lastOf = (cell: string) => store.records().findLast(({ record }) => record.cell === cell)?.record.id;
        expect(['cam_a', 'cam_b', 'cam_c'].map(lastOf)).to.deep.equal(['i1-9', 'i1-9', 'i1-9']);
        expect([parked, faults]).to.deep.equal([[], []]);
      }
    });

    it('is not readable while the store is away: what cells were last, nobody could tell', async () => {
      store.set('away');
      await spool.journal.append(someRecord('cam_a', 1), 0);
      let isReadable = false;
      const readable = spool.readable().then(() => {
        isReadable = true;
      });
      expect(await rejection(all(spool.journal.lasts()))).to.be.instanceOf(JournalAway);
      expect(isReadable).to.equal(false);
      store.set('full');
      await readable;
      expect(await all(spool.journal.lasts())).to.have.length(1);
    });
  });

  it('puts aside what another owner has overtaken, says so, and goes on with the others', async () => {
    store.set('away');
    for (const n of [1, 2]) {
      await spool.journal.append(someRecord('cam_a', n), 0);
      await spool.facts.tell(someFact('cam_a', n));
      await spool.journal.append(someRecord('cam_b', n), 0);
      await spool.facts.tell(someFact('cam_b', n));
    }
    const other = memoryStore();
    await other.journal.append(someRecord('cam_a', 1, { id: 'other-1', incarnation: 'other' }), 0);
    await spool.close();
    store = other;
    await open();
    await spool.drained();
    expect(ids()).to.deep.equal(['other-1', 'i1-1', 'i1-2']);
    expect(toldIds()).to.deep.equal(['cam_b-f1', 'cam_b-f2']);
    expect(parked.map(({ id }) => id).sort()).to.deep.equal(['cam_a-f1', 'cam_a-f2', 'i1-1', 'i1-2']);
    expect(parked[0]).to.deep.include({ cell: camera('cam_a'), file: `${file}.parked` });
    expect(readFileSync(`${file}.parked`, 'utf8').trim().split('\n')).to.have.length(4);
  });

  it('puts aside what is larger than the store takes, with its reason, and the others go on', async () => {
    await spool.close();
    const limited = async <T>(value: object, store: () => Promise<T>): Promise<T> => {
      if (JSON.stringify(value).length > 10_000) throw new TooLarge('larger than the store takes', 10_054);
      return store();
    };
    await open({
      journal: {
        ...store.journal,
        append: (record, expected) => limited(record, () => store.journal.append(record, expected)),
      },
      facts: { ...store.facts, tell: (fact) => limited(fact, () => store.facts.tell(fact)) },
    });
    const text = 'x'.repeat(20_000);
    const { seq } = await spool.journal.append(someRecord('cam_a', 1), 0);
    const large = someRecord('cam_a', 2, { after: text });
    expect(await rejection(spool.journal.append(large, seq))).to.be.instanceOf(TooLarge);
    const fact = { ...someFact('cam_b', 1), data: { text } };
    expect(await spool.facts.tell(fact)).to.deep.equal({ seq: 0, parked: true });
    await spool.journal.append(someRecord('cam_a', 3), seq);
    await spool.facts.tell(someFact('cam_b', 2));
    expect([ids(), toldIds()]).to.deep.equal([['i1-1', 'i1-3'], ['cam_b-f2']]);
    const why = { reason: 'larger than the store takes', file: `${file}.parked`, acknowledged: false };
    expect(parked).to.deep.equal([
      { cell: camera('cam_a'), id: 'i1-2', ...why },
      { cell: camera('cam_b'), id: 'cam_b-f1', ...why },
    ]);
    const lines = readFileSync(`${file}.parked`, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines).to.deep.equal([
      { reason: why.reason, record: large, expected: seq },
      { reason: why.reason, fact },
    ]);
    expect(spool.state()).to.deep.equal({ spooled: 0, bytes: 0, full: false });
  });

  it('tells an overtaken owner so while others still wait', async () => {
    await store.journal.append(someRecord('cam_a', 1, { id: 'other-1' }), 0);
    store.set('away');
    await spool.journal.append(someRecord('cam_a', 1), 0);
    const blocked = someFact('cam_b', 1);
    store.facts.tell = async () => {
      throw new JournalAway('facts alone are away');
    };
    spool.facts.tell(blocked);
    store.set('here');
    await until('the record to be put aside', () => parked.length === 1);
    await spool.facts.tell(someFact('cam_b', 2)).catch(() => {});
    expect(await rejection(spool.journal.append(someRecord('cam_a', 2), 0))).to.be.instanceOf(FenceRefused);
  });

  it('says that the journal is away once the spool is full, and takes more when it has been delivered', async () => {
    await spool.close();
    await open({ maxBytes: 3_000 });
    store.set('away');
    let taken = 0;
    const full = await rejection(
      (async () => {
        for (; ; taken++) await spool.journal.append(someRecord('cam_a', taken + 1), 0);
      })(),
    );
    expect(full).to.be.instanceOf(JournalAway);
    expect(full.message).to.match(/full \(3000 bytes\)/);
    expect(taken).to.be.within(2, 10);
    expect(statSync(file).size).to.be.lessThan(3_000);
    store.set('here');
    await spool.drained();
    expect((await spool.journal.append(someRecord('cam_a', taken + 1), 0)).seq).to.equal(taken + 1);
    expect(ids()).to.have.length(taken + 1);
  });

  it('delivers nothing before the store was looked at as it came back: what it has lost shows only until then', async () => {
    await spool.close();
    let isSeen = false;
    const seen: number[] = [];
    await open({
      async look() {
        if (isSeen) seen.push(store.records().length);
        return isSeen;
      },
    });
    await spool.journal.append(someRecord('cam_a', 1), 0);
    store.set('away');
    await spool.journal.append(someRecord('cam_a', 2), 1);
    await spool.facts.tell(someFact('cam_a', 2));
    store.set('here');
    isSeen = true;
    await spool.drained();
    expect(seen[0]).to.equal(1);
    expect(ids()).to.deep.equal(['i1-1', 'i1-2']);
  });

  it('takes the facts of every record that it took, however full it is: nobody would tell them later', async () => {
    await spool.close();
    await open({ maxBytes: 3_000 });
    store.set('away');
    let taken = 0;
    await rejection(
      (async () => {
        for (; ; taken++) await spool.journal.append(someRecord('cam_a', taken + 1), 0);
      })(),
    );
    for (let n = 1; n <= taken; n++) await spool.facts.tell(someFact('cam_a', n));
    store.set('here');
    await spool.drained();
    const said = store.records().flatMap(({ record }) => record.said.map((fact) => fact.id));
    expect(said).to.have.length(taken);
    expect(toldIds()).to.deep.equal(said);
  });

  it('leaves out a line that the disk has spoilt, and reports it', async () => {
    store.set('away');
    await spool.journal.append(someRecord('cam_a', 1), 0);
    appendFileSync(file, 'spoilt\n{"fact":{"subject":"camera/*","type":"x"}}\n');
    copyFileSync(file, `${file}.left`);
    file = `${file}.left`;
    await spool.close();
    await open();
    store.set('here');
    await spool.drained();
    expect(ids()).to.deep.equal(['i1-1']);
    expect(faults.length).to.be.greaterThan(0);
    expect(faults[0]?.message).to.match(/left out/);
  });

  it('keeps its file from other users', () => {
    expect(statSync(file).mode & 0o777).to.equal(0o600);
  });
});
