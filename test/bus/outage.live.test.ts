import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { connectNats } from '../../bus/carriers/nats/connection.ts';
import { type NatsStore, natsStore } from '../../bus/carriers/nats.ts';
import type { Parked } from '../../bus/carriers/parking.ts';
import { openSpool, type Spool } from '../../bus/carriers/spool.ts';
import type { Told } from '../../bus/ports/facts.ts';
import { FenceRefused, JournalAway, JournalFull, TooLarge } from '../../bus/ports/faults.ts';
import { JOURNAL_STREAM } from '../../bus/subjects.ts';
import { witnessLog } from '../../infra/gateway/log-witness.ts';
import { startNats, type TestNats } from '../fixtures/nats.ts';
import { freeze, until } from '../fixtures/process.ts';
import { all, camera, rejection, someFact, someRecord } from '../fixtures/records.ts';

/** What one acknowledgement may take; nobody waits for it twice. On top comes what a busy machine needs. */
const TIMEOUT_MS = 2_000;
const SHORT_TIMEOUT_MS = 500;

const CELLS = Array.from({ length: 20 }, (_, n) => `cam_${n}`);

/** Cuts off the files in which a server keeps a stream's messages, as a disk that lost its last writes has them. */
function cutOff(folder: string, stream: string): void {
  for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (!file.includes(stream) || !file.endsWith('.blk')) continue;
    const block = path.join(folder, file);
    truncateSync(block, Math.floor(statSync(block).size * 0.7));
  }
}

