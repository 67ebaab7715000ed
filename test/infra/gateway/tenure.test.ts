import { expect } from 'chai';
import { memoryStore } from '../../../bus/carriers/memory.ts';
import { type Tenure, takeTenure } from '../../../infra/gateway/tenure.ts';
import { until } from '../../fixtures/process.ts';

/** A gateway's tenure on a clock that is set by hand. */
interface Held {
  tenure: Tenure;
  /** What its timer would run now. */
  beat(): Promise<void>;
  lapses: number;
  lost: boolean;
  faults: string[];
}

describe("a gateway's place in its group", () => {
  const clock = { now: 1_800_000_000_000 };
  let store: ReturnType<typeof memoryStore>;
  beforeEach(() => {
    store = memoryStore(() => clock.now);
  });

  async function join(name: string, leases = store.leases, isAlone = false): Promise<Held> {
    let run = () => {};
    let beats = 0;
    const held = { lapses: 0, lost: false, faults: [] as string[] } as Held;
    held.tenure = await takeTenure(leases, name, {
      nowMs: () => clock.now,
      isAlone,
      every(_ms, tick) {
        run = tick;
        return () => {};
      },
      onBeat: () => void beats++,
      onLapse: async () => void held.lapses++,
      onLost() {
        held.lost = true;
      },
      onFault: (error) => void held.faults.push((error as Error).message),
    });
    held.beat = async () => {
      const before = beats;
      run();
      await until('the beat', () => beats > before);
    };
    return held;
  }
  /** Time passes as it does while everybody's timers run. */
  const pass = async (ms: number, ...running: Held[]) => {
    for (const until = clock.now + ms; clock.now < until; ) {
      clock.now += 400;
      for (const held of running) await held.beat();
    }
  };

  it('is known to the others while it lives, and not for long afterwards', async () => {
    const one = await join('gate-1');
    const two = await join('gate-2');
    await pass(400, one, two);
    expect(one.tenure.members()).to.deep.equal(['gate-1', 'gate-2']);
    await pass(2_800, one); // the other one is killed
    expect(one.tenure.members()).to.deep.equal(['gate-1']);
    await (await join('gate-3')).tenure.close();
    await pass(400, one);
    expect(one.tenure.members(), 'one that leaves is gone at once').to.deep.equal(['gate-1']);
  });

  it('is known, and its end too, to one whose clock was set by an hour', async () => {
    const one = await join('gate-1');
    const early = await join(
      'gate-2',
      store.leasesBy(() => clock.now - 3_600_000),
    );
    const late = await join(
      'gate-3',
      store.leasesBy(() => clock.now + 3_600_000),
    );
    await pass(400, one, early, late);
    for (const { tenure } of [one, early, late]) expect(tenure.members()).to.have.length(3);
    await pass(3_200, one, early); // the third is killed
    for (const { tenure } of [one, early]) expect(tenure.members()).to.deep.equal(['gate-1', 'gate-2']);
  });

  it('is in doubt after a pause, before any timer has run, until the lease is proved again', async () => {
    const one = await join('gate-1');
    const two = await join('gate-2');
    await pass(400, one, two);
    expect(one.tenure.proof()).to.equal(undefined);
    await pass(4_000, two); // gate-1 is paused
    let proved = false;
    const proof = one.tenure.proof();
    expect(proof).to.be.instanceOf(Promise);
    void proof?.then(() => {
      proved = true;
    });
    expect(one.lapses).to.equal(0);
    await one.beat();
    await proof;
    expect(proved).to.equal(true);
    expect(one.lapses, 'what others took up meanwhile is let go of first').to.equal(1);
    expect(one.tenure.proof()).to.equal(undefined);
  });

  it('stays in doubt while the store can not be asked', async () => {
    const one = await join('gate-1');
    const two = await join('gate-2');
    await pass(400, one, two);
    clock.now += 4_000;
    store.set('away');
    await one.beat();
    expect(one.tenure.proof()).to.be.instanceOf(Promise);
    store.set('here');
    await one.beat();
    expect(one.tenure.proof()).to.equal(undefined);
  });

  it('is kept in good faith while the store is away and the process runs: pictures must go on', async () => {
    const one = await join('gate-1');
    const two = await join('gate-2');
    await pass(400, one, two);
    store.set('away');
    await pass(8_000, one, two);
    expect(one.tenure.proof()).to.equal(undefined);
    expect(one.tenure.members()).to.deep.equal(['gate-1', 'gate-2']);
    store.set('here');
    await pass(400, one, two);
    expect([one.lapses, one.lost]).to.deep.equal([1, false]);
  });

  it('is kept, and the fault told, when the store answers what nobody knows', async () => {
    const strange = { ...store.leases, renew: () => Promise.reject(new Error('wrong answer')) };
    const one = await join('gate-1', strange);
    const two = await join('gate-2');
    await pass(800, one, two);
    expect(one.faults).to.deep.equal(['wrong answer', 'wrong answer']);
    expect(one.lost).to.equal(false);
  });

  it('does not take the others for dead right after an outage, in which every lease ran out', async () => {
    const one = await join('gate-1');
    const two = await join('gate-2');
    await pass(400, one, two);
    store.set('away');
    await pass(4_000, one, two);
    store.set('here');
    await pass(800, one);
    expect(one.tenure.members()).to.deep.equal(['gate-1', 'gate-2']);
    await pass(2_400, one); // it really is gone
    expect(one.tenure.members()).to.deep.equal(['gate-1']);
  });

  it('is its own also where its lease has run out by the time that it looks: what is its own stays so', async () => {
    const slow = {
      ...store.leases,
      async list(under: string) {
        clock.now += 3_000;
        return store.leases.list(under);
      },
    };
    const one = await join('gate-1', slow);
    await one.beat();
    expect(one.tenure.members()).to.deep.equal(['gate-1']);
  });

  it('is never in doubt for a gateway that is alone', async () => {
    const one = await join('gate-1');
    clock.now += 60_000;
    expect(one.tenure.proof()).to.equal(undefined);
    await one.beat();
    expect(one.lost).to.equal(false);
  });

  it('begins without a lease in a store that has no room, alone, above all that it had, and has one once there is', async () => {
    const former = await join('gate-1');
    store.set('full');
    const one = await join('gate-1', store.leases, true);
    expect(one.tenure.epoch()).to.be.at.least(former.tenure.epoch());
    await pass(4_000, one);
    expect([one.lost, one.faults, one.tenure.members()]).to.deep.equal([false, [], ['gate-1']]);
    store.set('here');
    await pass(400, one);
    const [lease] = await store.leases.list('gateway');
    expect(lease).to.include({ holder: 'gate-1' });
    expect(lease?.epoch).to.be.greaterThan(one.tenure.epoch());
    await one.tenure.close();
    expect(await store.leases.list('gateway')).to.deep.equal([]);
  });

  it('does not begin beside others before its lease could be written, nor anywhere while the store is away', async () => {
    for (const [mode, isAlone] of [
      ['full', false],
      ['away', true],
    ] as const) {
      store.set(mode);
      let hasBegun = false;
      const joining = join('gate-1', store.leases, isAlone).then((held) => {
        hasBegun = true;
        return held;
      });
      let asked = 0;
      const { take } = store.leases;
      store.leases.take = (...of) => {
        asked += 1;
        return take(...of);
      };
      await until('it to have asked again', () => asked > 1);
      expect(hasBegun, mode).to.equal(false);
      store.set('here');
      await (await joining).tenure.close();
    }
  });

  it('is lost when another process acts under its name', async () => {
    const one = await join('gate-1');
    clock.now += 5_000;
    await store.leases.take('gateway.gate-1', 'somebody else', 60_000);
    await one.beat();
    expect(one.lost).to.equal(true);
  });
});
