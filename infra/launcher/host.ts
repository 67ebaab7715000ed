import { randomBytes } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { connectNats } from '../../bus/carriers/nats/connection.ts';
import { natsLeases } from '../../bus/carriers/nats/leases.ts';
import { natsIdentity } from '../gateway/carriers.ts';
import type { Group } from '../group.ts';
import { claimHost, type HostClaim } from './host-claim.ts';

/**
 * Announces this host at a NATS that others may use too, and stays announced.
 * @param say progress for a person
 * @param onLost another launcher acts under this name now
 * @throws HostRefused, JournalAway when NATS does not answer
 */
export async function announceHost(
  { node, nats }: Pick<Group, 'node' | 'nats'>,
  say: (line: string) => void,
  onLost: () => void,
): Promise<HostClaim> {
  const link = await connectNats({ ...natsIdentity(nats), name: `${node}-launcher` });
  try {
    const claim = await claimHost(natsLeases(link, Date.now), node, `${node}-${randomBytes(6).toString('hex')}`, {
      nowMs: () => performance.now(),
      wait: (ms) => wait(ms),
      every(ms, run) {
        const timer = setInterval(run, ms);
        return () => clearInterval(timer);
      },
      onLost,
      onFault: (error) => say(`signalbox: host ${node} could not be announced: ${(error as Error).message}`),
    });
    return {
      async close() {
        await claim.close();
        await link.close();
      },
    };
  } catch (error) {
    await link.close();
    throw error;
  }
}
