import { DeliverPolicy, JetStreamApiError, type JsMsg } from '@nats-io/jetstream';
import { JournalAway } from '../../ports/faults.ts';
import type { Subscription } from '../../ports/subscription.ts';
import type { NatsLink } from './connection.ts';

const AGAIN_MS = 100;
const NANOS_PER_MS = 1_000_000;
const STREAM_NOT_FOUND = 10_059;

/** Hears one connection's worth of a stream; resolves when the connection was lost or the subscription closed. */
type Leg = { ended: Promise<void>; stop(): void };

/**
 * Follows a stream from a sequence on, over any number of lost connections. The client's own ordered consumer
 * mends itself too, but may wait half a minute to do so; a new one from the last sequence seen is there at once.
 */
export function followStream(
  link: NatsLink,
  stream: string,
  subjects: string[],
  after: number,
  hear: (message: JsMsg) => void,
): Subscription {
  const what = `following ${stream}`;
  let seen = after;
  /** When the store took the last message that was heard (epoch ms); undefined before the first. */
  let storedAt: number | undefined;
  let leg: Leg | undefined;
  let finish: (error?: Error) => void = () => {};
  let closed = false;
  const ended = new Promise<Error | undefined>((resolve) => {
    finish = (error) => {
      closed = true;
      leg?.stop();
      resolve(error);
    };
  });

  /** A store that went back gives its sequences again: it may be past the last one heard by now. */
  const mustStandAsHeard = async (): Promise<void> => {
    if (storedAt === undefined) return;
    const message = await link.call(what, () => link.manager.streams.getMessage(stream, { seq: seen }));
    // One that was forgotten on purpose proves nothing; the client rounds times in two ways.
    if (!message || Math.abs(message.time.getTime() - storedAt) <= 1) return;
    throw new RangeError(`${stream} has another message at ${seen} than was heard: its store went back; start anew`);
  };

  const startLeg = async (): Promise<Leg> => {
    const { state } = await link.call(what, () => link.manager.streams.info(stream));
    if (state.last_seq < seen) {
      throw new RangeError(`${stream} ends at ${state.last_seq}, before ${seen}: its store was replaced; start anew`);
    }
    await mustStandAsHeard();
    const options = { filter_subjects: subjects, deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: seen + 1 };
    const consumer = await link.call(what, () => link.jetstream.consumers.get(stream, options));
    let stopLeg = () => {};
    const legEnded = new Promise<void>((resolve) => {
      stopLeg = resolve;
    });
    const messages = await consumer.consume({
      max_messages: 500,
      expires: 5_000,
      callback(message) {
        if (closed || message.seq <= seen) return;
        try {
          hear(message);
          seen = message.seq;
          storedAt = message.info.timestampNanos / NANOS_PER_MS;
        } catch (error) {
          finish(error as Error);
        }
      },
    });
    const stopWatching = link.onLoss(stopLeg);
    void messages.closed().then(stopLeg);
    void legEnded.then(() => {
      stopWatching();
      void messages.close();
      if (link.isUp()) consumer.delete().catch(() => {});
    });
    return { ended: legEnded, stop: stopLeg };
  };

  const run = async () => {
    while (!closed) {
      try {
        leg = await startLeg();
        if (closed) leg.stop();
        await leg.ended;
      } catch (error) {
        // A server that came back empty gets its streams again in a moment.
        const again =
          error instanceof JournalAway || (error instanceof JetStreamApiError && error.code === STREAM_NOT_FOUND);
        if (!again) finish(error as Error);
      }
      if (link.connection.isClosed()) finish(new JournalAway('the connection to NATS was closed'));
      if (!closed) await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
  };
  void run();
  return { close: () => finish(), ended };
}