describe('when nats-server goes away', () => {
  let server: TestNats;
  let store: NatsStore;
  beforeEach(async () => {
    server = await startNats();
    store = await natsStore({ servers: [server.url], name: 'test' });
  });
  afterEach(async () => {
    await store.close();
    await server.close();
  });

  /** The connection is there, and so are the streams, made again if the server came back empty. */
  const isBack = () => until('NATS to be back', () => store.facts.range());

  it('says so at once when it is killed, and again for each append until it is back', async () => {
    await store.journal.append(someRecord('cam_a', 1), 0);
    await freeze(server.process()); // so that the answers can't win the race
    const pending = CELLS.map((cell) => rejection(store.journal.append(someRecord(cell, 1), 0)));
    const before = performance.now();
    await server.kill();
    for (const error of await Promise.all(pending)) expect(error).to.be.instanceOf(JournalAway);
    expect(performance.now() - before).to.be.lessThan(TIMEOUT_MS);
    expect(store.isUp()).to.equal(false);
    const refused = performance.now();
    expect(await rejection(store.journal.append(someRecord('cam_a', 2), 1))).to.be.instanceOf(JournalAway);
    expect(await rejection(store.facts.tell(someFact('cam_a', 1)))).to.be.instanceOf(JournalAway);
    expect(await rejection(all(store.journal.lasts()))).to.be.instanceOf(JournalAway);
    expect(await rejection(all(store.journal.read()))).to.be.instanceOf(JournalAway);
    expect(await rejection(store.facts.range())).to.be.instanceOf(JournalAway);
    expect(await rejection(store.leases.take('x', 'left', 1_000))).to.be.instanceOf(JournalAway);
    const ask = { to: camera('cam_a'), verb: 'view', token: 't', body: null };
    expect(await rejection(store.bus.ask(ask, 1_000))).to.be.instanceOf(JournalAway);
    expect(performance.now() - refused).to.be.lessThan(TIMEOUT_MS);
    await server.start();
    await isBack();
    expect((await store.journal.append(someRecord('cam_a', 2), 1)).seq).to.be.greaterThan(1);
  });

  it('waits no longer than the timeout when it hangs, and takes the retry for the same record afterwards', async () => {
    const { seq } = await store.journal.append(someRecord('cam_a', 1), 0);
    await freeze(server.process());
    const before = performance.now();
    const error = await rejection(store.journal.append(someRecord('cam_a', 2), seq));
    const waitedMs = performance.now() - before;
    server.process().child.kill('SIGCONT');
    expect(error).to.be.instanceOf(JournalAway);
    expect(waitedMs).to.be.within(TIMEOUT_MS - 100, TIMEOUT_MS + 2_000);
    const { seq: second } = await store.journal.append(someRecord('cam_a', 2), seq);
    expect(second).to.equal(seq + 1);
    expect((await all(store.journal.read())).map(({ record }) => record.id)).to.deep.equal(['i1-1', 'i1-2']);
  });

  it('notices a hung server by itself, and is there again once it goes on', async () => {
    await freeze(server.process());
    await until('the loss to be noticed', () => !store.isUp(), 12_000);
    server.process().child.kill('SIGCONT');
    await isBack();
    await store.journal.append(someRecord('cam_a', 1), 0);
  });

  it('tells subscribers every fact once, in order, over two kills, without asking them to do anything', async () => {
    const told: Told[] = [];
    const subscription = await store.facts.subscribe({ kinds: ['camera'] }, undefined, (one) => told.push(one));
    const acknowledged: number[] = [];
    let n = 0;
    const tellSome = async (count: number) => {
      for (let i = 0; i < count; i++, n++) {
        const { seq } = await store.facts.tell(someFact(CELLS[n % 7] as string, n));
        acknowledged.push(seq);
      }
    };
    await tellSome(50);
    for (let kill = 0; kill < 2; kill++) {
      await server.kill();
      await server.start();
      await isBack();
      await tellSome(50);
    }
    await until(`150 facts; have ${told.length}`, () => told.length >= 150, 5_000);
    expect(told.map(({ seq }) => seq)).to.deep.equal(acknowledged);
    expect(told.map(({ envelope }) => envelope.data.n)).to.deep.equal(Array.from({ length: 150 }, (_, i) => i));
    subscription.close();
    expect(await subscription.ended).to.equal(undefined);
  });

  it('goes on answering asks once it is back', async () => {
    await store.bus.answer('camera', async ({ verb }) => ({ verb }));
    await server.kill();
    await server.start();
    await isBack();
    const ask = { to: camera('cam_a'), verb: 'view', token: 't', body: null };
    expect(await store.bus.ask(ask, 1_000)).to.deep.equal({ verb: 'view' });
  });

  it('makes its streams again on a server that came back empty, and tells a subscriber that its past is gone', async () => {
    await store.facts.tell(someFact('cam_a', 1));
    const told: Told[] = [];
    const subscription = await store.facts.subscribe({}, 0, (one) => told.push(one));
    await until('the fact', () => told.length === 1);
    await server.close();
    server = await startNats('', server.port);
    await isBack();
    expect(await subscription.ended).to.be.instanceOf(RangeError);
    expect((await store.journal.append(someRecord('cam_a', 1), 0)).seq).to.equal(1);
    expect((await store.facts.tell(someFact('cam_a', 2))).seq).to.equal(1);
  });

  it('takes its own record for done when a retry meets it beyond the window for duplicates', async () => {
    await store.journal.append(someRecord('cam_a', 1), 0);
    const { seq } = await store.journal.append(someRecord('cam_a', 2), 1);
    const link = await connectNats({ servers: [server.url], name: 'other' });
    await link.manager.streams.update(JOURNAL_STREAM, { duplicate_window: 100 * 1_000_000 });
    const retryOfAnOlder = () => store.journal.append(someRecord('cam_a', 1), 0);
    await until('the first record to be forgotten', () =>
      retryOfAnOlder().then(
        () => false,
        (error) => error instanceof FenceRefused,
      ),
    );
    expect(await store.journal.append(someRecord('cam_a', 2), 1)).to.deep.equal({ seq });
    expect(await all(store.journal.read())).to.have.length(2);
    await link.close();
  });

  it('tells that its disk is full, and what was stored stays', async () => {
    await server.close();
    server = await startNats('', server.port, 'max_file_store: 200KB');
    await isBack();
    const context = { state: 'live', since: 0, text: 'x'.repeat(20_000) };
    const big = (n: number) => someRecord('cam_a', n, { after: { value: 'live', context } });
    let last = 0;
    let error: unknown;
    for (let n = 1; !error && n < 100; n++) {
      try {
        last = (await store.journal.append(big(n), last)).seq;
      } catch (problem) {
        error = problem;
      }
    }
    expect(error).to.be.instanceOf(JournalFull);
    expect(await all(store.journal.read())).to.have.length(last);
  });

  it('whose files were cut off goes on behind what is left, and a witness tells what is lost', async () => {
    const witnessed = () => {
      const faults: Error[] = [];
      const witness = witnessLog(store.keeper, folder, 'gate-1', (error) => void faults.push(error));
      return { faults, witness };
    };
    const folder = mkdtempSync(path.join(tmpdir(), 'sbx-witness-'));
    let last = 0;
    for (let n = 1; n <= 100; n++) last = (await store.journal.append(someRecord('cam_a', n), last)).seq;
    const before = witnessed();
    await before.witness.look();
    before.witness.close();
    expect(before.witness.troubles()).to.deep.equal([]);
    await server.kill();
    cutOff(path.join(server.folder, 'js'), JOURNAL_STREAM);
    await server.start();
    await isBack();
    const { journal } = await store.keeper.holdings();
    expect(journal.last).to.be.within(1, 99);
    const { faults, witness } = witnessed();
    await witness.look();
    expect((await store.journal.append(someRecord('cam_a', 101), last)).seq).to.equal(journal.last + 1);
    await witness.look();
    expect(witness.troubles().join()).to.contain(
      `the journal had come to sequence 100 and went back to ${journal.last}`,
    );
    witness.close();
    expect(faults).to.deep.equal([]);
    rmSync(folder, { recursive: true, force: true });
  });

  it('refuses a record that is too large for NATS, for good', async () => {
    const error = await rejection(store.journal.append(someRecord('cam_a', 1, { after: 'x'.repeat(2_000_000) }), 0));
    expect(error).to.be.instanceOf(TooLarge);
    expect((await store.journal.append(someRecord('cam_a', 1), 0)).seq).to.equal(1);
  });
});

