import { JournalAway, JournalFull } from '../../ports/faults.ts';
import type { Leases } from '../../ports/leases.ts';
import { leaseKey } from '../../subjects.ts';
import type { Line } from './line.ts';

export function memoryLeases(line: Line, now: () => number): Leases {
  const held = new Map<string, { holder: string; expiresAt: number; epoch: number }>();
  let revision = 0;
  const write = (key: string, holder: string, ttlMs: number) => {
    const epoch = ++revision;
    held.set(key, { holder, expiresAt: now() + ttlMs, epoch });
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
        const current = held.get(leaseKey(key));
        if (current && current.holder !== holder && current.expiresAt > now()) return undefined;
        return write(key, holder, ttlMs);
      }),
    renew: (lease, ttlMs) =>
      into(() => (held.get(lease.key)?.holder === lease.holder ? write(lease.key, lease.holder, ttlMs) : undefined)),
    release: (lease) =>
      line.through(() => {
        if (held.get(lease.key)?.holder === lease.holder) held.delete(lease.key);
      }),
    list: (under) =>
      line.through(() =>
        [...held]
          .filter(([key, { expiresAt }]) => key.startsWith(`${leaseKey(under)}.`) && expiresAt > now())
          .map(([key, { holder, epoch }]) => ({ key, holder, epoch })),
      ),
  };
}
