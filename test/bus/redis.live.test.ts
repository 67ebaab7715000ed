import { expect } from 'chai';
import { Redis } from 'ioredis';
import { type RedisSessions, redisSessions } from '../../bus/carriers/redis.ts';
import { id } from '../../bus/identity.ts';
import { sessionsContract, someCard } from '../contracts/sessions.ts';
import { freeze, until } from '../fixtures/process.ts';
import { startRedis, type TestRedis } from '../fixtures/redis.ts';

const BOUND_MS = 300;

describe('sessions in a real Redis', () => {
  let server: TestRedis;
  let sessions: RedisSessions;
  const connected = async (): Promise<RedisSessions> => {
    const made = redisSessions({ host: '127.0.0.1', port: server.port });
    await until('Redis to answer', () => made.ready());
    return made;
  };
  /** Fails when a timer of the bound, set at the same moment, rings first: so a busy machine is no excuse nor a fault. */
  const inTime = async <T>(work: () => Promise<T>): Promise<T> => {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`it took longer than ${BOUND_MS} ms`)), BOUND_MS);
    });
    try {
      return await Promise.race([work(), late]);
    } finally {
      clearTimeout(timer);
    }
  };
  const everythingReturnsInTime = async () => {
    await inTime(() => sessions.put(someCard('v_2')));
    expect(await inTime(() => sessions.get(id('v_1')))).to.equal(undefined);
    await inTime(() => sessions.drop(id('v_1')));
    expect(sessions.ready()).to.equal(false);
    // Hundreds at once wait no longer than one.
    await inTime(() => Promise.all(Array.from({ length: 500 }, (_, n) => sessions.get(id(`v_${n}`)))));
  };

  before(async () => {
    server = await startRedis();
  });
  after(() => server.kill());

  describe('while it is there', () => {
    sessionsContract(async () => {
      const made = await connected();
      return { sessions: made, close: async () => made.close() };
    });

    it('forgets a session some time after its end, by itself', async () => {
      sessions = await connected();
      await sessions.put(someCard('v_ttl'));
      const redis = new Redis({ host: '127.0.0.1', port: server.port });
      const ttlMs = await redis.pttl('sbx:session:v_ttl');
      redis.disconnect();
      sessions.close();
      expect(ttlMs).to.be.within(60_000, 121_000);
    });

    it('finds nothing where something else stands under the key', async () => {
      sessions = await connected();
      const redis = new Redis({ host: '127.0.0.1', port: server.port });
      await redis.set('sbx:session:v_bad', '{"id":"v_other"}');
      await redis.set('sbx:session:v_worse', 'not json');
      await redis.lpush('sbx:session:v_list', 'a');
      expect(await sessions.get(id('v_bad'))).to.equal(undefined);
      expect(await sessions.get(id('v_worse'))).to.equal(undefined);
      expect(await sessions.get(id('v_list'))).to.equal(undefined);
      await until('Redis to count as answering', () => sessions.ready());
      redis.disconnect();
      sessions.close();
    });
  });

  describe('while it is away', () => {
    beforeEach(async () => {
      sessions = await connected();
      await sessions.put(someCard('v_1'));
    });
    afterEach(() => sessions.close());

    it('hangs nobody when Redis is killed, and is used again once it is back', async () => {
      await server.kill();
      await everythingReturnsInTime();
      await server.start();
      await until('Redis to be used again', () => sessions.ready(), 3_000);
      await sessions.put(someCard('v_3'));
      expect((await sessions.get(id('v_3')))?.id).to.equal('v_3');
    });

    it('hangs nobody when Redis hangs, and is used again once it goes on', async () => {
      await freeze(server.process());
      try {
        await everythingReturnsInTime();
      } finally {
        server.process().child.kill('SIGCONT');
      }
      await until('Redis to be used again', () => sessions.ready(), 3_000);
      expect((await sessions.get(id('v_1')))?.id).to.equal('v_1');
    });
  });

  it('starts without Redis, and uses it once it is there', async () => {
    await server.kill();
    sessions = redisSessions({ host: '127.0.0.1', port: server.port });
    expect(await inTime(() => sessions.get(id('v_1')))).to.equal(undefined);
    await server.start();
    await until('Redis to be used', () => sessions.ready(), 3_000);
    sessions.close();
  });
});
