import { JournalAway, JournalFull } from '../../ports/faults.ts';
import type { Leases } from '../../ports/leases.ts';
import { leaseKey } from '../../subjects.ts';
import { watchLeases } from '../lease-watch.ts';
import type { Line } from './line.ts';

/** What the processes that share leases have in common. */
export interface HeldLeases {
  of: Map<string, { holder: string; ttlMs: number; epoch: number }>;
  revision: number;
}

/** Leases as one process finds them. @param nowMs its monotonic clock */
export function memoryLeases(line: Line, held: HeldLeases, nowMs: () => number): Leases {
  const watch = watchLeases(nowMs);
  const isOver = (key: string) => {
    const lease = held.of.get(key);
    return lease === undefined || watch.isOver({ key, ...lease });
  };
  const write = (key: string, holder: string, ttlMs: number) => {
    const epoch = ++held.revision;
    held.of.set(key, { holder, ttlMs, epoch });
    watch.heard(key, epoch);
    return { key, holder, epoch };
  };
  /** Whoever keeps a lease goes on without a store that has no room, as while it is away. */
  const into = <T>(work: () => T): Promise<T> =>
    line.into(work).catch((error: Error) => {
      throw error instanceof JournalFull ? new JournalAway(error.message, { cause: error }) : error;
    });
  return {
    take: (key, holder, ttlMs) =>
      into(() => {
        if (!isOver(leaseKey(key)) && held.of.get(key)?.holder !== holder) return undefined;
        return write(key, holder, ttlMs);
      }),
    renew: (lease, ttlMs) =>
      into(() => (held.of.get(lease.key)?.holder === lease.holder ? write(lease.key, lease.holder, ttlMs) : undefined)),
    release: (lease) =>
      line.through(() => {
        if (held.of.get(lease.key)?.holder === lease.holder) held.of.delete(lease.key);
      }),
    list: (under) =>
      line.through(() => {
        const keys = [...held.of.keys()].filter((key) => key.startsWith(`${leaseKey(under)}.`));
        for (const key of keys.filter(isOver)) held.of.delete(key);
        return keys.flatMap((key) => {
          const lease = held.of.get(key);
          return lease ? [{ key, holder: lease.holder, epoch: lease.epoch }] : [];
        });
      }),
    highest: () => line.through(() => held.revision),
  };
}
