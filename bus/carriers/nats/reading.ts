import type { JsMsg, OrderedConsumerOptions } from '@nats-io/jetstream';
import { JournalAway } from '../../ports/faults.ts';
import type { NatsLink } from './connection.ts';

/** Messages that a consumer may hold ready for us. */
const READ_AHEAD = 2_000;

/**
 * Reads what a stream holds at this moment, in order.
 * @param what names the reading in errors
 * @throws JournalAway when the connection is lost on the way
 */
export async function* readStream(
  link: NatsLink,
  stream: string,
  what: string,
  options: Partial<OrderedConsumerOptions>,
): AsyncGenerator<JsMsg> {
  const { state } = await link.call(what, () => link.manager.streams.info(stream));
  if (state.last_seq < (options.opt_start_seq ?? 0) || state.messages === 0) return;
  const consumer = await link.call(what, () => link.jetstream.consumers.get(stream, options));
  // What there is for the consumer as it begins: of a stream's end that was asked for before, or after, it knows nothing.
  let { num_pending: left } = await consumer.info(true);
  const messages = left > 0 ? await consumer.consume({ max_messages: READ_AHEAD }) : undefined;
  const stop = link.onLoss(() => void messages?.close());
  try {
    if (!messages) return;
    for await (const message of messages) {
      yield message;
      left--;
      if (left === 0 || message.info.pending === 0) return;
    }
    throw new JournalAway(`${what}: the connection to NATS was lost`);
  } finally {
    stop();
    void messages?.close();
    // Left alone it would stay at the server for five minutes.
    if (link.isUp()) consumer.delete().catch(() => {});
  }
}
