import { expect } from 'chai';
import fc from 'fast-check';
import { type PlacementWish, place, placeStandby, type RelayStanding } from '../../../machines/policy/placement.ts';

const relay = (id: string, more: Partial<RelayStanding> = {}): RelayStanding => ({
  ...{ id, region: 'hcm', weight: 1, load: 0, state: 'serving', serving: true, draining: false },
  capabilities: ['webrtc', 'rtsp'],
  ...more,
});
const hcm: PlacementWish = { region: 'hcm' };

const states = ['serving', 'degraded', 'suspect', 'draining', 'drained', 'dead', 'starting'];
const standing = fc
  .record({
    id: fc.constantFrom('r1', 'r2', 'r3', 'r4', 'r5'),
    region: fc.constantFrom('hcm', 'hanoi'),
    weight: fc.integer({ min: 0, max: 5 }),
    load: fc.integer({ min: 0, max: 50 }),
    maxReaders: fc.option(fc.integer({ min: 1, max: 50 }), { nil: undefined }),
    state: fc.constantFrom(...states),
    capabilities: fc.subarray(['webrtc', 'rtsp']),
  })
  .map(({ maxReaders, ...one }) => ({
    ...one,
    ...(maxReaders === undefined ? {} : { maxReaders }),
    serving: ['serving', 'degraded', 'suspect', 'draining'].includes(one.state),
    draining: ['draining', 'drained'].includes(one.state),
  }));
const pool = fc.uniqueArray(standing, { selector: ({ id }) => id, maxLength: 5 });
const wish = fc.record(
  {
    region: fc.constantFrom('hcm', 'hanoi', 'danang'),
    needs: fc.subarray(['webrtc', 'rtsp']),
    priority: fc.boolean(),
    avoid: fc.dictionary(fc.constantFrom('r1', 'r2', 'r3'), fc.constant('it has not taken this viewer over')),
  },
  { requiredKeys: ['region'] },
);

/** Whether a relay may take this viewer, but for its room. */
const fits = (one: RelayStanding, { needs = [], avoid = {} }: PlacementWish) =>
  one.serving &&
  !one.draining &&
  one.weight > 0 &&
  !(one.id in avoid) &&
  needs.every((need) => one.capabilities.includes(need));
const hasRoom = ({ load, maxReaders }: RelayStanding) => maxReaders === undefined || load < maxReaders;

