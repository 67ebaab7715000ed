import { expect } from 'chai';
import { memoryStore } from '../../../bus/carriers/memory.ts';
import type { Envelope } from '../../../bus/envelope.ts';
import { pageAfter } from '../../../infra/http/resuming.ts';
import { someFact } from '../../fixtures/records.ts';

const everything = () => true;

describe('a page of what somebody missed', () => {
  const told = async (count: number, text = '') => {
    const store = memoryStore();
    for (let n = 1; n <= count; n++) {
      await store.facts.tell({ ...someFact('cam_a', n), data: { n, text } });
    }
    return store;
  };
  /** All pages from a sequence on, and what a reader makes of them. */
  const readAll = async (facts: Parameters<typeof pageAfter>[0], after: number, sees: (fact: Envelope) => boolean) => {
    const sizes: number[] = [];
    const sequences: number[] = [];
    for (let next = after, more = true; more; ) {
      const page = await pageAfter(facts, next, sees);
      expect(page.resync).to.equal(undefined);
      sizes.push(page.items.length);
      sequences.push(...page.items.map(({ sequence }) => sequence));
      ({ next, more } = page);
    }
    return { sizes, sequences };
  };

  it('tells where the facts stand to who has not begun', async () => {
    const { facts } = await told(3);
    expect(await pageAfter(facts, undefined, everything)).to.deep.equal({ items: [], next: 3, more: false });
  });

  it('holds what was told after a sequence, each with its own, and where to go on', async () => {
    const { facts } = await told(3);
    const page = await pageAfter(facts, 1, everything);
    expect(page.items.map(({ id, sequence }) => [id, sequence])).to.deep.equal([
      ['cam_a-f2', 2],
      ['cam_a-f3', 3],
    ]);
    expect(page).to.include({ next: 3, more: false });
    expect(await pageAfter(facts, 3, everything)).to.deep.equal({ items: [], next: 3, more: false });
  });

  it('ends after so many facts, or bytes, or facts that were looked at; the next one goes on there', async () => {
    const many = await told(1_100);
    const inMany = await readAll(many.facts, 0, everything);
    expect(inMany.sizes).to.deep.equal([500, 500, 100]);
    expect(inMany.sequences).to.deep.equal(Array.from({ length: 1_100 }, (_, n) => n + 1));
    const large = await readAll((await told(12, 'x'.repeat(100_000))).facts, 0, everything);
    expect(large.sizes).to.deep.equal([3, 3, 3, 3]);
    const rare = await readAll((await told(10_001)).facts, 0, ({ data }) => data.n === 10_001);
    expect(rare.sizes).to.deep.equal([0, 0, 1]);
  });

  it('says what can’t be had: forgotten, lost, or never there; and goes on from there', async () => {
    const store = await told(9);
    const pageFrom = async (sequence: number) => {
      const { items, ...page } = await pageAfter(store.facts, sequence, everything);
      return { ...page, items: items.length };
    };
    await store.keeper.forgetFacts(4);
    expect(await pageFrom(1)).to.deep.equal({ items: 0, next: 3, more: true, resync: 'gone' });
    expect(await pageFrom(3)).to.deep.equal({ items: 6, next: 9, more: false });
    store.lose(0, 1);
    expect(await pageFrom(3)).to.deep.equal({ items: 0, next: 4, more: true, resync: 'lost' });
    expect(await pageFrom(99)).to.deep.equal({ items: 0, next: 9, more: false, resync: 'ahead' });
    await store.keeper.forgetFacts(10);
    expect(await pageFrom(5)).to.deep.equal({ items: 0, next: 9, more: false, resync: 'gone' });
  });

  it('does not pass over in silence what the store lost in the middle', async () => {
    const { facts } = await told(5);
    const holed = {
      ...facts,
      async *read(from: Parameters<typeof facts.read>[0]) {
        for await (const one of facts.read(from)) if (one.seq !== 3) yield one;
      },
    };
    const page = await pageAfter(holed, 1, everything);
    expect(page.items.map(({ sequence }) => sequence)).to.deep.equal([2]);
    expect(page).to.include({ next: 3, more: true, resync: 'lost' });
    expect((await pageAfter(holed, 3, everything)).items.map(({ sequence }) => sequence)).to.deep.equal([4, 5]);
  });
});
