import { expect } from 'chai';
import type { NatsConnection } from 'nats';
import type { NatsLink } from '../../bus/carriers/nats/connection.ts';
import { type StoreRefusal, startPublisher } from '../../bus/carriers/nats/publisher.ts';

/** A message as it left for the server. */
interface Sent {
  subject: string;
  reply: string;
}

/** A publisher whose server is this test. */
function withServer() {
  const sent: Sent[] = [];
  let hear: (error: null, message: object) => void = () => {};
  const connection = {
    publish: (subject: string, _payload: unknown, { reply }: { reply: string }) => void sent.push({ subject, reply }),
    subscribe: (_subject: string, options: { callback: typeof hear }) => {
      hear = options.callback;
    },
  };
  const link = { connection: connection as unknown as NatsConnection, timeoutMs: 1_000, isUp: () => true, onLoss() {} };
  const publisher = startPublisher(link as unknown as NatsLink);
  const settled: Record<string, Error | number> = {};
  return {
    sent,
    settled,
    publish(subject: string) {
      publisher.publish({ subject, payload: '{}', messageId: subject, expected: 0 }, (error, seq) => {
        settled[subject] = error ?? seq;
      });
      return sent.at(-1) as Sent;
    },
    answer({ reply }: Sent, answer: object) {
      const data = Buffer.from(JSON.stringify({ stream: 'S', ...answer }));
      hear(null, { subject: reply, data, string: () => data.toString() });
    },
    outstanding: () => publisher.outstanding(),
  };
}

const wrongSequence = { error: { code: 400, err_code: 10_071, description: 'wrong last sequence: 1' }, seq: 0 };

describe('a publisher that is answered on the same subjects again and again', () => {
  it('asks for an answer where one has come, and never where one is outstanding', () => {
    const server = withServer();
    const first = server.publish('a');
    const second = server.publish('b');
    expect(second.reply).not.to.equal(first.reply);
    server.answer(first, { seq: 1 });
    expect(server.publish('c').reply).to.equal(first.reply);
    expect(server.settled).to.deep.equal({ a: 1 });
  });

  it('doesn’t take an answer that is given twice for that to the next message', () => {
    const server = withServer();
    const first = server.publish('a');
    server.answer(first, { seq: 1 });
    const next = server.publish('b');
    server.answer(first, { seq: 1 });
    expect(server.settled).to.deep.equal({ a: 1 });
    server.answer(next, { seq: 2 });
    expect(server.settled).to.deep.equal({ a: 1, b: 2 });
  });

  it('asks once more, where nobody was answered before, whether a refusal is for this message', () => {
    const server = withServer();
    const first = server.publish('a');
    server.answer(first, { seq: 1 });
    for (const [name, doubtful] of Object.entries({ refused: wrongSequence, repeated: { seq: 1, duplicate: true } })) {
      server.answer(server.publish('again'), { seq: server.sent.length });
      const reused = server.publish(name);
      server.answer(reused, doubtful);
      expect(server.settled[name]).to.equal(undefined);
      const anew = server.sent.at(-1) as Sent;
      expect(anew.subject).to.equal(name);
      expect(server.sent.map(({ reply }) => reply).filter((reply) => reply === anew.reply)).to.have.length(1);
      server.answer(reused, { seq: 90 }); // late, and nobody’s
      expect(server.settled[name]).to.equal(undefined);
      server.answer(anew, doubtful);
    }
    expect((server.settled.refused as StoreRefusal).code).to.equal(10_071);
    expect(server.settled.repeated).to.equal(1);
    expect(server.outstanding()).to.equal(0);
  });

  it('is answered elsewhere after a refusal, and has no more under way than the server takes', () => {
    const server = withServer();
    const first = server.publish('a');
    server.answer(first, wrongSequence);
    expect((server.settled.a as StoreRefusal).code).to.equal(10_071);
    expect(server.publish('b').reply).not.to.equal(first.reply);
    for (let n = 0; n < 5_000; n++) server.publish(`many-${n}`);
    expect(server.sent.length).to.equal(4_097);
    expect(server.outstanding()).to.equal(5_001);
    server.answer(server.sent[1] as Sent, { seq: 5 });
    expect(server.sent.length).to.equal(4_098);
  });
});