describe('with a spool before NATS', () => {
  let server: TestNats;
  let store: NatsStore;
  let spool: Spool;
  let folder: string;
  let parked: Parked[];
  beforeEach(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'sbx-spool-'));
    server = await startNats();
    store = await natsStore({ servers: [server.url], name: 'test', timeoutMs: SHORT_TIMEOUT_MS });
    parked = [];
    const { journal, facts } = store;
    spool = await openSpool({ journal, facts, file: path.join(folder, 'spool'), onParked: (one) => parked.push(one) });
  });
  afterEach(async () => {
    await store.close();
    await spool.close();
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Cells that hear something all the time, until told to stop; every append and fact must be acknowledged. */
  const busyCells = () => {
    let stop = false;
    const counts = new Map<string, number>();
    let worstMs = 0;
    const work = CELLS.map(async (cell) => {
      let seq = 0;
      for (let n = 1; !stop; n++) {
        const before = performance.now();
        seq = (await spool.journal.append(someRecord(cell, n), seq)).seq || seq;
        await spool.facts.tell(someFact(cell, n));
        worstMs = Math.max(worstMs, performance.now() - before);
        counts.set(cell, n);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    });
    const done = Promise.all(work);
    return {
      counts,
      worstMs: () => worstMs,
      stop: () => {
        stop = true;
        return done;
      },
    };
  };

  const everythingArrivedOnce = async (counts: Map<string, number>) => {
    await spool.drained();
    expect(parked).to.deep.equal([]);
    const records = await all(store.journal.read());
    const told: Told[] = [];
    const { last } = await store.facts.range();
    const subscription = await store.facts.subscribe({}, 0, (one) => told.push(one));
    await until('all facts', () => told.at(-1)?.seq === last);
    subscription.close();
    for (const [cell, count] of counts) {
      const numbers = Array.from({ length: count }, (_, index) => index + 1);
      const ids = records.filter(({ record }) => record.cell === cell).map(({ record }) => record.id);
      expect(ids, cell).to.deep.equal(numbers.map((n) => `i1-${n}`));
      const facts = told.filter(({ envelope }) => envelope.subject === `camera/${cell}`);
      expect(
        facts.map(({ envelope }) => envelope.data.n),
        cell,
      ).to.deep.equal(numbers);
    }
    return records;
  };

  it('goes on while the server is killed twice: all that was acknowledged arrives once and in order', async () => {
    const cells = busyCells();
    for (let kill = 0; kill < 2; kill++) {
      const heard = () => [...cells.counts.values()].reduce((sum, count) => sum + count, 0);
      const before = heard();
      await until('some records', () => heard() > before + 200);
      await server.kill();
      const atKill = heard();
      await until('the spool to take some', () => heard() > atKill + 500);
      expect(spool.state().spooled).to.be.greaterThan(100);
      await server.start();
      await until('the spool to be empty', () => spool.state().spooled === 0);
    }
    await cells.stop();
    const records = await everythingArrivedOnce(cells.counts);
    expect(records.filter(({ record }) => record.late).length).to.be.greaterThan(500);
    expect(cells.worstMs()).to.be.lessThan(SHORT_TIMEOUT_MS + 2_000);
  });

  it('goes on while the server has no room left, says so, and delivers everything once there is some', async () => {
    await server.close();
    // Twenty busy cells write a megabyte a second: what is made free must hold them until the spool is empty.
    server = await startNats('', server.port, 'max_file_store: 64MB');
    await until('NATS to be back', () => store.facts.range());
    const fill = (n: number) => store.facts.tell({ ...someFact('cam_z', n), data: { text: 'x'.repeat(50_000) } });
    const refusals: unknown[] = [];
    for (let n = 0; refusals.length === 0; n++) await fill(n).catch((error) => refusals.push(error));
    expect(refusals[0]).to.be.instanceOf(JournalFull);
    const cells = busyCells();
    await until('the spool to take some', () => spool.state().spooled > 200, 20_000);
    expect(spool.state().full).to.equal(true);
    const { last } = await store.facts.range();
    await store.keeper.forgetFacts(last + 1);
    // The way is open again a moment after the last of it was delivered.
    await until('the way to be open', () => spool.state().spooled === 0 && !spool.state().full, 20_000);
    await cells.stop();
    await everythingArrivedOnce(cells.counts);
  });

  it('puts a record aside that is too large for NATS, once and with the reason, while all others are stored', async () => {
    const cells = busyCells();
    const large = someRecord('cam_z', 1, { after: 'x'.repeat(2_000_000) });
    expect(await rejection(spool.journal.append(large, 0))).to.be.instanceOf(TooLarge);
    await spool.journal.append(someRecord('cam_z', 2), 0);
    await cells.stop();
    expect(parked.splice(0)).to.have.length(1);
    const [line] = readFileSync(path.join(folder, 'spool.parked'), 'utf8').trim().split('\n') as [string];
    expect(JSON.parse(line))
      .to.deep.include({ record: large })
      .and.have.property('reason')
      .that.includes('max_payload');
    const records = await everythingArrivedOnce(cells.counts);
    expect(records.filter(({ record }) => record.cell === 'cam_z').map(({ record }) => record.id)).to.deep.equal([
      'i1-2',
    ]);
  });

  it('goes on while the server hangs, after one timeout', async () => {
    const cells = busyCells();
    await until('some records', () => (cells.counts.get('cam_0') ?? 0) > 5);
    await freeze(server.process());
    await until('the spool to take some', () => spool.state().spooled > 500);
    server.process().child.kill('SIGCONT');
    await until('the spool to be empty', () => spool.state().spooled === 0);
    await cells.stop();
    await everythingArrivedOnce(cells.counts);
    expect(cells.worstMs()).to.be.within(SHORT_TIMEOUT_MS - 100, SHORT_TIMEOUT_MS + 2_000);
  });
});
