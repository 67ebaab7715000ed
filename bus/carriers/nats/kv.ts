import { JetStreamApiError } from '@nats-io/jetstream';
import { type KV, Kvm } from '@nats-io/kv';
import type { NatsLink } from './connection.ts';
import { WRONG_LAST_SEQUENCE } from './publisher.ts';

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
  return (what, work) => link.call(what, async () => work(await open()));
}

/** Whether a write was refused because the key has another revision by now. */
export const lostTheRace = (error: unknown): boolean =>
  error instanceof JetStreamApiError && error.code === WRONG_LAST_SEQUENCE;