describe('placement', () => {
  it('spreads viewers over relays by their weights: 3, 3 and 2 of every 8', () => {
    const relays = [relay('a', { weight: 3 }), relay('b', { weight: 3 }), relay('c', { weight: 2 })];
    for (let viewer = 0; viewer < 800; viewer++) {
      const chosen = relays.find(({ id }) => id === place(relays, hcm).relay);
      if (chosen) chosen.load += 1;
    }
    expect(relays.map(({ load }) => load)).to.deep.equal([300, 300, 200]);
  });

  it('names a standby that is not everybody’s: all of a relay would come to it at once', () => {
    const relays = [relay('a', { load: 3 }), relay('b', { load: 4 }), relay('c', { load: 4, inherits: { b: 9 } })];
    expect(place(relays, hcm)).to.include({ relay: 'a', standby: 'b' });
    const taken = relays.map((one) => (one.id === 'b' ? { ...one, inherits: { a: 1 } } : one));
    expect(place(taken, hcm), 'whoever comes by another relay’s loss does not count').to.include({ standby: 'c' });
    expect(placeStandby(taken, 'a', hcm)).to.equal('c');
  });

  it('names a standby that does not lose its pictures at the same moment, where there is one', () => {
    const [a, b] = [relay('a'), relay('b', { load: 5 })];
    const far = relay('far', { region: 'danang', upstream: 'a' });
    const danang = { region: 'danang' };
    expect(place([a, b, far], danang)).to.include({ relay: 'far', standby: 'b' });
    expect(place([a, b, far], hcm), 'what pulls from it is lost with it').to.include({ relay: 'a', standby: 'b' });
    expect(placeStandby([a, b, far], 'far', danang)).to.equal('b');
    const other = relay('other', { region: 'danang', upstream: 'b', load: 9 });
    expect(place([a, b, far, other], danang), 'near, and from elsewhere').to.include({ standby: 'other' });
    expect(place([a, far], danang), 'better than none').to.include({ standby: 'a' });
  });

  it('places nobody on a relay that has nothing to pull from', () => {
    const { relay: chosen, why } = place([relay('a'), relay('far', { region: 'danang', upstream: '' })], {
      region: 'danang',
    });
    expect(chosen).to.equal('a');
    expect(why.rejected).to.deep.equal([{ option: 'far', because: 'no relay has the programs that it pulls' }]);
  });

  it('names as standby one that takes all who would come, while there is one', () => {
    const small = relay('b', { weight: 9, load: 4, maxReaders: 6, inherits: { a: 2 } });
    expect(placeStandby([relay('a'), small, relay('c', { load: 8 })], 'a', hcm)).to.equal('c');
    expect(placeStandby([relay('a'), small], 'a', hcm), 'better than none').to.equal('b');
    expect(placeStandby([relay('a'), { ...small, load: 6 }], 'a', hcm)).to.equal(undefined);
  });

  it('keeps viewers in their region while a relay takes some there, and says so when none does', () => {
    const near = relay('near', { region: 'danang', load: 40 });
    const far = relay('far');
    expect(place([far, near], { region: 'danang' })).to.include({ relay: 'near', standby: 'far' });
    const { relay: chosen, why } = place([far, { ...near, serving: false, state: 'dead' }], { region: 'danang' });
    expect(chosen).to.equal('far');
    expect(why.text).to.match(/no relay takes viewers in danang; far in hcm/);
    expect(why.rejected).to.deep.equal([{ option: 'near', because: 'it is dead' }]);
  });

  it('goes to a relay that does not answer in time only when no other serves', () => {
    for (const state of ['suspect', 'degraded']) {
      const slow = relay('a', { state });
      expect(place([slow, relay('b', { region: 'hanoi', load: 9 })], hcm).relay).to.equal('b');
      expect(place([slow], hcm).relay).to.equal('a');
    }
  });

  it('tells the scores, and of every other relay why it was not taken', () => {
    const others = [
      relay('c', { weight: 0 }),
      relay('d', { draining: true, state: 'draining' }),
      relay('e', { capabilities: ['rtsp'] }),
      relay('f', { load: 7, maxReaders: 7 }),
      relay('g'),
    ];
    const { why } = place([relay('a', { load: 5 }), relay('b', { load: 1 }), ...others], {
      ...{ region: 'hcm', needs: ['webrtc'], avoid: { g: 'it has not taken this viewer over, 4 s ago' } },
    });
    expect(why.guard).to.deep.equal({ region: 'hcm', scores: { b: 2, a: 6, f: 8 }, standby: 'a' });
    expect(why.rejected).to.deep.equal([
      { option: 'a', because: 'fuller: 6 viewers for its weight, against 2' },
      { option: 'c', because: 'its weight is 0: it takes no new viewers' },
      { option: 'd', because: 'it is being drained' },
      { option: 'e', because: 'it has no webrtc' },
      { option: 'f', because: 'full: it carries 7 viewers' },
      { option: 'g', because: 'it has not taken this viewer over, 4 s ago' },
    ]);
  });

  it('turns viewers away with a time when every relay is full, but makes room for who has priority', () => {
    const relays = [relay('a', { load: 4, maxReaders: 4 }), relay('b', { load: 9, maxReaders: 9, weight: 3 })];
    const refused = place(relays, hcm);
    expect(refused.relay).to.equal(undefined);
    expect(refused.full).to.deep.equal({ retryAfterS: 5 });
    expect(refused.why.reason).to.equal('full');
    expect(place(relays, { ...hcm, priority: true })).to.include({ relay: 'b', displaces: 'b' });
    expect(place([relay('c'), ...relays], { ...hcm, priority: true })).to.not.have.property('displaces');
  });

  it('has newcomers wait for a relay that sends as much as it may, whoever they are, but not in an emergency', () => {
    const short = { trigger: 'bandwidth', text: 'nothing of its bandwidth is left' };
    const relays = [relay('relay-1', { short }), relay('relay-2', { short })];
    const waits = place(relays, { region: 'hcm', yields: true, priority: true });
    expect(waits.relay).to.equal(undefined);
    expect(waits.why).to.include({ reason: 'no-bandwidth', text: 'every relay sends as much as it may' });
    expect(waits.why.rejected?.[0]).to.deep.equal({ option: 'relay-1', because: short.text });
    expect(waits.full?.retryAfterS).to.be.greaterThan(0);
    expect(place(relays, { region: 'hcm' }).relay).to.equal('relay-1');
    expect(place([relay('relay-1', { short }), relay('relay-2')], { region: 'hcm', yields: true }).relay).to.equal(
      'relay-2',
    );
  });

  it('never takes a relay that may not, whatever the pool, and always takes one when there is one', () => {
    fc.assert(
      fc.property(pool, wish, (relays, wanted) => {
        const fit = relays.filter((one) => fits(one, wanted));
        const able = (wanted.priority && !fit.some(hasRoom) ? fit : fit.filter(hasRoom)).map(({ id }) => id);
        const { relay: chosen, standby, displaces, full, why } = place(relays, wanted);
        if (able.length === 0) expect(chosen).to.equal(undefined);
        else expect(able).to.include(chosen);
        expect(full !== undefined).to.equal(chosen === undefined && fit.length > 0);
        expect(displaces).to.equal(chosen !== undefined && !fit.some(hasRoom) ? chosen : undefined);
        if (standby !== undefined) {
          expect(able).to.include(standby);
          expect(standby).to.not.equal(chosen);
        } else expect(able.length).to.be.lessThan(2);
        const told = new Set([...(why.rejected ?? []).map(({ option }) => option), ...(chosen ? [chosen] : [])]);
        expect([...told].sort()).to.deep.equal(relays.map(({ id }) => id).sort());
      }),
    );
  });

  it('decides alike in whatever order the relays are listed', () => {
    fc.assert(
      fc.property(pool, wish, (relays, wanted) => {
        expect(place([...relays].reverse(), wanted)).to.deep.equal(place(relays, wanted));
      }),
    );
  });
});
