import type { KV, KvEntry } from '@nats-io/kv';
import type { Lease, Leases } from '../../ports/leases.ts';
import { LEASE_BUCKET, leaseKey, leaseOfSubject, leasesUnder } from '../../subjects.ts';
import type { NatsLink } from './connection.ts';
import { lostTheRace, openKv } from './kv.ts';

/** What the bucket holds under a lease's key. */
interface Held {
  holder: string;
  /** Epoch ms. A bucket's own expiry tells nobody, so the time stands in the value. */
  expires_at: number;
}

/**
 * Leases in a KV bucket. Each change names the revision that it replaces, so two takers can't both win, and the
 * revision is the epoch.
 * @param now epoch ms; the clocks of the machines that share leases should agree within a fraction of the time to live
 */
export function natsLeases(link: NatsLink, now: () => number): Leases {
  const inBucket = openKv(link, LEASE_BUCKET);
  const call = <T>(key: string, work: (kv: KV) => Promise<T>): Promise<T> => inBucket(`lease ${key}`, work);
  const current = async (kv: KV, key: string): Promise<KvEntry | undefined> => {
    const entry = await kv.get(leaseKey(key));
    return entry?.operation === 'PUT' && entry.length > 0 ? entry : undefined;
  };
  const write = async (kv: KV, key: string, holder: string, ttlMs: number, over?: number) => {
    const value = JSON.stringify({ holder, expires_at: now() + ttlMs } satisfies Held);
    try {
      const name = leaseKey(key);
      const epoch = over === undefined ? await kv.create(name, value) : await kv.update(name, value, over);
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
      const held = entry.json<Held>();
      if (held.holder !== holder && held.expires_at > now()) return undefined;
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
        if (!entry || entry.json<Held>().holder !== lease.holder) return;
        await kv.delete(leaseKey(lease.key), { previousSeq: entry.revision }).catch((error) => {
          if (!lostTheRace(error)) throw error;
        });
      }),
    list: (under) =>
      call(under, async (kv) => {
        const { state } = await link.manager.streams.info(`KV_${LEASE_BUCKET}`, {
          subjects_filter: leasesUnder(under),
        });
        const keys = Object.keys(state.subjects ?? {}).map(leaseOfSubject);
        const entries = await Promise.all(keys.map(async (key) => ({ key, entry: await current(kv, key) })));
        return entries.flatMap(({ key, entry }) => {
          const held = entry?.json<Held>();
          if (!entry || !held || held.expires_at <= now()) return [];
          return [{ key, holder: held.holder, epoch: entry.revision }];
        });
      }),
  };
}
