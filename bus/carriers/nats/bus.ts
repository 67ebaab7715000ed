import type { Msg } from 'nats';
import { type Ask, type Bus, JournalAway, NOT_MINE } from '../../ports.ts';
import { askSubject, everyAsk, parseSubject } from '../../subjects.ts';
import { errorReply } from '../replies.ts';
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

    async answer(kind, reply) {
      if (!link.isUp()) throw new JournalAway(`answering asks to ${kind}: the connection to NATS is down`);
      const respond = async (message: Msg) => {
        const answer = await answerTo(message, reply).catch(errorReply);
        if (answer !== NOT_MINE && !link.connection.isClosed())
          message.respond(answer === undefined ? '' : JSON.stringify(answer));
      };
      const subscription = link.connection.subscribe(everyAsk(kind), {
        callback: (error, message) => {
          if (!error) void respond(message);
        },
      });
      // So that an ask sent right after this call finds somebody.
      await link.call(`answering asks to ${kind}`, () => link.connection.flush());
      return {
        close: () => subscription.unsubscribe(),
        ended: subscription.closed.then((reason) => (reason instanceof Error ? reason : undefined)),
      };
    },
  };
}

async function answerTo(message: Msg, reply: (request: Ask) => Promise<unknown>): Promise<unknown> {
  const parsed = parseSubject(message.subject);
  if (!parsed?.tail) throw new TypeError(`${message.subject} is not the subject of an ask`);
  const { token, body } = message.json<{ token?: unknown; body?: unknown }>();
  if (typeof token !== 'string') throw new TypeError('an ask carries the token of who asks');
  return reply({ to: parsed.address, verb: parsed.tail, token, body });
}
