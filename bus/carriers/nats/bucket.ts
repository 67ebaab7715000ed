import { headers } from 'nats';
import type { Bucket } from '../../ports/bucket.ts';
import { EVERY_SHARED, SHARED_BUCKET, SHARED_STREAM, sharedOfSubject, sharedSubject } from '../../subjects.ts';
import type { NatsLink } from './connection.ts';
import { followStream } from './following.ts';
import { lostTheRace, openKv } from './kv.ts';

/** The header by which a bucket says that an entry was removed. */
const OPERATION = 'KV-Operation';

/** What hosts share, in a KV bucket of one revision a key: a removed entry leaves its mark for those who were away. */
export function natsBucket(link: NatsLink): Bucket {
  const call = openKv(link, SHARED_BUCKET);

  return {
    async follow(hear) {
      const last = await call('the bucket of what hosts share', async () => {
        const { state } = await link.manager.streams.info(SHARED_STREAM);
        return state.messages > 0 ? state.last_seq : 0;
      });
      let caughtUp = () => {};
      const beginning = new Promise<void>((resolve) => {
        caughtUp = resolve;
      });
      if (last === 0) caughtUp();
      const subscription = followStream(link, SHARED_STREAM, [EVERY_SHARED], 0, (message) => {
        const removed = Boolean(message.headers?.get(OPERATION));
        const value = removed ? {} : { value: message.data };
        hear({ key: sharedOfSubject(message.subject), ...value, revision: message.seq });
        if (message.seq >= last) caughtUp();
      });
      const failed = subscription.ended.then((error) => {
        throw error ?? new Error('the bucket was let go of');
      });
      failed.catch(() => {}); // who follows hears it from the subscription
      await Promise.race([beginning, failed]);
      return subscription;
    },
    write: (key, value, over) =>
      call(`shared entry ${key}`, async () => {
        const marks = headers();
        if (!value) marks.set(OPERATION, 'DEL');
        try {
          const expect = { lastSubjectSequence: over };
          return (await link.jetstream.publish(sharedSubject(key), value, { headers: marks, expect })).seq;
        } catch (error) {
          if (lostTheRace(error)) return undefined;
          throw error;
        }
      }),
  };
}
