import { expect } from 'chai';
import type { Facts } from '../../bus/ports/facts.ts';
import type { Journal } from '../../bus/ports/journal.ts';
import type { Keeper } from '../../bus/ports/keeper.ts';
import { all, camera, someFact, someRecord } from '../fixtures/records.ts';

/** What a keeper has to work on. */
interface Kept {
  journal: Journal;
  facts: Facts;
  keeper: Keeper;
  close(): Promise<void>;
}

/** What every keeper promises. `make` gives an empty store. */
export function keeperContract(make: () => Promise<Kept>): void {
  let store: Kept;
  beforeEach(async () => {
    store = await make();
  });
  afterEach(() => store.close());

  const records = async () => (await all(store.journal.read())).map(({ record }) => `${record.cell} ${record.id}`);

  it('forgets the older records of some cells and all of others, and leaves the rest and every fence alone', async () => {
    const { journal, keeper } = store;
    const { seq: one } = await journal.append(someRecord('cam_a', 1), 0);
    const { seq: two } = await journal.append(someRecord('cam_a', 2), one);
    await journal.append(someRecord('cam_b', 1), 0);
    const { seq: other } = await journal.append(someRecord('cam_c', 1), 0);
    await keeper.forgetRecords(two, [{ of: camera('cam_a'), keep: two }, { of: camera('cam_b') }]);
    expect(await records()).to.deep.equal(['cam_a i1-2', 'cam_c i1-1']);
    expect((await all(journal.lasts())).map(({ seq }) => seq)).to.deep.equal([two, other]);
    const { seq: three } = await journal.append(someRecord('cam_a', 3), two);
    expect(three).to.be.greaterThan(other);
    const { journal: held } = await keeper.holdings();
    expect(held).to.include({ last: three, purgedBefore: two });
    expect(held.bytes).to.be.greaterThan(0);
  });

  it('forgets facts before a sequence, says so, and goes on counting', async () => {
    const { facts, keeper } = store;
    for (const n of [1, 2, 3]) await facts.tell(someFact('cam_a', n));
    await keeper.forgetFacts(3);
    expect(await facts.range()).to.deep.equal({ first: 3, last: 3, purgedBefore: 3 });
    expect((await all(facts.read({ after: 0 }))).map(({ seq }) => seq)).to.deep.equal([3]);
    await keeper.forgetFacts(4);
    expect(await facts.range()).to.deep.equal({ first: 4, last: 3, purgedBefore: 4 });
    expect(await facts.tell(someFact('cam_a', 4))).to.deep.equal({ seq: 4 });
    expect((await all(facts.read({ after: 0 }))).map(({ seq }) => seq)).to.deep.equal([4]);
  });

  it('never takes back that something was forgotten', async () => {
    const { facts, keeper } = store;
    for (const n of [1, 2, 3]) await facts.tell(someFact('cam_a', n));
    await keeper.forgetFacts(3);
    await keeper.forgetFacts(2);
    expect((await keeper.holdings()).facts).to.include({ first: 3, last: 3, purgedBefore: 3 });
  });
}
