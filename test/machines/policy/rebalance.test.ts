import { expect } from 'chai';
import fc from 'fast-check';
import { BALANCE, type Movable, ownTurn, rebalance, type SteadyStanding } from '../../../machines/policy/rebalance.ts';

const NOW = 10_000_000;
const CALM = { at: NOW, settledMs: 30_000 };
const relay = (id: string, load: number, more: Partial<SteadyStanding> = {}): SteadyStanding => ({
  ...{ id, load, region: 'hcm', weight: 1, state: 'serving', serving: true, draining: false, since: 0 },
  capabilities: ['webrtc', 'rtsp'],
  ...more,
});
const viewer = (session: string, at: string, more: Partial<Movable> = {}): Movable => ({
  ...{ session, relay: at, region: 'hcm', since: 0, important: false, hot: false },
  ...more,
});
const viewersAt = (...relays: SteadyStanding[]): Movable[] =>
  relays.flatMap(({ id, load }) => [...Array(load).keys()].map((n) => viewer(`${id}-${n}`, id)));

/** Moves viewers until nobody goes on. @returns how often somebody moved */
function run(relays: SteadyStanding[], viewers: Movable[]): number {
  const last = new Map<string, string>();
  for (let moves = 0; ; moves++) {
    const { move } = rebalance(relays, viewers, CALM);
    const [from, to] = [move?.from, move?.to].map((name) => relays.find(({ id }) => id === name));
    const mover = viewers.find(({ session }) => session === move?.session);
    if (!move || !from || !to || !mover) return moves;
    expect(mover.relay).to.equal(from.id);
    expect(last.get(mover.session), 'nobody goes back').to.not.equal(to.id);
    last.set(mover.session, from.id);
    from.load -= 1;
    to.load += 1;
    mover.relay = to.id;
    expect(from.load / from.weight, 'nothing swings').to.be.at.least(to.load / to.weight - 1e-9);
  }
}

