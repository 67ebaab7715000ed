import type { KV, KvEntry } from '@nats-io/kv';
import type { Lease, Leases } from '../../ports/leases.ts';
import { LEASE_BUCKET, leaseKey, leaseOfSubject, leasesUnder } from '../../subjects.ts';
import { watchLeases } from '../lease-watch.ts';
import type { NatsLink } from './connection.ts';
import { lostTheRace, openKv } from './kv.ts';

/** What the bucket holds under a lease's key. */
interface Held {
  holder: string;
  /** A bucket's own expiry tells nobody, so it stands in the value. Earlier releases wrote a time of day. */
  ttl_ms?: number;
}

/** How long a lease lasts that an earlier release has left behind. */
const UNTOLD_TTL_MS = 5_000;

/**
 * Leases in a KV bucket. Each change names the revision that it replaces, so two takers can't both win, and the
 * revision is the epoch.
 * @param nowMs monotonic
 */
export function natsLeases(link: NatsLink, nowMs: () => number = () => performance.now()): Leases {
  const watch = watchLeases(nowMs);
  const inBucket = openKv(link, LEASE_BUCKET);
  const call = <T>(key: string, work: (kv: KV) => Promise<T>): Promise<T> => inBucket(`lease ${key}`, work);
  const current = async (kv: KV, key: string): Promise<KvEntry | undefined> => {
    const entry = await kv.get(leaseKey(key));
    return entry?.operation === 'PUT' && entry.length > 0 ? entry : undefined;
  };
  const isOver = (key: string, entry: KvEntry): boolean =>
    watch.isOver({ key, epoch: entry.revision, ttlMs: entry.json<Held>().ttl_ms ?? UNTOLD_TTL_MS });
  const remove = (kv: KV, { key, revision }: KvEntry): Promise<void> =>
    kv.delete(key, { previousSeq: revision }).catch((error) => {
      if (!lostTheRace(error)) throw error;
    });
  const write = async (kv: KV, key: string, holder: string, ttlMs: number, over?: number) => {
    const value = JSON.stringify({ holder, ttl_ms: ttlMs } satisfies Held);
    try {
      const name = leaseKey(key);
      const epoch = over === undefined ? await kv.create(name, value) : await kv.update(name, value, over);
      watch.heard(key, epoch);
      return { key, holder, epoch };
    } catch (error) {
      if (lostTheRace(error)) return undefined;
      throw error;
    }
  };

  const take: Leases['take'] = (key, holder, ttlMs) =>
    call(key, async (kv): Promise<Lease | undefined> => {
      const entry = await current(kv, key);
      if (!entry) return write(kv, key, holder, ttlMs);
      if (!isOver(key, entry) && entry.json<Held>().holder !== holder) return undefined;
      return write(kv, key, holder, ttlMs, entry.revision);
    });

  return {
    take,
    renew: (lease, ttlMs) =>
      call(lease.key, async (kv): Promise<Lease | undefined> => {
        const renewed = await write(kv, lease.key, lease.holder, ttlMs, lease.epoch);
        if (renewed) return renewed;
        // A renewal whose answer was lost has moved the revision on: what stands there is still ours.
        const entry = await current(kv, lease.key);
        if (entry?.json<Held>().holder !== lease.holder) return undefined;
        return write(kv, lease.key, lease.holder, ttlMs, entry.revision);
      }),
    release: (lease) =>
      call(lease.key, async (kv) => {
        const entry = await current(kv, lease.key);
        if (entry?.json<Held>().holder === lease.holder) await remove(kv, entry);
      }),
    list: (under) =>
      call(under, async (kv) => {
        const { state } = await link.manager.streams.info(`KV_${LEASE_BUCKET}`, {
          subjects_filter: leasesUnder(under),
        });
        const keys = Object.keys(state.subjects ?? {}).map(leaseOfSubject);
        const leases = await Promise.all(
          keys.map(async (key): Promise<Lease | undefined> => {
            const entry = await current(kv, key);
            if (!entry) return undefined;
            if (!isOver(key, entry)) return { key, holder: entry.json<Held>().holder, epoch: entry.revision };
            // Who starts next would have to wait for its holder.
            await remove(kv, entry);
            return undefined;
          }),
        );
        return leases.filter((lease) => lease !== undefined);
      }),
    highest: () =>
      call('of the highest epoch', async () => {
        const { state } = await link.manager.streams.info(`KV_${LEASE_BUCKET}`);
        return state.last_seq;
      }),
  };
}
