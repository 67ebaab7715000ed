import { expect } from 'chai';
import { simulate } from './world.ts';

const SEEDS = 30;
const STEPS = 1_000;

describe('a house in which everything fails by chance', () => {
  it('keeps its laws, loses nothing acknowledged, tells nothing twice, and replays to what it was', async function () {
    this.timeout(120_000);
    const visited = new Set<string>();
    let crashes = 0;
    for (let seed = 1; seed <= SEEDS; seed++) {
      const { fault, steps, ...run } = await simulate(seed, STEPS);
      expect(fault, `seed ${seed} fails at step ${steps}: simulate(${seed}, ${steps}) repeats it`).to.equal(undefined);
      for (const state of run.visited) visited.add(state);
      crashes += run.crashes;
    }
    // A simulation that goes nowhere proves nothing.
    expect(crashes).to.be.greaterThan(50);
    const cameras = [
      'idle',
      'connecting',
      'live',
      'stalled',
      'frozen',
      'switching',
      'holding',
      'offline',
      'quarantined',
    ];
    const viewers = ['admitted', 'denied', 'connecting', 'watching', 'moving', 'ended'];
    const relays = ['starting', 'serving', 'degraded', 'suspect', 'draining', 'drained', 'dead', 'removed'];
    const renditions = ['off', 'waiting', 'starting', 'running'];
    const recordings = ['off', 'waiting', 'starting', 'recording', 'failing', 'full'];
    const broadcasts = ['connecting', 'on-air', 'retrying', 'waiting', 'failed', 'stopped'];
    const incidents = ['declared', 'active', 'expiring', 'closed'];
    const motors = ['still', 'moving', 'going', 'stopping', 'failed'];
    // What falls four times within a minute is left to the walk through the machine.
    const sounds = ['off', 'waiting', 'starting', 'running', 'lingering', 'none'];
    const alarms = ['suspected', 'raised', 'acknowledged', 'cleared'];
    const expected = [
      ...sounds.map((state) => `sound ${state}`),
      ...alarms.map((state) => `alarm ${state}`),
      ...motors.map((state) => `ptz ${state}`),
      ...renditions.map((state) => `rendition ${state}`),
      ...recordings.map((state) => `recording ${state}`),
      ...broadcasts.map((state) => `broadcast ${state}`),
      ...incidents.map((state) => `incident ${state}`),
      ...cameras.map((state) => `camera ${state}`),
      ...viewers.map((state) => `viewer ${state}`),
      ...relays.map((state) => `relay ${state}`),
    ];
    expect(expected.filter((state) => !visited.has(state))).to.deep.equal([]);
  });

  it('repeats itself from the same seed', async () => {
    expect(await simulate(7, 300)).to.deep.equal(await simulate(7, 300));
  });
});
