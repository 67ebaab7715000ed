import { setTimeout as wait } from 'node:timers/promises';
import { JetStreamApiError } from '@nats-io/jetstream';
import { type KV, Kvm } from '@nats-io/kv';
import { JournalAway } from '../../ports/faults.ts';
import type { NatsLink } from './connection.ts';
import { FULL, ON_ITS_WAY, ON_ITS_WAY_MS, WRONG_LAST_SEQUENCE } from './publisher.ts';

/** Works with a bucket; the work may be done again from its beginning. @param what names it in errors @throws JournalAway */
export type WithBucket = <T>(what: string, work: (kv: KV) => Promise<T>) => Promise<T>;

/** A KV bucket of one revision a key: made where it is missing, and opened anew when the connection was lost. */
export function openKv(link: NatsLink, bucket: string): WithBucket {
  let opened: Promise<KV> | undefined;
  const open = (): Promise<KV> => {
    // Reads go to the leader: a replica might still show what has been replaced.
    opened ??= new Kvm(link.jetstream)
      .create(bucket, { history: 1, replicas: link.replicas, allow_direct: false, timeout: link.timeoutMs })
      .catch((error) => {
        opened = undefined;
        throw error;
      });
    return opened;
  };
  link.onReturn(() => {
    opened = undefined;
  });
  return (what, work) =>
    link.call(what, async () => {
      for (const lastMs = performance.now() + link.timeoutMs; ; ) {
        try {
          return await work(await open());
        } catch (error) {
          if (!(error instanceof JetStreamApiError)) throw error;
          // Whoever keeps a lease or an entry goes on without the store, as while it is away.
          const away = (text: string) => new JournalAway(`${what}: ${text} (${error.message})`, { cause: error });
          if (FULL.has(error.code)) throw away('NATS has no room left');
          if (!ON_ITS_WAY.has(error.code)) throw error;
          if (performance.now() > lastMs) throw away('an earlier write has not come through the cluster yet');
          await wait(ON_ITS_WAY_MS);
        }
      }
    });
}

/** Whether a write was refused because the key has another revision by now. */
export const lostTheRace = (error: unknown): boolean =>
  error instanceof JetStreamApiError && error.code === WRONG_LAST_SEQUENCE;
