import { expect } from 'chai';
import fc from 'fast-check';
import { place, type RelayStanding } from '../../../machines/policy/placement.ts';

const relay = (id: string, more: Partial<RelayStanding> = {}): RelayStanding => ({
  ...{ id, region: 'hcm', weight: 1, load: 0, state: 'serving', serving: true },
  ...more,
});
const standing = fc.record({
  id: fc.constantFrom('r1', 'r2', 'r3', 'r4', 'r5'),
  region: fc.constantFrom('hcm', 'hanoi'),
  weight: fc.integer({ min: 0, max: 5 }),
  load: fc.integer({ min: 0, max: 50 }),
  state: fc.constantFrom('serving', 'suspect', 'dead'),
});
const pool = fc
  .uniqueArray(standing, { selector: ({ id }) => id, maxLength: 5 })
  .map((relays) => relays.map((one) => ({ ...one, serving: one.state !== 'dead' })));

describe('placement', () => {
  it('spreads viewers over relays by their weights: 3, 3 and 2 of every 8', () => {
    const relays = [relay('a', { weight: 3 }), relay('b', { weight: 3 }), relay('c', { weight: 2 })];
    for (let viewer = 0; viewer < 800; viewer++) {
      const chosen = relays.find(({ id }) => id === place(relays, 'hcm').relay);
      if (chosen) chosen.load += 1;
    }
    expect(relays.map(({ load }) => load)).to.deep.equal([300, 300, 200]);
  });

  it('keeps viewers in their region while a relay serves there, and says so when none does', () => {
    const near = relay('near', { region: 'danang', load: 40 });
    const far = relay('far');
    expect(place([far, near], 'danang')).to.include({ relay: 'near' });
    const { relay: chosen, why } = place([far, { ...near, serving: false, state: 'dead' }], 'danang');
    expect(chosen).to.equal('far');
    expect(why.text).to.match(/no relay serves danang; far in hcm/);
    expect(why.rejected).to.deep.equal([{ option: 'near', because: 'it is dead' }]);
  });

  it('goes to a relay that does not answer in time only when no other serves', () => {
    const slow = relay('a', { state: 'suspect' });
    expect(place([slow, relay('b', { region: 'hanoi', load: 9 })], 'hcm').relay).to.equal('b');
    expect(place([slow], 'hcm').relay).to.equal('a');
  });

  it('tells the scores, and of every other relay why it was not taken', () => {
    const { why } = place([relay('a', { load: 5 }), relay('b', { load: 1 }), relay('c', { weight: 0 })], 'hcm');
    expect(why.guard).to.deep.equal({ region: 'hcm', scores: { b: 2, a: 6 } });
    expect(why.rejected).to.deep.equal([
      { option: 'a', because: 'fuller: 6 viewers for its weight, against 2' },
      { option: 'c', because: 'its weight is 0: it takes no new viewers' },
    ]);
  });

  it('never takes a relay that can carry nobody, whatever the pool, and always takes one when there is one', () => {
    fc.assert(
      fc.property(pool, fc.constantFrom('hcm', 'hanoi'), (relays, region) => {
        const able = relays.filter(({ serving, weight }) => serving && weight > 0).map(({ id }) => id);
        const { relay: chosen, why } = place(relays, region);
        if (able.length === 0) expect(chosen).to.equal(undefined);
        else expect(able).to.include(chosen);
        const told = [...(why.rejected ?? []).map(({ option }) => option), ...(chosen ? [chosen] : [])];
        expect(told.sort()).to.deep.equal(relays.map(({ id }) => id).sort());
      }),
    );
  });

  it('decides alike in whatever order the relays are listed', () => {
    fc.assert(
      fc.property(pool, (relays) => {
        expect(place([...relays].reverse(), 'hcm').relay).to.equal(place(relays, 'hcm').relay);
      }),
    );
  });
});
