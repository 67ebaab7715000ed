import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { type NatsStore, natsStore } from '../../bus/carriers/nats.ts';
import { openSpool, type Parked, type Spool } from '../../bus/carriers/spool.ts';
import { figure } from '../fixtures/figures.ts';
import { type NatsCluster, startNatsCluster } from '../fixtures/nats-cluster.ts';
import { until } from '../fixtures/process.ts';
import { all, camera, someRecord } from '../fixtures/records.ts';

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
    spool = await openSpool({ journal, facts, file, onParked: (one) => parked.push(one), onFault() {} });
  });
  after(async () => {
    await spool?.close();
    await store?.close();
    await cluster?.close();
    if (folder) rmSync(folder, { recursive: true, force: true });
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
    const taken = await store.leases.take('gateway.gate-1', 'gate-1', 10_000);
    expect(taken).to.include({ holder: 'gate-1' });
    expect(await store.leases.take('gateway.gate-1', 'gate-2', 10_000)).to.equal(undefined);
    expect((await store.leases.list('gateway')).map(({ holder }) => holder)).to.deep.equal(['gate-1']);
  });
});
