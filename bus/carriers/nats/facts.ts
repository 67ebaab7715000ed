import { DeliverPolicy, type JsMsg } from '@nats-io/jetstream';
import { type Envelope, envelope as envelopeShape } from '../../envelope.ts';
import type { FactFilter, Facts, Told } from '../../ports/facts.ts';
import { EVERY_FACT, FACT_STREAM, factSubject, factsOf, factsOfKind, parseFactType } from '../../subjects.ts';
import type { NatsLink } from './connection.ts';
import { followStream } from './following.ts';
import { purgedBefore } from './keeper.ts';
import { type Publisher, refusalOf, StoreRefusal } from './publisher.ts';
import { readStream } from './reading.ts';

/** The subjects that a filter asks for; NATS refuses overlapping ones. */
function subjectsOf(filter: FactFilter): string[] {
  const kinds = new Set(filter.kinds);
  const cells = (filter.cells ?? []).filter((cell) => !kinds.has(cell.kind));
  const subjects = new Set([...[...kinds].map(factsOfKind), ...cells.map(factsOf)]);
  return subjects.size ? [...subjects] : [EVERY_FACT];
}

/** The fact in a message; undefined when it is none: who reads sees that a sequence is missing. */
function toldIn(message: JsMsg): Told | undefined {
  try {
    return { seq: message.seq, envelope: envelopeShape.parse(message.json()) };
  } catch {
    return undefined;
  }
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
          else reject(refusalOf(`fact ${envelope.id} is refused`, error));
        });
      }),

    async last(of) {
      const message = await link.call(`reading the last fact of ${of.kind} ${of.id}`, () =>
        link.manager.streams.getMessage(FACT_STREAM, { last_by_subj: factsOf(of) }),
      );
      return message ? { seq: message.seq, envelope: message.json<Envelope>() } : undefined;
    },

    range: state,

    async *read(from, filter = {}) {
      const start =
        'after' in from
          ? { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: from.after + 1 }
          : { deliver_policy: DeliverPolicy.StartTime, opt_start_time: new Date(from.since).toISOString() };
      const options = { ...start, filter_subjects: subjectsOf(filter) };
      for await (const message of readStream(link, FACT_STREAM, 'reading facts', options)) {
        const told = toldIn(message);
        if (told) yield told;
      }
    },

    async subscribe(filter, after, hear) {
      return followStream(link, FACT_STREAM, subjectsOf(filter), after ?? (await state()).last, (message) => {
        const told = toldIn(message);
        if (told) hear(told);
      });
    },
  };
}
