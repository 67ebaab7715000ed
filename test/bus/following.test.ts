import type { ConsumerCallbackFn, JsMsg } from '@nats-io/jetstream';
import { expect } from 'chai';
import type { NatsLink } from '../../bus/carriers/nats/connection.ts';
import { followStream } from '../../bus/carriers/nats/following.ts';
import { until } from '../fixtures/process.ts';

/** A server with one stream, as its client sees it: when each of its messages was stored, by sequence. */
function fakeServer(stored: number[]) {
  let lose = () => {};
  let deliver: ConsumerCallbackFn = () => {};
  let legs = 0;
  const consumer = {
    async consume({ callback }: { callback: ConsumerCallbackFn }) {
      deliver = callback;
      legs += 1;
      return { closed: () => new Promise(() => {}), close: async () => {} };
    },
    delete: async () => true,
  };
  const streams = {
    info: async () => ({ state: { last_seq: stored.length } }),
    getMessage: async (_stream: string, { seq }: { seq: number }) => {
      const at = stored[seq - 1];
      return at === undefined || at < 0 ? null : { time: new Date(at) };
    },
  };
  const link = {
    call: <T>(_what: string, request: () => Promise<T>) => request(),
    manager: { streams },
    jetstream: { consumers: { get: async () => consumer } },
    connection: { isClosed: () => false },
    isUp: () => true,
    onLoss(listener: () => void) {
      lose = listener;
      return () => {};
    },
  } as unknown as NatsLink;
  return {
    link,
    legs: () => legs,
    lose: () => lose(),
    deliver: (seq: number) =>
      deliver({ seq, info: { timestampNanos: (stored[seq - 1] as number) * 1e6 } } as unknown as JsMsg),
  };
}

describe('following a stream', () => {
  const followed = async (stored: number[]) => {
    const server = fakeServer(stored);
    const heard: number[] = [];
    const subscription = followStream(server.link, 'FACTS', ['>'], 0, ({ seq }) => heard.push(seq));
    await until('it to follow', () => server.legs() === 1);
    for (const seq of [1, 2, 3]) server.deliver(seq);
    return { server, heard, subscription };
  };

  it('ends, saying so, when the store went back and has come past what was heard: its sequences mean something else', async () => {
    const stored = [1_000, 2_000, 3_000];
    const { server, subscription } = await followed(stored);
    stored.splice(1, 2, 9_001, 9_002, 9_003, 9_004);
    server.lose();
    expect(await subscription.ended).to.be.instanceOf(RangeError);
  });

  it('goes on behind a lost connection where the store is as it was, or has forgotten what was heard', async () => {
    const stored = [1_000, 2_000, 3_000];
    const { server, heard, subscription } = await followed(stored);
    server.lose();
    await until('it to follow again', () => server.legs() === 2);
    stored.push(4_000);
    server.deliver(4);
    stored[3] = -1;
    server.lose();
    await until('it to follow once more', () => server.legs() === 3);
    expect(heard).to.deep.equal([1, 2, 3, 4]);
    subscription.close();
    expect(await subscription.ended).to.equal(undefined);
  });
});
