import type { StreamInfo } from '@nats-io/jetstream';
import type { Holdings, Keeper } from '../../ports/keeper.ts';
import { FACT_STREAM, JOURNAL_STREAM, journalSubject } from '../../subjects.ts';
import type { NatsLink } from './connection.ts';

/** Where a stream remembers before which sequence it was purged on purpose. */
const PURGED_BEFORE = 'signalbox_purged_before';
/** Purging ten thousand cells one after the other would take a minute. */
const PURGES_AT_ONCE = 32;

/** Before which sequence a stream was purged on purpose. */
export function purgedBefore({ config }: StreamInfo): number {
  return Number(config.metadata?.[PURGED_BEFORE] ?? 1);
}

/** Forgets on purpose in JetStream: by subject for the journal, by sequence for the facts. */
export function natsKeeper(link: NatsLink): Keeper {
  const info = (stream: string) => link.call(`looking at ${stream}`, () => link.manager.streams.info(stream));
  const holdingsOf = async (stream: string): Promise<Holdings> => {
    const found = await info(stream);
    const { first_seq: first, last_seq: last, bytes } = found.state;
    return { first, last, bytes, purgedBefore: purgedBefore(found) };
  };
  /** Said before it is done: a crash in between leaves more than was promised, never less. */
  const announce = async (stream: string, before: number): Promise<void> => {
    const found = await info(stream);
    if (purgedBefore(found) >= before) return;
    const metadata = { ...found.config.metadata, [PURGED_BEFORE]: String(before) };
    await link.call(`noting a purge of ${stream}`, () => link.manager.streams.update(stream, { metadata }));
  };

  return {
    holdings: async () => ({ journal: await holdingsOf(JOURNAL_STREAM), facts: await holdingsOf(FACT_STREAM) }),

    async forgetRecords(before, cells) {
      await announce(JOURNAL_STREAM, before);
      const waiting = cells[Symbol.iterator]();
      const work = async () => {
        for (let next = waiting.next(); !next.done; next = waiting.next()) {
          const { of, keep } = next.value;
          const filter = journalSubject(of);
          await link.call(`purging ${filter}`, () =>
            link.manager.streams.purge(JOURNAL_STREAM, keep === undefined ? { filter } : { filter, seq: keep }),
          );
        }
      };
      await Promise.all(Array.from({ length: PURGES_AT_ONCE }, work));
    },

    async forgetFacts(before) {
      await announce(FACT_STREAM, before);
      await link.call('purging facts', () => link.manager.streams.purge(FACT_STREAM, { seq: before }));
    },
  };
}
