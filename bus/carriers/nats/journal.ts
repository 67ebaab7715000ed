import { DeliverPolicy, type JsMsg } from '@nats-io/jetstream';
import { FenceRefused, type Journal, type JournalEntry, type JournalRecord, JournalRefused } from '../../ports.ts';
import { EVERY_JOURNAL, JOURNAL_STREAM, journalSubject, journalsOfKind } from '../../subjects.ts';
import type { NatsLink } from './connection.ts';
import { followStream } from './following.ts';
import { type Publisher, StoreRefusal } from './publisher.ts';
import { readStream } from './reading.ts';

const WRONG_LAST_SEQUENCE = 10_071;

const entryOf = (message: JsMsg): JournalEntry => ({ seq: message.seq, record: message.json<JournalRecord>() });

/** The journal in a JetStream stream: one subject a cell, fenced by its last sequence. */
export function natsJournal(link: NatsLink, publisher: Publisher): Journal {
  /** After an outage a retry may meet its own record beyond the window in which JetStream knows duplicates. */
  const ownLast = async (subject: string, record: JournalRecord): Promise<number | undefined> => {
    const last = await link.call(`reading the last record of ${subject}`, () =>
      link.manager.streams.getMessage(JOURNAL_STREAM, { last_by_subj: subject }),
    );
    return last && last.json<JournalRecord>().id === record.id ? last.seq : undefined;
  };

  const refused = async (error: unknown, subject: string, record: JournalRecord, expected: number) => {
    if (!(error instanceof StoreRefusal)) throw error;
    if (error.code !== WRONG_LAST_SEQUENCE) {
      throw new JournalRefused(`the journal refuses record ${record.id} of ${subject}: ${error.message}`, error.code);
    }
    const seq = await ownLast(subject, record);
    if (seq !== undefined) return { seq };
    throw new FenceRefused(
      `another writer has appended to ${subject}: record ${record.id} expected sequence ${expected} (${error.message})`,
    );
  };

  return {
    append: (record, expected) =>
      new Promise((resolve) => {
        const subject = journalSubject({ kind: record.kind, id: record.cell });
        const publication = {
          subject,
          payload: JSON.stringify(record),
          messageId: `${subject}:${record.id}`,
          expected,
        };
        publisher.publish(publication, (error, seq) => {
          resolve(error ? refused(error, subject, record, expected) : { seq });
        });
      }),

    async *lasts(kind) {
      const options = {
        deliver_policy: DeliverPolicy.LastPerSubject,
        filter_subjects: kind ? journalsOfKind(kind) : EVERY_JOURNAL,
      };
      const what = `reading the last records of ${kind ?? 'every'} cell`;
      for await (const message of readStream(link, JOURNAL_STREAM, what, options)) yield entryOf(message);
    },

    async *read(of, from = 1) {
      const subject = of ? journalSubject(of) : EVERY_JOURNAL;
      const options = {
        deliver_policy: DeliverPolicy.StartSequence,
        opt_start_seq: Math.max(1, from),
        filter_subjects: subject,
      };
      const what = `reading ${subject} from ${from}`;
      for await (const message of readStream(link, JOURNAL_STREAM, what, options)) yield entryOf(message);
    },

    follow: async (after, hear) =>
      followStream(link, JOURNAL_STREAM, [EVERY_JOURNAL], after, (message) => hear(entryOf(message))),
  };
}
