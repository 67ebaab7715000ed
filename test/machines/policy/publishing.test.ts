import { expect } from 'chai';
import fc from 'fast-check';
import { type PublisherStanding, settlePublishers } from '../../../machines/policy/publishing.ts';

const at = (intake: string, since: number, more: Partial<PublisherStanding> = {}): PublisherStanding => ({
  ...{ intake, since, source: '0', takeover: false, wanted: true },
  ...more,
});

describe('publishers of a camera at several intakes', () => {
  it('leave it where it is while somebody publishes there; who came later to another one is cut', () => {
    const late = at('b', 20);
    const { intake, cut, why } = settlePublishers('a', [at('a', 10), late]);
    expect([intake, cut]).to.deep.equal(['a', [late]]);
    expect(why).to.include({ reason: 'other-intake', text: 'a has its publisher already' });
    expect(settlePublishers('a', [at('a', 20), at('b', 10)]).intake, 'and who came sooner').to.equal('a');
  });

  it('take it to themselves where nobody publishes: the first, or the newest where that one wins', () => {
    const [first, second] = [at('b', 10), at('c', 20)];
    expect(settlePublishers('a', [second, first])).to.deep.include({ intake: 'b', cut: [] });
    const takeover = [first, second].map((one) => ({ ...one, takeover: true }));
    expect(settlePublishers('a', takeover)).to.deep.include({ intake: 'c', cut: [] });
    expect(settlePublishers('a', [first]).why).to.deep.equal({
      ...{ trigger: 'publishing', reason: 'followed' },
      text: 'b has its publisher, and a has none',
    });
  });

  it('take it over from an older publisher of the same source, where its newest wins, and of no other source', () => {
    const takeover = { takeover: true };
    expect(settlePublishers('a', [at('a', 10, takeover), at('b', 20, takeover)])).to.deep.include({
      ...{ intake: 'b', cut: [] },
    });
    const older = at('b', 5, takeover);
    expect(settlePublishers('a', [at('a', 10, takeover), older])).to.deep.include({ intake: 'a', cut: [older] });
    const other = at('b', 20, { source: '1', takeover: true });
    expect(settlePublishers('a', [at('a', 10, takeover), other])).to.deep.include({ intake: 'a', cut: [other] });
  });

  it('do not take it where it shall not be: they are cut, and told another address when they ask anew', () => {
    const drained = at('b', 10, { wanted: false });
    const { intake, cut, why } = settlePublishers('a', [drained]);
    expect([intake, cut, why.text]).to.deep.equal(['a', [drained], 'a takes its publishers now']);
  });

  it('are settled once all are at one intake: at most one step takes it there, and nobody there is ever cut', () => {
    const one = fc.record({
      intake: fc.constantFrom('a', 'b', 'c'),
      source: fc.constantFrom('0', '1'),
      since: fc.integer({ min: 0, max: 5 }),
      takeover: fc.boolean(),
      wanted: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(one, { maxLength: 6 }), (all) => {
        const first = settlePublishers('a', all);
        expect(first.cut.every(({ intake }) => intake !== first.intake)).to.equal(true);
        if (first.intake !== 'a') expect(first.cut).to.deep.equal([]);
        const left = all.filter((publisher) => !first.cut.includes(publisher));
        if (first.intake === 'a') expect(left.every(({ intake }) => intake === 'a')).to.equal(true);
      }),
    );
  });
});
