import { expect } from 'chai';
import { memoryStore } from '../../bus/carriers/memory.ts';
import { claimHost, type HostClaim, HostRefused } from '../../infra/launcher/host-claim.ts';
import { rejection } from '../fixtures/records.ts';

/** A host on a clock that waiting moves. */
interface Host {
  claim: HostClaim;
  beat(): Promise<void>;
  lost: boolean;
}

describe("a launcher's place on a NATS that others use too", () => {
  const clock = { now: 1_800_000_000_000 };
  let store: ReturnType<typeof memoryStore>;
  let running: Host[];
  beforeEach(() => {
    store = memoryStore(() => clock.now);
    running = [];
  });

  const pass = async (ms: number): Promise<void> => {
    for (const until = clock.now + ms; clock.now < until; ) {
      clock.now += 250;
      for (const host of running) await host.beat();
    }
  };
  const start = async (name: string, run: string, shares = false): Promise<Host> => {
    const host = { lost: false } as Host;
    let tick = () => {};
    host.claim = await claimHost(store.leases, { name, shares }, run, {
      nowMs: () => clock.now,
      wait: pass,
      every(_ms, beat) {
        tick = beat;
        return () => {
          running = running.filter((one) => one !== host);
        };
      },
      onLost() {
        host.lost = true;
      },
      onFault(error) {
        throw error;
      },
    });
    host.beat = async () => {
      tick();
      // The lease in memory is written within a turn.
      for (let turn = 0; turn < 10; turn++) await Promise.resolve();
    };
    running.push(host);
    return host;
  };

  it('is refused to a second one of the same name for as long as the first runs', async () => {
    const first = await start('one', 'run-1');
    const refused = await rejection(start('one', 'run-2'));
    expect(refused).to.be.instanceOf(HostRefused);
    expect(refused.message).to.include('another launcher runs as host "one"');
    expect(first.lost).to.equal(false);
    await first.claim.close();
    await start('one', 'run-2');
  });

  it('is refused to another machine, which leaves nothing behind that would be in the first one’s way', async () => {
    await start('one', 'run-1');
    expect((await rejection(start('two', 'run-2'))).message).to.include('host "one" runs on the same NATS');
    expect((await store.leases.list('host')).map(({ key }) => key)).to.deep.equal(['host.alone.one']);
  });

  it('is given beside others that share with it, and refused to one that does not', async () => {
    await start('one', 'run-1', true);
    await start('two', 'run-2', true);
    expect((await rejection(start('three', 'run-3'))).message).to.include('host "one", "two" runs');
    expect((await rejection(start('one', 'run-4'))).message).to.include('another launcher runs as host "one"');
  });

  it('is given to whoever starts again after a kill, once the old lease is over', async () => {
    await start('one', 'run-1');
    running = [];
    const before = clock.now;
    await start('one', 'run-2');
    expect(clock.now - before).to.be.within(4_000, 6_000);
  });

  it('is lost to one that was not heard of for longer than its lease, and it is told so', async () => {
    const paused = await start('one', 'run-1');
    running = [];
    await pass(6_000);
    const heir = await start('one', 'run-2');
    await paused.beat();
    expect([paused.lost, heir.lost]).to.deep.equal([true, false]);
  });

  it('is taken again by itself when nobody wanted it meanwhile', async () => {
    const paused = await start('one', 'run-1');
    running = [];
    await pass(6_000);
    await paused.beat();
    expect(paused.lost).to.equal(false);
    expect((await store.leases.list('host')).map(({ key }) => key)).to.deep.equal(['host.alone.one']);
  });
});
