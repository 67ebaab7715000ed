import { expect } from 'chai';
import type { id } from '../../bus/identity.ts';
import { FenceRefused } from '../../bus/ports/faults.ts';
import type { Journal, JournalEntry } from '../../bus/ports/journal.ts';
import { until } from '../fixtures/process.ts';
import { all, camera, rejection, someRecord } from '../fixtures/records.ts';

/** What every journal promises. `make` gives an empty one; `close` is called after each test. */
export function journalContract(make: () => Promise<{ journal: Journal; close(): Promise<void> }>): void {
  let journal: Journal;
  let close: () => Promise<void>;
  beforeEach(async () => {
    ({ journal, close } = await make());
  });
  afterEach(() => close());

  it('gives back what a cell heard, in order, as it was appended', async () => {
    const first = someRecord('cam_a', 1);
    const second = someRecord('cam_a', 2);
    const { seq: one } = await journal.append(first, 0);
    const { seq: two } = await journal.append(second, one);
    expect(two).to.be.greaterThan(one);
    expect(await all(journal.read(camera('cam_a')))).to.deep.equal([
      { seq: one, record: first },
      { seq: two, record: second },
    ]);
  });

  it('keeps cells apart, and reads all of them in one order', async () => {
    const { seq: one } = await journal.append(someRecord('cam_a', 1), 0);
    const { seq: two } = await journal.append(someRecord('cam_b', 1), 0);
    const { seq: three } = await journal.append(someRecord('cam_a', 2), one);
    expect((await all(journal.read(camera('cam_b')))).map((entry) => entry.seq)).to.deep.equal([two]);
    expect((await all(journal.read())).map((entry) => entry.seq)).to.deep.equal([one, two, three]);
    expect((await all(journal.read(undefined, two))).map((entry) => entry.seq)).to.deep.equal([two, three]);
    expect((await all(journal.read(camera('cam_a'), one + 1))).map((entry) => entry.seq)).to.deep.equal([three]);
    expect(await all(journal.read(undefined, three + 1))).to.deep.equal([]);
    expect(await all(journal.read(camera('cam_c')))).to.deep.equal([]);
  });

  it('refuses a second writer, and stores nothing of it', async () => {
    const { seq } = await journal.append(someRecord('cam_a', 1), 0);
    const intruder = someRecord('cam_a', 1, { id: 'other-1', incarnation: 'other' });
    expect(await rejection(journal.append(intruder, 0))).to.be.instanceOf(FenceRefused);
    expect(await rejection(journal.append(intruder, seq + 5))).to.be.instanceOf(FenceRefused);
    expect(await all(journal.read())).to.have.length(1);
  });

  it('lets exactly one of two racing writers win', async () => {
    const attempts = ['left', 'right'].map((name) =>
      journal.append(someRecord('cam_a', 1, { id: `${name}-1`, incarnation: name }), 0),
    );
    const results = await Promise.allSettled(attempts);
    expect(results.map((result) => result.status).sort()).to.deep.equal(['fulfilled', 'rejected']);
    expect(await all(journal.read())).to.have.length(1);
  });

  it('takes a retry under the same id for the record it already has', async () => {
    const record = someRecord('cam_a', 1);
    const first = await journal.append(record, 0);
    expect(await journal.append(record, 0)).to.deep.equal(first);
    expect(await all(journal.read())).to.have.length(1);
  });

  it('tells the last record of every cell, or of one kind', async () => {
    const { seq: one } = await journal.append(someRecord('cam_a', 1), 0);
    const { seq: two } = await journal.append(someRecord('v_1', 1, { kind: 'viewer', said: [] }), 0);
    const { seq: three } = await journal.append(someRecord('cam_a', 2), one);
    expect((await all(journal.lasts())).map((entry) => entry.seq).sort()).to.deep.equal([two, three].sort());
    expect((await all(journal.lasts('camera'))).map((entry) => entry.record.id)).to.deep.equal(['i1-2']);
    expect((await all(journal.lasts('viewer'))).map((entry) => entry.seq)).to.deep.equal([two]);
    expect(await all(journal.lasts('relay'))).to.deep.equal([]);
    expect((await journal.last(camera('cam_a')))?.seq).to.equal(three);
    expect(await journal.last(camera('cam_b'))).to.equal(undefined);
  });

  it('tells what the last records were at an earlier sequence', async () => {
    const { seq: one } = await journal.append(someRecord('cam_a', 1), 0);
    const { seq: two } = await journal.append(someRecord('v_1', 1, { kind: 'viewer', said: [] }), 0);
    const { seq: three } = await journal.append(someRecord('cam_a', 2), one);
    await journal.append(someRecord('cam_b', 1), 0);
    const seqs = async (...asked: Parameters<Journal['lasts']>) =>
      (await all(journal.lasts(...asked))).map((entry) => entry.seq).sort((a, b) => a - b);
    expect(await seqs(undefined, two)).to.deep.equal([one, two]);
    expect(await seqs(undefined, three)).to.deep.equal([two, three]);
    expect(await seqs('camera', one)).to.deep.equal([one]);
    expect(await seqs(undefined, 0)).to.deep.equal([]);
  });

  it('finds where a moment lies', async () => {
    const { seq } = await journal.append(someRecord('cam_a', 1), 0);
    expect(await journal.seqAt(Date.now() + 60_000)).to.equal(seq);
    expect(await journal.seqAt(1_600_000_000_000)).to.equal(seq - 1);
  });

  it('is followed from a sequence on: what is there, then what comes, once and in order', async () => {
    const { seq: one } = await journal.append(someRecord('cam_a', 1), 0);
    const { seq: two } = await journal.append(someRecord('cam_a', 2), one);
    const heard: JournalEntry[] = [];
    const following = await journal.follow(one, (entry) => heard.push(entry));
    await until('the second record', () => heard.length === 1);
    const { seq: three } = await journal.append(someRecord('v_1', 1, { kind: 'viewer', said: [] }), 0);
    await until('the third record', () => heard.length === 2);
    expect(heard.map(({ seq }) => seq)).to.deep.equal([two, three]);
    expect(heard[0]?.record).to.deep.equal(someRecord('cam_a', 2));
    following.close();
    expect(await following.ended).to.equal(undefined);
  });

  it('finds nothing in an empty journal', async () => {
    expect(await all(journal.lasts())).to.deep.equal([]);
    expect(await all(journal.lasts(undefined, 7))).to.deep.equal([]);
    expect(await all(journal.read())).to.deep.equal([]);
    expect(await journal.seqAt(Date.now())).to.equal(0);
  });

  it('takes many cells at once, each behind its own fence', async () => {
    const cells = Array.from({ length: 300 }, (_, index) => `cam_${index}`);
    const appendThree = async (name: string) => {
      let last = 0;
      for (const n of [1, 2, 3]) last = (await journal.append(someRecord(name, n), last)).seq;
    };
    await Promise.all(cells.map(appendThree));
    const lasts = await all(journal.lasts());
    expect(lasts).to.have.length(300);
    expect(lasts.every(({ record }) => record.id === 'i1-3')).to.equal(true);
    expect(await all(journal.read())).to.have.length(900);
  });

  it('never lets a name become an address', async () => {
    for (const name of ['*', '>', 'a.b', '__proto__', '../x', '']) {
      const record = { ...someRecord('cam_a', 1), cell: name as ReturnType<typeof id> };
      expect((await rejection(journal.append(record, 0))).name).to.equal('BadId');
    }
    expect(await all(journal.read())).to.deep.equal([]);
  });
}
