import type { Msg } from 'nats';
import { NOT_MINE } from '../../ports/bus.ts';
import type { Readers } from '../../ports/readers.ts';
import { EVERY_RESUME, inboxOf, readerOfSubject } from '../../subjects.ts';
import { answerRequests } from './answering.ts';
import type { NatsLink } from './connection.ts';

/** Of all gateways, one hears an ask. */
const GROUP = 'gateways';

/** Asks of readers over NATS: the server lets each ask on its own subject alone. */
export function natsReaders(link: NatsLink): Readers {
  return {
    answer: (reply) =>
      answerRequests(
        link,
        'answering readers of facts',
        EVERY_RESUME,
        async (message) => {
          const reader = readerOfSubject(message.subject);
          // Whoever asks says where the answer goes, and we may write everywhere: into a journal, to the server itself.
          if (!message.reply?.startsWith(`${inboxOf(reader)}.`)) return NOT_MINE;
          return reply(reader, bodyOf(message));
        },
        GROUP,
      ),
  };
}

/** Nobody needs more words to ask. */
const MAX_ASK_BYTES = 64 * 1024;

/** What it asks for; undefined when that is no JSON, or too much of it. */
function bodyOf(message: Msg): unknown {
  if (message.data.length === 0) return {};
  if (message.data.length > MAX_ASK_BYTES) return undefined;
  try {
    return message.json();
  } catch {
    return undefined;
  }
}
