import { JournalAway, type Lease, type Leases } from '../../bus/ports.ts';

/** This gateway's right to act, renewed while it runs. */
export interface Tenure {
  /** The fencing token that commands to switchers and the launcher carry; it only ever grows. */
  epoch(): number;
  close(): Promise<void>;
}

const TTL_MS = 3_000;
const RENEW_EVERY_MS = 1_000;
const ASK_AGAIN_MS = 200;

/**
 * Waits until nobody else holds the group's lease, takes it, and keeps it. While the store is away the lease is kept in
 * good faith: pictures must go on, and the journal's fence stays the last word on who owns a cell.
 * @param holder this gateway's lasting name: after a crash it takes its own lease back at once
 * @param onLost another gateway has taken over; this one must stop acting
 */
export async function takeTenure(leases: Leases, holder: string, onLost: () => void): Promise<Tenure> {
  let lease: Lease | undefined;
  while (!lease) {
    lease = await leases.take('gateway', holder, TTL_MS).catch((error) => {
      if (error instanceof JournalAway) return undefined;
      throw error;
    });
    if (!lease) await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS));
  }
  // Renewals change the store's revision; the token of this tenure is the one it began with.
  const { epoch } = lease;
  const timer = setInterval(async () => {
    try {
      const renewed = lease && (await leases.renew(lease, TTL_MS));
      lease = renewed ?? (await leases.take('gateway', holder, TTL_MS));
      if (!lease) onLost();
    } catch (error) {
      if (!(error instanceof JournalAway)) throw error;
    }
  }, RENEW_EVERY_MS);
  return {
    epoch: () => epoch,
    async close() {
      clearInterval(timer);
      if (lease) await leases.release(lease).catch(() => {});
    },
  };
}
