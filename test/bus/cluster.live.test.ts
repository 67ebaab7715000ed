import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { type NatsStore, natsStore } from '../../bus/carriers/nats.ts';
import type { Parked } from '../../bus/carriers/parking.ts';
import { openSpool, type Spool } from '../../bus/carriers/spool.ts';
import { FenceRefused, JournalAway } from '../../bus/ports/faults.ts';
import { JOURNAL_STREAM, LEASE_BUCKET } from '../../bus/subjects.ts';
import { figure } from '../fixtures/figures.ts';
import { type NatsCluster, startNatsCluster } from '../fixtures/nats-cluster.ts';
import { until } from '../fixtures/process.ts';
import { all, camera, rejection, someRecord } from '../fixtures/records.ts';

/** As the gateway has it for a cluster. */
const TIMEOUT_MS = 800;

describe('a cluster of three nats-servers', function () {
  this.timeout(60_000);
  let cluster: NatsCluster;
  let store: NatsStore;
  let spool: Spool;
  let folder: string;
  const parked: Parked[] = [];

  before(async () => {
    cluster = await startNatsCluster();
    folder = mkdtempSync(path.join(tmpdir(), 'sbx-cluster-'));
    store = await natsStore({ servers: cluster.servers, name: 'test', replicas: 3, timeoutMs: TIMEOUT_MS });
    const { journal, facts } = store;
    const file = path.join(folder, 'spool.jsonl');
    await store.leases.take('gateway.gate-1', 'gate-1', 1);
    spool = await openSpool({ journal, facts, file, onParked: (one) => parked.push(one), onFault() {} });
  });
  after(async () => {
    await spool?.close();
    await store?.close();
    await cluster?.close();
    if (folder) rmSync(folder, { recursive: true, force: true });
  });

  /** Only the leader of a stream can be heard: it takes writes, and nothing comes through. */
  async function whileNothingComesThrough(stream: string, work: (direct: NatsStore) => Promise<void>): Promise<void> {
    const leader = await cluster.leader(stream);
    const others = cluster.without(leader).map((server) => server.process().child);
    const direct = await natsStore({ servers: [leader.url], name: 'test', replicas: 3, timeoutMs: TIMEOUT_MS });
    try {
      // What is opened at the first use takes all three.
      await direct.leases.list('gateway');
      for (const other of others) other.kill('SIGSTOP');
      await work(direct);
    } finally {
      for (const other of others) other.kill('SIGCONT');
      await direct.close();
    }
  }

  it('takes no record for refused that is still on its way through the cluster', async () => {
    const append = (to: NatsStore, n: number) => to.journal.append(someRecord('cam_b', n), 0);
    await whileNothingComesThrough(JOURNAL_STREAM, async (direct) => {
      for (const n of [1, 1, 2])
        expect(await rejection(append(direct, n)), `record ${n}`).to.be.instanceOf(JournalAway);
    });
    const { seq } = await until('the first to come through', () => append(store, 1).catch(() => undefined), 20_000);
    expect(seq).to.be.greaterThan(0);
    expect(await rejection(append(store, 2))).to.be.instanceOf(FenceRefused);
  });

  it('takes no lease for lost whose renewal is still on its way', async () => {
    const lease = await until('a lease', () => store.leases.take('gateway.gate-9', 'gate-9', 20_000), 20_000, 100);
    await whileNothingComesThrough(`KV_${LEASE_BUCKET}`, async (direct) => {
      for (const attempt of [1, 2, 3]) {
        const away = await rejection(direct.leases.renew(lease, 20_000));
        expect(away, `attempt ${attempt}`).to.be.instanceOf(JournalAway);
      }
    });
    const renewed = () => store.leases.renew(lease, 20_000).catch(() => undefined);
    expect(await until('the lease to be renewed', renewed, 20_000)).to.include({ holder: 'gate-9' });
    await store.leases.release(lease);
  });

  it('loses nothing when its leader is killed, and who writes is answered within a second all the while', async () => {
    const leader = await cluster.leader();
    let killedAt = Number.POSITIVE_INFINITY;
    let longestMs = 0;
    let written = 0;
    let last = 0;
    // As a cell does: one record after the other, each behind the one before.
    while (performance.now() - killedAt < 3_000 || killedAt === Number.POSITIVE_INFINITY) {
      if (written === 20) {
        await leader.kill();
        killedAt = performance.now();
      }
      const before = performance.now();
      const receipt = await spool.journal.append(someRecord('cam_a', ++written), last);
      longestMs = Math.max(longestMs, performance.now() - before);
      last = receipt.seq;
    }
    figure('NATS leader killed: longest time until a record is safe', longestMs);
    expect(longestMs).to.be.lessThan(1_000);
    await spool.drained();
    await until('a new leader', async () => (await store.facts.range()) !== undefined);
    const records = await all(store.journal.read(camera('cam_a')));
    expect(records.map(({ record }) => record.id)).to.deep.equal(
      Array.from({ length: written }, (_, index) => `i1-${index + 1}`),
    );
    expect(parked).to.deep.equal([]);
  });

  it('keeps leases going while one of three servers is gone', async () => {
    const again = () => store.leases.take('gateway.gate-1', 'gate-1', 20_000);
    expect(await until('the leases to have a leader', again, 20_000, 100)).to.include({ holder: 'gate-1' });
    expect(await store.leases.take('gateway.gate-1', 'gate-2', 10_000)).to.equal(undefined);
    expect((await store.leases.list('gateway')).map(({ holder }) => holder)).to.deep.equal(['gate-1']);
  });
});
