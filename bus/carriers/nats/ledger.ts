import { DeliverPolicy } from '@nats-io/jetstream';
import type { LedgerEntry } from '../../ledger.ts';
import { FenceRefused } from '../../ports/faults.ts';
import type { Ledger, Ledgered } from '../../ports/ledger.ts';
import { LEDGER_STREAM, LEDGER_SUBJECT } from '../../subjects.ts';
import type { NatsLink } from './connection.ts';
import { type Publisher, refusalOf, StoreRefusal, WRONG_LAST_SEQUENCE } from './publisher.ts';
import { readStream } from './reading.ts';

/** The access ledger in a JetStream stream, fenced as a whole. */
export function natsLedger(link: NatsLink, publisher: Publisher): Ledger {
  const last = async (): Promise<Ledgered | undefined> => {
    const message = await link.call('reading the last entry of the ledger', () =>
      link.manager.streams.getMessage(LEDGER_STREAM, { last_by_subj: LEDGER_SUBJECT }),
    );
    return message ? { seq: message.seq, entry: message.json<LedgerEntry>() } : undefined;
  };

  const refused = async (error: unknown, entry: LedgerEntry) => {
    if (!(error instanceof StoreRefusal)) throw error;
    if (error.code !== WRONG_LAST_SEQUENCE) {
      throw refusalOf(`the ledger refuses entry ${entry.n}`, error);
    }
    const found = await last();
    if (found?.entry.hash === entry.hash) return { seq: found.seq };
    throw new FenceRefused(`another gateway has written to the ledger: ${error.message}`);
  };

  return {
    append: (entry, expected) =>
      new Promise((resolve) => {
        const publication = {
          subject: LEDGER_SUBJECT,
          payload: JSON.stringify(entry),
          messageId: `ledger:${entry.hash}`,
          expected,
        };
        publisher.publish(publication, (error, seq) => resolve(error ? refused(error, entry) : { seq }));
      }),

    last,

    async *read(from = 1) {
      const options = { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: Math.max(1, from) };
      for await (const message of readStream(link, LEDGER_STREAM, 'reading the ledger', options)) {
        yield { seq: message.seq, entry: message.json<LedgerEntry>() };
      }
    },

    async forget(before) {
      await link.call('purging the ledger', () => link.manager.streams.purge(LEDGER_STREAM, { seq: before }));
    },
  };
}
