import { DeliverPolicy, type JsMsg, type StoredMsg } from '@nats-io/jetstream';
import { FenceRefused } from '../../ports/faults.ts';
import {
  isSuccessor,
  type Journal,
  type JournalEntry,
  type JournalRecord,
  type Poison,
  type Receipt,
} from '../../ports/journal.ts';
import { recordShape } from '../../record-shape.ts';
import { EVERY_JOURNAL, JOURNAL_STREAM, journalSubject, journalsOfKind, parseSubject } from '../../subjects.ts';
import type { NatsLink } from './connection.ts';
import { followStream } from './following.ts';
import { type Publisher, refusalOf, StoreRefusal, WRONG_LAST_SEQUENCE } from './publisher.ts';
import { readStream } from './reading.ts';

/** The server answers for at most 1,024 subjects at once. */
const SUBJECTS_AT_ONCE = 500;

/** The record in a message; undefined, and told, when there is none that can be read. */
function entryOf(message: JsMsg | StoredMsg, onPoison?: (poison: Poison) => void): JournalEntry | undefined {
  const { subject, seq } = message;
  try {
    const record = recordShape.parse(message.json()) as JournalRecord;
    if (journalSubject({ kind: record.kind, id: record.cell }) === subject) return { seq, record };
    throw new TypeError(`it is no record of ${subject}`);
  } catch (error) {
    const of = parseSubject(subject)?.address;
    if (of) onPoison?.({ of, seq, reason: (error as Error).message });
    return undefined;
  }
}

/** The journal in a JetStream stream: one subject a cell, fenced by its last sequence. */
export function natsJournal(link: NatsLink, publisher: Publisher): Journal {
  const lastOf = async (subject: string): Promise<JournalEntry | undefined> => {
    const message = await link.call(`reading the last record of ${subject}`, () =>
      link.manager.streams.getMessage(JOURNAL_STREAM, { last_by_subj: subject }),
    );
    return message ? entryOf(message) : undefined;
  };

  const append = (record: JournalRecord, expected: number): Promise<Receipt> =>
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
    });

  const refused = async (
    error: unknown,
    subject: string,
    record: JournalRecord,
    expected: number,
  ): Promise<Receipt> => {
    if (!(error instanceof StoreRefusal)) throw error;
    if (error.code !== WRONG_LAST_SEQUENCE) {
      throw refusalOf(`the journal refuses record ${record.id} of ${subject}`, error);
    }
    const last = await lastOf(subject);
    // After an outage a retry may meet its own record beyond the window in which JetStream knows duplicates.
    if (last?.record.id === record.id) return { seq: last.seq };
    // Nobody has written since: the store has lost its end, and its owner goes on behind what is left.
    const isSetBack = (last?.seq ?? 0) < expected && (!last || isSuccessor(record, last.record));
    if (isSetBack) return append(record, last?.seq ?? 0);
    throw new FenceRefused(
      `another writer has appended to ${subject}: record ${record.id} expected sequence ${expected} (${error.message})`,
    );
  };

  /** What the last records of cells were at an earlier sequence; cells that were not there yet have none. */
  async function* formerLasts(
    subjects: string[],
    upTo: number,
    onPoison?: (poison: Poison) => void,
  ): AsyncGenerator<JournalEntry> {
    for (let from = 0; from < subjects.length && upTo > 0; from += SUBJECTS_AT_ONCE) {
      const multi_last = subjects.slice(from, from + SUBJECTS_AT_ONCE);
      const found = await link.call(`reading former last records up to ${upTo}`, async () => {
        const request = { multi_last, up_to_seq: upTo };
        const messages: StoredMsg[] = [];
        for await (const message of await link.manager.direct.getLastMessagesFor(JOURNAL_STREAM, request)) {
          messages.push(message);
        }
        return messages;
      });
      for (const message of found) {
        const entry = entryOf(message, onPoison);
        if (entry) yield entry;
      }
    }
  }

  return {
    append,

    async *lasts(kind, upTo = Number.POSITIVE_INFINITY, onPoison) {
      const options = {
        deliver_policy: DeliverPolicy.LastPerSubject,
        filter_subjects: kind ? journalsOfKind(kind) : EVERY_JOURNAL,
      };
      const what = `reading the last records of ${kind ?? 'every'} cell`;
      const movedOn: string[] = [];
      for await (const message of readStream(link, JOURNAL_STREAM, what, options)) {
        if (message.seq > upTo) {
          movedOn.push(message.subject);
          continue;
        }
        const entry = entryOf(message, onPoison);
        if (entry) yield entry;
      }
      yield* formerLasts(movedOn, upTo, onPoison);
    },

    last: (of) => lastOf(journalSubject(of)),

    async *read(of, from = 1) {
      const subject = of ? journalSubject(of) : EVERY_JOURNAL;
      const options = {
        deliver_policy: DeliverPolicy.StartSequence,
        opt_start_seq: Math.max(1, from),
        filter_subjects: subject,
      };
      const what = `reading ${subject} from ${from}`;
      for await (const message of readStream(link, JOURNAL_STREAM, what, options)) {
        const entry = entryOf(message);
        if (entry) yield entry;
      }
    },

    async seqAt(at) {
      const { state } = await link.call('looking for a moment in the journal', () =>
        link.manager.streams.info(JOURNAL_STREAM),
      );
      if (state.messages === 0) return state.last_seq;
      const next = await link.call('looking for a moment in the journal', () =>
        link.manager.direct.getMessage(JOURNAL_STREAM, { start_time: new Date(at) }),
      );
      return next ? next.seq - 1 : state.last_seq;
    },

    follow: async (after, hear) =>
      followStream(link, JOURNAL_STREAM, [EVERY_JOURNAL], after, (message) => {
        const entry = entryOf(message);
        if (entry) hear(entry);
      }),
  };
}
