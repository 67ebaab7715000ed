import { expect } from 'chai';
import { foldPast, hashOf } from '../../actors/past.ts';
import { id } from '../../bus/identity.ts';
import type { JournalEntry } from '../../bus/ports/journal.ts';
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
