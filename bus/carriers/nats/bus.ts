import type { Msg } from 'nats';
import type { Ask, Bus } from '../../ports/bus.ts';
import { askSubject, everyAsk, parseSubject } from '../../subjects.ts';
import { answerRequests } from './answering.ts';
import type { NatsLink } from './connection.ts';

/** Asks over NATS request and reply. */
export function natsBus(link: NatsLink): Bus {
  return {
    async ask({ to, verb, token, body }, timeoutMs) {
      const subject = askSubject(to, verb);
      const request = JSON.stringify({ token, body });
      const reply = await link.call(`asking ${subject}`, () =>
        link.connection.request(subject, request, { timeout: timeoutMs }),
      );
      return reply.data.length ? reply.json() : undefined;
    },

    answer: (kind, reply) =>
      answerRequests(link, `answering asks to ${kind}`, everyAsk(kind), (message) => answerTo(message, reply)),
  };
}

async function answerTo(message: Msg, reply: (request: Ask) => Promise<unknown>): Promise<unknown> {
  const parsed = parseSubject(message.subject);
  if (!parsed?.tail) throw new TypeError(`${message.subject} is not the subject of an ask`);
  const { token, body } = message.json<{ token?: unknown; body?: unknown }>();
  if (typeof token !== 'string') throw new TypeError('an ask carries the token of who asks');
  return reply({ to: parsed.address, verb: parsed.tail, token, body });
}