describe('rebalancing', () => {
  it('brings viewers back to a relay that was away, one at a time, until none has clearly more', () => {
    const relays = [relay('relay-1', 0), relay('relay-2', 12), relay('relay-3', 12)];
    const { move, why } = rebalance(relays, viewersAt(...relays), CALM);
    expect(move).to.deep.equal({ session: 'relay-2-0', from: 'relay-2', to: 'relay-1' });
    expect(why).to.deep.include({ text: 'relay-2 carries 12 viewers for its weight, relay-1 0' });
    expect(why.rejected).to.deep.equal([
      { option: 'relay-3', because: 'fuller: 13 viewers for its weight, against 1' },
    ]);
    expect(run(relays, viewersAt(...relays))).to.be.within(6, 8);
    expect(relays.map(({ load }) => load)).to.satisfy((loads: number[]) => Math.max(...loads) <= 10);
  });

  it('leaves what differs little as it is, and says so', () => {
    const relays = [relay('relay-1', 10), relay('relay-2', 12)];
    const { move, why } = rebalance(relays, viewersAt(...relays), CALM);
    expect(move).to.equal(undefined);
    expect(why).to.include({ reason: 'balanced' });
    expect(why.rejected?.[0]).to.deep.equal({
      ...{ option: 'relay-2 to relay-1', because: 'no clear difference: 12 against 10' },
    });
  });

  it('counts by weight', () => {
    const relays = [relay('big', 9, { weight: 3 }), relay('small', 3)];
    expect(rebalance(relays, viewersAt(...relays), CALM).move).to.equal(undefined);
    relays.push(relay('aside', 50, { weight: 0 }));
    expect(rebalance(relays, viewersAt(...relays), CALM).move, 'not all who are left there').to.equal(undefined);
  });

  for (const state of ['starting', 'degraded', 'suspect', 'draining']) {
    it(`moves nobody while a relay is ${state}`, () => {
      const relays = [relay('relay-1', 0), relay('relay-2', 12), relay('relay-3', 1, { state })];
      const { move, why } = rebalance(relays, viewersAt(...relays), CALM);
      expect(move).to.equal(undefined);
      expect(why.text).to.equal(`nobody is moved while relay-3 is ${state}`);
    });
  }

  it('waits until the relay that is back has served for a while', () => {
    const at = (since: number) =>
      rebalance([relay('relay-1', 0, { since }), relay('relay-2', 4)], [viewer('a', 'relay-2')], CALM);
    expect(at(NOW - CALM.settledMs + 1)).to.not.have.property('move');
    expect(at(NOW - CALM.settledMs)).to.have.property('move');
  });

  it('goes on though a third relay is dead or drained: that is how it stays', () => {
    for (const state of ['dead', 'drained']) {
      const gone = relay('relay-3', 0, { state, serving: false, draining: state === 'drained' });
      const { move } = rebalance([relay('relay-1', 0), relay('relay-2', 4), gone], [viewer('a', 'relay-2')], CALM);
      expect(move).to.include({ to: 'relay-1' });
    }
  });

  it('takes whom it hurts least: nobody who moved lately, and who acts on it or keeps a second connection comes last', () => {
    const relays = [relay('relay-1', 0), relay('relay-2', 12)];
    const first = (...viewers: Movable[]) => rebalance(relays, viewers, CALM).move?.session;
    const lately = viewer('lately', 'relay-2', { since: NOW - CALM.settledMs + 1 });
    const important = viewer('important', 'relay-2', { important: true });
    const hot = viewer('hot', 'relay-2', { hot: true });
    const plain = viewer('plain', 'relay-2', { since: 1 });
    expect(first(lately, important, hot, plain)).to.equal('plain');
    expect(first(lately, important, hot)).to.equal('hot');
    expect(first(lately, important)).to.equal('important');
    expect(first(lately)).to.equal(undefined);
  });

  it('sends nobody out of his region, nor where there is no room or no bandwidth', () => {
    const full = relay('relay-2', 12);
    const to = (more: Partial<SteadyStanding>) =>
      rebalance([full, relay('relay-1', 2, more)], viewersAt(full), CALM).move?.to;
    expect(to({})).to.equal('relay-1');
    expect(to({ region: 'hanoi' })).to.equal(undefined);
    expect(to({ maxReaders: 2 })).to.equal(undefined);
    expect(to({ short: { trigger: 'bandwidth', text: 'it sends as much as it may' } })).to.equal(undefined);
    expect(to({ capabilities: ['rtsp'] })).to.equal(undefined);
    expect(to({ weight: 0 })).to.equal(undefined);
  });

  it('is done by one gateway at a time, each in its turn, and not in the same moment as by the one before', () => {
    const members = ['gw-b', 'gw-a'];
    const acting = (at: number) => members.filter((node) => ownTurn(node, members, at) !== undefined);
    const { turnMs, actMs } = BALANCE;
    expect([0, actMs - 1, actMs, turnMs - 1, turnMs, 2 * turnMs].map(acting)).to.deep.equal([
      ...[['gw-a'], ['gw-a'], [], [], ['gw-b'], ['gw-a']],
    ]);
    expect(ownTurn('gw-a', ['gw-a'], turnMs), 'one that is alone has every turn').to.equal(1);
    expect(ownTurn('gw-c', members, 0), 'one that the others do not know of has none').to.equal(undefined);
  });

  it('comes to rest, whatever the loads, and nobody swings to and fro', () => {
    const standing = fc.record({
      id: fc.constantFrom('r1', 'r2', 'r3', 'r4'),
      load: fc.integer({ min: 0, max: 20 }),
      weight: fc.integer({ min: 1, max: 4 }),
      region: fc.constantFrom('hcm', 'hanoi'),
    });
    const pool = fc.uniqueArray(standing, { selector: ({ id }) => id, maxLength: 4 });
    fc.assert(
      fc.property(pool, (found) => {
        const relays = found.map(({ id, load, ...more }) => relay(id, load, more));
        const all = relays.reduce((sum, { load }) => sum + load, 0);
        expect(run(relays, viewersAt(...relays))).to.be.at.most(all);
      }),
    );
  });
});
