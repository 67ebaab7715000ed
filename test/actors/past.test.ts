import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';
import { foldPast, hashOf } from '../../actors/past.ts';
import { id } from '../../bus/identity.ts';
import type { JournalEntry, JournalRecord } from '../../bus/ports/journal.ts';
import { fakeHouse } from '../fakes/house.ts';

const at = { kind: 'camera' as const, id: id('cam_001') };

describe('the past of a cell that changed hands', () => {
  const settings = {
    ...{ name: 'North gate', zone: 'hcm/airport', keep: 'warm', eye: true },
    sources: [{ id: '0', url: 'rtsp://127.0.0.1/main' }],
  };
  const folded = (entries: readonly JournalEntry[]) => {
    const past = foldPast({});
    for (const entry of entries) past.take(entry);
    return past;
  };
  /** A record with which another gateway took the cell up: nothing was heard. */
  const claimed = (last: JournalEntry): JournalEntry => ({
    seq: last.seq + 1,
    record: { ...last.record, id: 'claim-r0', node: 'gw-other', heard: [], said: [] },
  });

  it('is the same with and without the record that says so, also when only that one is left', async () => {
    const house = fakeHouse();
    await house.roster.create(at, { type: 'camera.configured', settings });
    const [only] = house.store.records() as [JournalEntry];
    const plain = folded([only]);
    const { first: _first, ...record } = claimed(only).record;
    const claim = { ...claimed(only), record };
    const through = folded([only, claim]);
    expect(hashOf(through.cells())).to.equal(hashOf(plain.cells()));
    expect(through.firstDifference()).to.equal(undefined);
    const left = folded([claim]);
    expect(hashOf(left.cells())).to.equal(hashOf(plain.cells()));
    expect(left.cells()[0]?.fromCheckpoint).to.equal(true);
  });
});

describe('the past of cells that machines of earlier versions wrote', () => {
  const folded = (file: string) => {
    const past = foldPast({});
    const text = readFileSync(path.join(import.meta.dirname, '../journals', file), 'utf8');
    const records: JournalRecord[] = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    for (const [index, record] of records.entries()) past.take({ seq: index + 1, record });
    // The oldest journals don't say which record is a cell's first: it goes on from that one, which is not compared.
    const says = (cell: string) => records.some((record) => record.cell === cell && record.first);
    const begun = [...new Set(records.map(({ cell }) => cell))].filter((cell) => !says(cell)).length;
    return { past, records: records.length - begun };
  };

  it('is compared through the upcasts, record by record', () => {
    for (const file of ['camera.v5.jsonl', 'viewer.v2.jsonl', 'rendition.v1.jsonl']) {
      const { past, records } = folded(file);
      expect(past.compared(), file).to.equal(records);
      expect(past.foldedOnly(), file).to.deep.equal([]);
      expect(past.firstDifference(), file).to.equal(undefined);
    }
  });

  it('says what can’t be compared, of which version, instead of counting it as proved or as wrong', () => {
    const { past, records } = folded('camera.v1.jsonl');
    expect(past.compared()).to.equal(0);
    expect(past.foldedOnly()).to.deep.equal([{ kind: 'camera', version: 1, records }]);
    expect(past.firstDifference()).to.equal(undefined);
    const some = folded('broadcast.v1.jsonl');
    const [only] = some.past.foldedOnly();
    expect(only).to.include({ kind: 'broadcast', version: 1 });
    expect(some.past.compared() + (only?.records ?? 0)).to.equal(some.records);
  });
});
