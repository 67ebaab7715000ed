import { expect } from 'chai';
import { connect } from 'nats';
import { connectNats } from '../../bus/carriers/nats/connection.ts';
import { natsStore } from '../../bus/carriers/nats.ts';
import { EVERY_TOLD, inboxOf, journalSubject, resumeSubject } from '../../bus/subjects.ts';
import { bucketContract } from '../contracts/bucket.ts';
import { busContract } from '../contracts/bus.ts';
import { factsContract } from '../contracts/facts.ts';
import { journalContract } from '../contracts/journal.ts';
import { keeperContract } from '../contracts/keeper.ts';
import { leasesContract } from '../contracts/leases.ts';
import { ledgerContract } from '../contracts/ledger.ts';
import { outboxContract } from '../contracts/outbox.ts';
import { readersContract } from '../contracts/readers.ts';
import { startNats, type TestNats } from '../fixtures/nats.ts';
import { until } from '../fixtures/process.ts';
import { camera, someFact } from '../fixtures/records.ts';

describe('on a real nats-server', () => {
  let server: TestNats;
  before(async () => {
    server = await startNats();
  });
  after(() => server.close());

  /** Deletes what is there; a server may show a stream's old messages again when it is made anew too soon. */
  const empty = async (): Promise<void> => {
    for (;;) {
      const link = await connectNats({ servers: [server.url], name: 'test' });
      const full: string[] = [];
      for await (const { config, state } of link.manager.streams.list()) if (state.last_seq > 0) full.push(config.name);
      for (const name of full) await link.manager.streams.delete(name);
      await link.close();
      if (full.length === 0) return;
    }
  };

  /** A store that is as empty as a new one. */
  const emptyStore = async () => {
    await empty();
    return natsStore({ servers: [server.url], name: 'test' });
  };

  describe('journal', () => journalContract(emptyStore));
  describe('facts', () => factsContract(emptyStore));
  describe('bus', () => busContract(emptyStore));
  describe('readers', () =>
    readersContract(async () => {
      const store = await emptyStore();
      const link = await connectNats({ servers: [server.url], name: 'readers' });
      return {
        readers: store.readers,
        /** From its own inbox, as NATS has it where there are users. */
        ask: (reader, body) =>
          link.call(`${reader} asks`, async () => {
            const connection = await connect({ servers: server.url, inboxPrefix: inboxOf(reader) });
            const answer = connection.request(resumeSubject(reader), JSON.stringify(body), { timeout: 1_000 });
            return answer.then((message) => message.json()).finally(() => connection.close());
          }),
        async close() {
          await link.close();
          await store.close();
        },
      };
    }));
  describe('keeper', () => keeperContract(emptyStore));
  describe('ledger', () => ledgerContract(emptyStore));
  describe('outbox', () => outboxContract(emptyStore));
  describe('bucket', () => bucketContract(emptyStore));
  describe('leases', () =>
    leasesContract(async () => {
      await empty();
      let now = 0;
      const one = await natsStore({ servers: [server.url], name: 'test' }, () => now);
      const other = await natsStore({ servers: [server.url], name: 'ahead' }, () => now + 3_600_000);
      return {
        ...{ leases: one.leases, ahead: other.leases },
        pass(ms) {
          now += ms;
        },
        close: async () => void (await Promise.all([one.close(), other.close()])),
      };
    }));

  it('tells facts once more as they are stored: in order, each once, with its sequence', async () => {
    const store = await emptyStore();
    const listener = await connect({ servers: server.url });
    const heard: string[] = [];
    listener.subscribe(EVERY_TOLD, {
      callback(_error, message) {
        heard.push(`${message.headers?.get('Nats-Sequence')} ${message.json<{ id: string }>().id}`);
      },
    });
    await listener.flush();
    await store.facts.tell(someFact('cam_a', 1));
    await store.facts.tell(someFact('cam_b', 2));
    await store.facts.tell(someFact('cam_a', 1));
    const { seq } = await store.facts.tell(someFact('cam_a', 3));
    await until('the last one', () => heard.some((one) => one.endsWith('cam_a-f3')));
    expect(heard).to.deep.equal([`${seq - 2} cam_a-f1`, `${seq - 1} cam_b-f2`, `${seq} cam_a-f3`]);
    await listener.close();
    await store.close();
  });

  it('answers a reader in its own inbox and nowhere else: whoever asks says where the answer goes', async () => {
    const store = await emptyStore();
    const asked: unknown[] = [];
    await store.readers.answer(async (reader, body) => {
      asked.push(body);
      return reader;
    });
    const reader = await connect({ servers: server.url });
    const said: string[] = [];
    reader.subscribe('>', { callback: (_error, message) => void said.push(message.subject) });
    await reader.flush();
    const elsewhere = [
      journalSubject(camera('cam_a')),
      '$JS.API.STREAM.PURGE.SIGNALBOX_JOURNAL',
      `${inboxOf('gate')}.1`,
      `${inboxOf('hall')}`,
      `${inboxOf('hall')}s.1`,
      '_INBOX.1',
    ];
    for (const reply of elsewhere) reader.publish(resumeSubject('hall'), '{}', { reply });
    reader.publish(resumeSubject('hall'), '{}');
    reader.publish(resumeSubject('hall'), '{"after":1}', { reply: `${inboxOf('hall')}.1` });
    await until('the answer', () => said.includes(`${inboxOf('hall')}.1`));
    expect(asked).to.deep.equal([{ after: 1 }]);
    expect(said.filter((subject) => elsewhere.includes(subject))).to.deep.equal([]);
    await reader.close();
    await store.close();
  });
});
