import { expect } from 'chai';
import type { Lease, Leases } from '../../bus/ports/leases.ts';
import { rejection } from '../fixtures/records.ts';

/**
 * What all leases promise. `make` gives an empty store whose clock stands still until `pass` moves it, and the leases as
 * another process finds them there, by whose clock it is an hour later.
 */
export function leasesContract(
  make: () => Promise<{ leases: Leases; ahead: Leases; pass(ms: number): void; close(): Promise<void> }>,
): void {
  let leases: Leases;
  let ahead: Leases;
  let pass: (ms: number) => void;
  let close: () => Promise<void>;
  beforeEach(async () => {
    ({ leases, ahead, pass, close } = await make());
  });
  afterEach(() => close());
  const taken = async (key: string, holder: string, ttlMs = 1_000): Promise<Lease> => {
    const lease = await leases.take(key, holder, ttlMs);
    if (!lease) throw new Error(`${holder} did not get ${key}`);
    return lease;
  };

  it('gives a lease to one holder at a time', async () => {
    const lease = await taken('camera.cam_a', 'left');
    expect(lease).to.include({ key: 'camera.cam_a', holder: 'left' });
    expect(await leases.take('camera.cam_a', 'right', 1_000)).to.equal(undefined);
    expect((await taken('camera.cam_b', 'right')).holder).to.equal('right');
  });

  it('lets exactly one of many racing takers win, free or expired', async () => {
    const race = async () => {
      const holders = Array.from({ length: 8 }, (_, n) => `holder_${n}`);
      const results = await Promise.all(holders.map((holder) => leases.take('x', holder, 1_000)));
      return results.filter((lease) => lease !== undefined);
    };
    const [first, ...others] = await race();
    expect(others).to.deep.equal([]);
    pass(1_001);
    const [second, ...more] = await race();
    expect(more).to.deep.equal([]);
    expect(second?.epoch).to.be.greaterThan(first?.epoch ?? Number.POSITIVE_INFINITY);
  });

  it('lets the same holder take it again at once, with a higher epoch', async () => {
    const first = await taken('x', 'left');
    expect((await taken('x', 'left')).epoch).to.be.greaterThan(first.epoch);
  });

  it('keeps it while it is renewed, and not longer', async () => {
    let lease = await taken('x', 'left');
    for (let n = 0; n < 3; n++) {
      pass(900);
      const renewed = await leases.renew(lease, 1_000);
      expect(renewed?.epoch).to.be.greaterThan(lease.epoch);
      lease = renewed as Lease;
      expect(await leases.take('x', 'right', 1_000)).to.equal(undefined);
    }
    pass(1_001);
    expect((await taken('x', 'right')).epoch).to.be.greaterThan(lease.epoch);
  });

  it('tells a paused holder that its lease is lost', async () => {
    const lease = await taken('x', 'left');
    pass(1_001);
    await taken('x', 'right');
    expect(await leases.renew(lease, 1_000)).to.equal(undefined);
    expect(await leases.take('x', 'left', 1_000)).to.equal(undefined);
  });

  it('renews for its holder even when the answer to the last renewal was lost', async () => {
    const lease = await taken('x', 'left');
    await leases.renew(lease, 1_000);
    expect((await leases.renew(lease, 1_000))?.holder).to.equal('left');
  });

  it('is free once released; a release by who lost it changes nothing; epochs still grow', async () => {
    const first = await taken('x', 'left');
    await leases.release(first);
    const second = await taken('x', 'right');
    expect(second.epoch).to.be.greaterThan(first.epoch);
    await leases.release(first);
    expect(await leases.take('x', 'left', 1_000)).to.equal(undefined);
  });

  it('lists who holds a lease under a key, and nobody whose time is over', async () => {
    expect(await leases.list('gateway')).to.deep.equal([]);
    await taken('gateway.left', 'left', 500);
    const right = await taken('gateway.right', 'right');
    await taken('gateways.other', 'other');
    await taken('camera.cam_a', 'left');
    const holders = async () => (await leases.list('gateway')).map(({ holder }) => holder).toSorted();
    expect(await holders()).to.deep.equal(['left', 'right']);
    pass(600);
    expect(await leases.list('gateway')).to.deep.equal([right]);
    await leases.release(right);
    expect(await holders()).to.deep.equal([]);
    expect((await rejection(leases.list('*'))).name).to.equal('BadId');
  });

  it('is held, and over, as long as its holder is silent, whatever the clocks of its holder and of who asks say', async () => {
    const left = await taken('gateway.left', 'left');
    const holders = async (of: Leases) => (await of.list('gateway')).map(({ holder }) => holder).toSorted();
    expect(await ahead.take('gateway.left', 'right', 1_000)).to.equal(undefined);
    expect(await holders(ahead)).to.deep.equal(['left']);
    expect(await ahead.take('gateway.right', 'right', 1_000)).to.include({ holder: 'right' });
    expect(await holders(leases)).to.deep.equal(['left', 'right']);
    pass(900);
    const renewed = await leases.renew(left, 1_000);
    expect(await holders(ahead), 'it is heard of again').to.deep.equal(['left', 'right']);
    pass(900);
    expect(await holders(ahead), 'the one that was renewed').to.deep.equal(['left']);
    pass(101);
    const next = await ahead.take('gateway.left', 'right', 1_000);
    expect(next?.epoch).to.be.greaterThan(renewed?.epoch ?? Number.POSITIVE_INFINITY);
  });

  it('is heard of for as long as it may last by who has only begun to look', async () => {
    await taken('gateway.left', 'left');
    pass(5_000);
    expect(await ahead.list('gateway')).to.have.length(1);
    pass(1_001);
    expect(await ahead.list('gateway')).to.have.length(0);
  });

  it('tells what no epoch has been above, also when nobody holds anything, and those that come are', async () => {
    const lease = await taken('x', 'left');
    await leases.release(lease);
    const highest = await leases.highest();
    expect(highest).to.be.at.least(lease.epoch);
    expect((await taken('y', 'right')).epoch).to.be.greaterThan(highest);
  });

  it('refuses a key that is not made of ids', async () => {
    for (const key of ['*', 'a..b', '', '../x', 'A']) {
      expect((await rejection(leases.take(key, 'left', 1_000))).name).to.equal('BadId');
    }
  });
}
