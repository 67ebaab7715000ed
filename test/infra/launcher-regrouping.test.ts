import { expect } from 'chai';
import { memoryStore } from '../../bus/carriers/memory.ts';
import type { Group } from '../../infra/group.ts';
import { othersChanged } from '../../infra/launcher/regrouping.ts';
import { inTurn } from '../../infra/launcher/turn.ts';
import { until } from '../fixtures/process.ts';

const relay = (host: string, port: number) => ({ id: `relay-${host}`, api: port, on: { host } });
/** A group as the launcher of host a plans it, as far as it is compared. */
const groupOf = (hosts: string[], { api = 1, http = 8080 } = {}): Group =>
  ({
    node: 'a',
    http: { port: http },
    cluster: { host: 'a', keyFile: '/key', hosts: Object.fromEntries(hosts.map((host) => [host, { address: host }])) },
    relays: hosts.map((host) => relay(host, host === 'a' ? api : 1)),
  }) as unknown as Group;

describe('a host that comes or goes while the others run', () => {
  it('concerns the gateways alone: what this machine runs and where it listens is as it was', () => {
    const before = groupOf(['a', 'b']);
    expect(othersChanged(before, groupOf(['a', 'b', 'c']))).to.equal(true);
    expect(othersChanged(before, groupOf(['a']))).to.equal(true);
    expect(othersChanged(before, groupOf(['a', 'b']))).to.equal(false);
  });

  it('leaves to the next start what changes a process of this machine, with or without another host', () => {
    const before = groupOf(['a', 'b']);
    expect(othersChanged(before, groupOf(['a', 'b', 'c'], { api: 2 }))).to.equal(false);
    expect(othersChanged(before, groupOf(['a', 'b', 'c'], { http: 9090 }))).to.equal(false);
    expect(othersChanged(before, groupOf(['b', 'c']))).to.equal(false);
  });
});

describe('what only one of several hosts may do at a time', () => {
  const clock = { now: 1_800_000_000_000 };
  /** Waiting costs no time, and beats are what the test says. */
  const beats = new Set<() => void>();
  const house = {
    async wait(ms: number) {
      clock.now += ms;
      for (const beat of beats) beat();
      await new Promise((resolve) => setImmediate(resolve));
    },
    every(_ms: number, beat: () => void) {
      beats.add(beat);
      return () => void beats.delete(beat);
    },
  };

  it('waits for the one that does it, however long that takes, and goes on when it is done', async () => {
    const { leases } = memoryStore(() => clock.now);
    const done: string[] = [];
    let finish = () => {};
    const first = inTurn(leases, 'run-a', house, async () => {
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
      done.push('a');
    });
    await until('the first to have begun', () => beats.size === 1);
    const begunAt = clock.now;
    const second = inTurn(leases, 'run-b', house, async () => void done.push('b'));
    await until('the lease to be over but for its renewals', () => clock.now - begunAt > 20_000);
    expect(done).to.deep.equal([]);
    finish();
    await Promise.all([first, second]);
    expect(done).to.deep.equal(['a', 'b']);
  });

  it('waits while the store is away, and is done after one that was killed over it', async () => {
    const store = memoryStore(() => clock.now);
    await store.leases.take('turn.gateways', 'killed', 5_000);
    store.set('away');
    let done = false;
    const waiting = inTurn(store.leases, 'run-a', house, async () => {
      done = true;
    });
    const from = clock.now;
    await until('some time to pass', () => clock.now - from > 10_000);
    expect(done).to.equal(false);
    store.set('here');
    await waiting;
    expect(done).to.equal(true);
  });
});
