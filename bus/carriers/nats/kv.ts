import { JetStreamApiError } from '@nats-io/jetstream';
import { type KV, Kvm } from '@nats-io/kv';
import { JournalAway } from '../../ports.ts';
import type { NatsLink } from './connection.ts';
import { FULL, WRONG_LAST_SEQUENCE } from './publisher.ts';

/** Works with a bucket. @param what names the work in errors @throws JournalAway */
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
      try {
        return await work(await open());
      } catch (error) {
        if (!(error instanceof JetStreamApiError && FULL.has(error.code))) throw error;
        // Whoever keeps a lease or an entry goes on without the store, as while it is away.
        throw new JournalAway(`${what}: NATS has no room left (${error.message})`, { cause: error });
      }
    });
}

/** Whether a write was refused because the key has another revision by now. */
export const lostTheRace = (error: unknown): boolean =>
  error instanceof JetStreamApiError && error.code === WRONG_LAST_SEQUENCE;
