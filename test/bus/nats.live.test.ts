import { connectNats } from '../../bus/carriers/nats/connection.ts';
import { natsStore } from '../../bus/carriers/nats.ts';
import { busContract } from '../contracts/bus.ts';
import { factsContract } from '../contracts/facts.ts';
import { journalContract } from '../contracts/journal.ts';
import { leasesContract } from '../contracts/leases.ts';
import { startNats, type TestNats } from '../fixtures/nats.ts';

describe('on a real nats-server', () => {
  let server: TestNats;
  before(async () => {
    server = await startNats();
  });
  after(() => server.close());

  /** A store that is as empty as a new one; its clock moves with `pass` alone. */
  const emptyStore = async () => {
    const link = await connectNats({ servers: [server.url], name: 'test' });
    for await (const stream of link.manager.streams.list()) await link.manager.streams.delete(stream.config.name);
    await link.close();
    let now = 1_700_000_000_000;
    const pass = (ms: number) => {
      now += ms;
    };
    return { ...(await natsStore({ servers: [server.url], name: 'test' }, () => now)), pass };
  };

  describe('journal', () => journalContract(emptyStore));
  describe('facts', () => factsContract(emptyStore));
  describe('bus', () => busContract(emptyStore));
  describe('leases', () => leasesContract(emptyStore));
});
