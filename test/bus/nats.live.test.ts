import { connectNats } from '../../bus/carriers/nats/connection.ts';
import { natsStore } from '../../bus/carriers/nats.ts';
import { bucketContract } from '../contracts/bucket.ts';
import { busContract } from '../contracts/bus.ts';
import { factsContract } from '../contracts/facts.ts';
import { journalContract } from '../contracts/journal.ts';
import { keeperContract } from '../contracts/keeper.ts';
import { leasesContract } from '../contracts/leases.ts';
import { ledgerContract } from '../contracts/ledger.ts';
import { outboxContract } from '../contracts/outbox.ts';
import { startNats, type TestNats } from '../fixtures/nats.ts';

describe('on a real nats-server', () => {
  let server: TestNats;
  before(async () => {
    server = await startNats();
  });
  after(() => server.close());

  let day = 0;

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

  /** A store that is as empty as a new one; its clock moves with `pass` alone. */
  const emptyStore = async () => {
    await empty();
    let now = 1_700_000_000_000 + day++ * 24 * 3_600_000;
    const pass = (ms: number) => {
      now += ms;
    };
    return { ...(await natsStore({ servers: [server.url], name: 'test' }, () => now)), pass };
  };

  describe('journal', () => journalContract(emptyStore));
  describe('facts', () => factsContract(emptyStore));
  describe('bus', () => busContract(emptyStore));
  describe('keeper', () => keeperContract(emptyStore));
  describe('ledger', () => ledgerContract(emptyStore));
  describe('outbox', () => outboxContract(emptyStore));
  describe('bucket', () => bucketContract(emptyStore));
  describe('leases', () => leasesContract(emptyStore));
});
