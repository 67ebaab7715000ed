import { JournalAway } from '../../bus/ports/faults.ts';
import type { Lease, Leases } from '../../bus/ports/leases.ts';
import { type AnnouncedHost, mayJoin } from '../../machines/policy/joining.ts';

/** A host may not run beside those that do. */
export class HostRefused extends Error {
  override name = 'HostRefused';
}

/** The place of a launcher among those on the same NATS, kept while it runs. */
export interface HostClaim {
  close(): Promise<void>;
}

/** What keeping it needs of the house. */
export interface HostClaimHouse {
  /** Monotonic. */
  nowMs(): number;
  wait(ms: number): Promise<void>;
  /** Runs again and again; the result stops it. */
  every(ms: number, run: () => void): () => void;
  /** Another launcher acts under this name now: this one was not heard of for longer than its lease. */
  onLost(): void;
  /** It could not be renewed for a reason that is not the absence of NATS; it is tried again. */
  onFault(error: unknown): void;
}

const HOSTS = 'host';
/** Between the two in a lease's key. */
const SHARES = 'shares';
const ALONE = 'alone';
const keyOf = ({ name, shares }: AnnouncedHost): string => `${HOSTS}.${shares ? SHARES : ALONE}.${name}`;
const hostOf = (key: string): AnnouncedHost => {
  const [, mode, name = ''] = key.split('.');
  return { name, shares: mode === SHARES };
};
const TTL_MS = 5_000;
const BEAT_MS = 1_000;
const LOOK_AGAIN_MS = 250;
/** One that was killed is still in the books for as long as its lease; one that lives renews it within that time. */
const PATIENCE_MS = TTL_MS + BEAT_MS;

/**
 * Takes the place of a host and keeps it. While NATS is away it is kept in good faith, as pictures must go on.
 * @param host this host; its name is an id
 * @param run a mark of this launcher's run, another each time: a copied data folder is another launcher
 * @throws HostRefused when others stay that it may not run beside; JournalAway
 */
export async function claimHost(
  leases: Leases,
  host: AnnouncedHost,
  run: string,
  house: HostClaimHouse,
): Promise<HostClaim> {
  const key = keyOf(host);
  let lease = await firstClaim(leases, host, run, house);

  let beating = false;
  const beat = async (): Promise<void> => {
    if (beating) return;
    beating = true;
    try {
      const renewed = (await leases.renew(lease, TTL_MS)) ?? (await leases.take(key, run, TTL_MS));
      if (renewed) lease = renewed;
      else house.onLost();
    } catch (error) {
      if (!(error instanceof JournalAway)) house.onFault(error);
    } finally {
      beating = false;
    }
  };
  const stop = house.every(BEAT_MS, () => void beat());
  return {
    async close() {
      stop();
      await leases.release(lease).catch(() => {}); // it runs out by itself
    },
  };
}

async function firstClaim(leases: Leases, host: AnnouncedHost, run: string, house: HostClaimHouse): Promise<Lease> {
  const key = keyOf(host);
  const giveUpMs = house.nowMs() + PATIENCE_MS;
  for (;;) {
    // Taken before the others are looked at: of two that start together, neither overlooks the other.
    const lease = await leases.take(key, run, TTL_MS);
    const others = (await leases.list(HOSTS)).filter((one) => one.key !== key).map((one) => hostOf(one.key));
    const { allowed, why } = mayJoin({ ...host, taken: lease === undefined, others });
    if (allowed && lease) return lease;
    if (house.nowMs() >= giveUpMs) {
      if (lease) await leases.release(lease);
      throw new HostRefused(why.text);
    }
    await house.wait(LOOK_AGAIN_MS);
  }
}
