import type { Bucket, BucketEntry } from '../../ports/bucket.ts';
import type { Subscription } from '../../ports/subscription.ts';
import { sharedSubject } from '../../subjects.ts';
import type { Line } from './line.ts';

export function memoryBucket(line: Line): Bucket {
  const entries = new Map<string, BucketEntry>();
  const listeners = new Set<(entry: BucketEntry) => void>();
  let revision = 0;
  return {
    follow: (hear) =>
      line.through((): Subscription => {
        for (const entry of [...entries.values()].sort((one, other) => one.revision - other.revision)) hear(entry);
        listeners.add(hear);
        let finish = () => {};
        const ended = new Promise<undefined>((resolve) => {
          finish = () => resolve(undefined);
        });
        return {
          ended,
          close() {
            listeners.delete(hear);
            finish();
          },
        };
      }),
    write: (key, value, over) =>
      line.into(() => {
        if ((entries.get(sharedSubject(key))?.revision ?? 0) !== over) return undefined;
        const entry = { key, ...(value ? { value } : {}), revision: ++revision };
        entries.set(sharedSubject(key), entry);
        for (const listener of listeners) listener(entry);
        return revision;
      }),
  };
}
