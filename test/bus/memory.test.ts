import { expect } from 'chai';
import { memoryStore } from '../../bus/carriers/memory.ts';
import { id } from '../../bus/identity.ts';
import type { Told } from '../../bus/ports/facts.ts';
import { JournalAway } from '../../bus/ports/faults.ts';
import { bucketContract } from '../contracts/bucket.ts';
import { busContract } from '../contracts/bus.ts';
import { factsContract } from '../contracts/facts.ts';
import { journalContract } from '../contracts/journal.ts';
import { keeperContract } from '../contracts/keeper.ts';
import { leasesContract } from '../contracts/leases.ts';
import { ledgerContract } from '../contracts/ledger.ts';
import { outboxContract } from '../contracts/outbox.ts';
import { readersContract } from '../contracts/readers.ts';
import { sessionsContract, someCard } from '../contracts/sessions.ts';
import { until } from '../fixtures/process.ts';
import { all, rejection, someFact, someRecord } from '../fixtures/records.ts';

const close = async () => {};

describe('journal in memory', () => {
  journalContract(async () => ({ journal: memoryStore().journal, close }));
});

describe('what a memory store keeps', () => {
  it('is what JSON makes of it, and whoever changes it afterwards fails', async () => {
    const { journal, records } = memoryStore();
    const context = { lostAt: undefined, ratio: Number.NaN, at: new Date(0), list: [undefined, { n: 1 }] };
    const record = someRecord('a', 1, { after: context });
    await journal.append(record, 0);
    const [kept] = records();
    expect(kept?.record).to.deep.equal(JSON.parse(JSON.stringify(record)));
    const [, one] = (kept?.record.after as typeof context | undefined)?.list ?? [];
    expect(() => Object.assign(one ?? {}, { n: 2 })).to.throw(TypeError);
  });
});

describe('facts in memory', () => {
  factsContract(async () => ({ facts: memoryStore().facts, close }));
});

describe('bus in memory', () => {
  busContract(async () => ({ bus: memoryStore().bus, close }));
});

describe('readers in memory', () => {
  readersContract(async () => {
    const { readers } = memoryStore();
    return { readers, ask: readers.ask, close };
  });
});

describe('keeper in memory', () => {
  keeperContract(async () => ({ ...memoryStore(), close }));
});

describe('ledger in memory', () => {
  ledgerContract(async () => ({ ledger: memoryStore().ledger, close }));
});

describe('outbox in memory', () => {
  outboxContract(async () => ({ ...memoryStore(), close }));
});

describe('bucket in memory', () => {
  bucketContract(async () => ({ bucket: memoryStore().bucket, close }));
});

describe('leases in memory', () => {
  leasesContract(async () => {
    let now = 1_700_000_000_000;
    const pass = (ms: number) => {
      now += ms;
    };
    const store = memoryStore(() => now);
    return { leases: store.leases, ahead: store.leasesBy(() => now + 3_600_000), pass, close };
  });
});

describe('sessions in memory', () => {
  sessionsContract(async () => ({ sessions: memoryStore().sessions, close }));
});

describe('a memory store that is away', () => {
  it('takes nothing and says so, and has all it had when it is back', async () => {
    const store = memoryStore();
    const { seq } = await store.journal.append(someRecord('cam_a', 1), 0);
    await store.sessions.put(someCard('v_1'));
    store.set('away');
    expect(await rejection(store.journal.append(someRecord('cam_a', 2), seq))).to.be.instanceOf(JournalAway);
    expect(await rejection(all(store.journal.lasts()))).to.be.instanceOf(JournalAway);
    expect(await rejection(store.facts.tell(someFact('cam_a', 1)))).to.be.instanceOf(JournalAway);
    expect(await rejection(store.leases.take('x', 'left', 1))).to.be.instanceOf(JournalAway);
    expect(await store.sessions.get(id('v_1'))).to.equal(undefined);
    expect(store.sessions.ready()).to.equal(false);
    store.set('here');
    expect(await all(store.journal.read())).to.have.length(1);
    expect(store.told()).to.deep.equal([]);
    expect((await store.sessions.get(id('v_1')))?.subject).to.equal('alice');
  });

  it('stores, but never says so, when it is deaf; a retry finds it there', async () => {
    const store = memoryStore();
    store.set('deaf');
    expect(await rejection(store.journal.append(someRecord('cam_a', 1), 0))).to.be.instanceOf(JournalAway);
    store.set('here');
    expect(await store.journal.append(someRecord('cam_a', 1), 0)).to.deep.equal({ seq: 1 });
    expect(store.records()).to.have.length(1);
  });

  it('brings subscribers up to date once it is back', async () => {
    const store = memoryStore();
    const told: Told[] = [];
    await store.facts.subscribe({}, 0, (one) => told.push(one));
    store.set('deaf');
    await rejection(store.facts.tell(someFact('cam_a', 1)));
    store.set('here');
    await until('the fact', () => told.length === 1);
  });
});
