import { type Envelope, envelope as envelopeShape } from '../../envelope.ts';
import { type FactFilter, type Facts, JournalRefused } from '../../ports.ts';
import { EVERY_FACT, FACT_STREAM, factSubject, factsOf, factsOfKind, parseFactType } from '../../subjects.ts';
import type { NatsLink } from './connection.ts';
import { followStream } from './following.ts';
import { type Publisher, StoreRefusal } from './publisher.ts';

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
    return { first: info.state.first_seq, last: info.state.last_seq };
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

    async subscribe(filter, after, hear) {
      return followStream(link, FACT_STREAM, subjectsOf(filter), after ?? (await state()).last, (message) => {
        hear({ seq: message.seq, envelope: envelopeShape.parse(message.json()) });
      });
    },
  };
}
