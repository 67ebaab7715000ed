import type { Msg } from 'nats';
import { NOT_MINE } from '../../ports/bus.ts';
import { JournalAway } from '../../ports/faults.ts';
import type { Subscription } from '../../ports/subscription.ts';
import { errorReply } from '../replies.ts';
import type { NatsLink } from './connection.ts';

/**
 * Answers requests, in JSON; a thrown error is told to who asks.
 * @param answer NOT_MINE: nothing is said
 * @param group of all answerers of a group, one hears a request
 * @returns once a request that is sent from now on is heard
 * @throws JournalAway when the store is away at the beginning
 */
export async function answerRequests(
  link: NatsLink,
  what: string,
  subject: string,
  answer: (message: Msg) => Promise<unknown>,
  group?: string,
): Promise<Subscription> {
  if (!link.isUp()) throw new JournalAway(`${what}: the connection to NATS is down`);
  const respond = async (message: Msg) => {
    const said = await answer(message).catch(errorReply);
    if (said === NOT_MINE || link.connection.isClosed()) return;
    const bytes = Buffer.from(said === undefined ? '' : JSON.stringify(said));
    const { max_payload = Number.POSITIVE_INFINITY } = link.connection.info ?? {};
    const reason = 'too-large';
    const refusal = { error: `the answer is larger than NATS takes (max_payload: ${max_payload} bytes)`, reason };
    message.respond(bytes.length > max_payload ? JSON.stringify(refusal) : bytes);
  };
  const subscription = link.connection.subscribe(subject, {
    ...(group === undefined ? {} : { queue: group }),
    callback: (error, message) => {
      if (!error) void respond(message);
    },
  });
  await link.call(what, () => link.connection.flush());
  return {
    close: () => subscription.unsubscribe(),
    ended: subscription.closed.then((reason) => (reason instanceof Error ? reason : undefined)),
  };
}
