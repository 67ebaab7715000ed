import { DeliverPolicy, JetStreamApiError } from '@nats-io/jetstream';
import { type Envelope, envelope as envelopeShape } from '../../envelope.ts';
import { type FactFilter, type Facts, JournalAway, JournalRefused, type Subscription, type Told } from '../../ports.ts';
import { EVERY_FACT, FACT_STREAM, factSubject, factsOf, factsOfKind, parseFactType } from '../../subjects.ts';
import type { NatsLink } from './connection.ts';
import { purgedBefore } from './keeper.ts';
import { type Publisher, StoreRefusal } from './publisher.ts';
import { readStream } from './reading.ts';

const AGAIN_MS = 100;
const STREAM_NOT_FOUND = 10_059;

/** The subjects that a filter asks for; NATS refuses overlapping ones. */
function subjectsOf(filter: FactFilter): string[] {
  const kinds = new Set(filter.kinds);
  const cells = (filter.cells ?? []).filter((cell) => !kinds.has(cell.kind));
  const subjects = new Set([...[...kinds].map(factsOfKind), ...cells.map(factsOf)]);
  return subjects.size ? [...subjects] : [EVERY_FACT];
}

/** Facts in a JetStream stream, told as CloudEvents. */
export function natsFacts(link: NatsLink, publisher: Publisher): Facts {
  const state = async () => {
    const info = await link.call('reading the range of facts', () => link.manager.streams.info(FACT_STREAM));
    return { first: info.state.first_seq, last: info.state.last_seq, purgedBefore: purgedBefore(info) };
  };
  return {
    tell: (envelope) =>
      new Promise((resolve, reject) => {
        const { address, event } = parseFactType(envelope);
        const publication = {
          subject: factSubject(address, event),
          payload: JSON.stringify(envelope),
          messageId: `${envelope.subject}:${envelope.id}`,
        };
        publisher.publish(publication, (error, seq) => {
          if (!error) resolve({ seq });
          else if (!(error instanceof StoreRefusal)) reject(error);
          else reject(new JournalRefused(`fact ${envelope.id} is refused: ${error.message}`, error.code));
        });
      }),

    async last(of) {
      const message = await link.call(`reading the last fact of ${of.kind} ${of.id}`, () =>
        link.manager.streams.getMessage(FACT_STREAM, { last_by_subj: factsOf(of) }),
      );
      return message ? { seq: message.seq, envelope: message.json<Envelope>() } : undefined;
    },

    range: state,

    async *read(from) {
      const options =
        'after' in from
          ? { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: from.after + 1 }
          : { deliver_policy: DeliverPolicy.StartTime, opt_start_time: new Date(from.since).toISOString() };
      for await (const message of readStream(link, FACT_STREAM, 'reading facts', options)) {
        yield { seq: message.seq, envelope: envelopeShape.parse(message.json()) };
      }
    },

    async subscribe(filter, after, hear) {
      return follow(link, subjectsOf(filter), after ?? (await state()).last, hear);
    },
  };
}

/** Hears one connection's worth of facts; resolves when the connection was lost or the subscription closed. */
type Leg = { ended: Promise<void>; stop(): void };

/**
 * Follows the stream from a sequence on, over any number of lost connections. The client's own ordered consumer
 * mends itself too, but may wait half a minute to do so; a new one from the last sequence seen is there at once.
 */
function follow(link: NatsLink, subjects: string[], after: number, hear: (told: Told) => void): Subscription {
  let seen = after;
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

  const startLeg = async (): Promise<Leg> => {
    const { state } = await link.call('following facts', () => link.manager.streams.info(FACT_STREAM));
    if (state.last_seq < seen) {
      throw new RangeError(`the facts end at ${state.last_seq}, before ${seen}: their store was replaced; start anew`);
    }
    const options = { filter_subjects: subjects, deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: seen + 1 };
    const consumer = await link.call('following facts', () => link.jetstream.consumers.get(FACT_STREAM, options));
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
          hear({ seq: message.seq, envelope: envelopeShape.parse(message.json()) });
          seen = message.seq;
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
