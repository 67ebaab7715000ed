import { JournalAway } from '../../bus/ports/faults.ts';
import type { Lease, Leases } from '../../bus/ports/leases.ts';

/** This gateway's place among the gateways of its group, kept while it runs. */
export interface Tenure {
  /** The fencing token of this tenure; it only ever grows. */
  epoch(): number;
  /** Names of the living gateways, this one included. */
  members(): readonly string[];
  /**
   * Set after a pause, until the lease has been proved again: others may have taken up what lived here, so nothing is
   * begun meanwhile. Never set for a gateway that is alone.
   */
  proof(): Promise<void> | undefined;
  close(): Promise<void>;
}

/** What the tenure needs of the house. */
export interface TenureHouse {
  /** Monotonic. */
  nowMs(): number;
  /** No other gateway can be there: one that starts need not wait for a store that has no room for its lease. */
  isAlone: boolean;
  /** Runs again and again; the result stops it. */
  every(ms: number, run: () => void): () => void;
  /** The group was looked at; called about twice a second, also while the store is away. */
  onBeat(members: readonly string[]): void;
  /** The lease was over for a while, and is held again: what others took up meanwhile is to be let go of. */
  onLapse(): Promise<void>;
  /** Another process acts under this gateway's name; this one must stop. */
  onLost(): void;
  /** It could not be renewed for a reason that is not the store's absence; it is tried again. */
  onFault(error: unknown): void;
}

const TTL_MS = 2_400;
const BEAT_MS = 400;
/** How long a gateway is taken for alive that says nothing, and how often the others look. */
export const LEASE = { ttlMs: TTL_MS, beatMs: BEAT_MS };
/** Later than this on the monotonic clock, and the process was paused. */
const LATE_MS = BEAT_MS + TTL_MS / 3;
const ASK_AGAIN_MS = 200;
const MEMBERS = 'gateway';

/** Undefined while the store is away. */
const unlessAway = <T>(asked: Promise<T>): Promise<T | undefined> =>
  asked.catch((error) => {
    if (!(error instanceof JournalAway)) throw error;
    return undefined;
  });

/** What a gateway begins with: its lease, or, where nobody else can act, what no lease has been above. */
async function firstPlace(leases: Leases, key: string, holder: string, isAlone: boolean) {
  for (;;) {
    const lease = await unlessAway(leases.take(key, holder, TTL_MS));
    if (lease) return { lease, epoch: lease.epoch };
    const epoch = isAlone ? await unlessAway(leases.highest()) : undefined;
    if (epoch !== undefined) return { epoch };
    await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS));
  }
}

/**
 * Takes this gateway's own lease and keeps it: whoever holds one is a living member of the group. While the store is
 * away, the lease is kept in good faith: pictures must go on, and the journal's fence stays the last word on who owns a
 * cell.
 * @param holder this gateway's lasting name: after a crash it takes its own lease back at once
 */
export async function takeTenure(leases: Leases, holder: string, house: TenureHouse): Promise<Tenure> {
  const key = `${MEMBERS}.${holder}`;
  // Renewals change the store's revision; the token of this tenure is the one it began with.
  const { epoch, ...first } = await firstPlace(leases, key, holder, house.isAlone);
  let lease: Lease | undefined = first.lease;
  // On a busy machine its own lease may have run out between two steps; it lives all the same.
  const look = async () => [...new Set([holder, ...(await leases.list(MEMBERS)).map((one) => one.holder)])].toSorted();
  let members: readonly string[] = await look().catch(() => [holder]);
  let provedMs = house.nowMs();
  let awayMs = Number.NEGATIVE_INFINITY;
  let tickMs = provedMs;
  let beating = false;
  let doubt: { proved: Promise<void>; prove(): void } | undefined;

  const proof = (): Promise<void> | undefined => {
    if (!doubt && members.length > 1 && house.nowMs() - tickMs > LATE_MS) {
      let prove = () => {};
      const proved = new Promise<void>((resolve) => {
        prove = resolve;
      });
      doubt = { proved, prove };
    }
    return doubt?.proved;
  };

  const renew = async (): Promise<void> => {
    const startedMs = house.nowMs();
    const renewed = (lease && (await leases.renew(lease, TTL_MS))) ?? (await leases.take(key, holder, TTL_MS));
    if (!renewed) return house.onLost();
    lease = renewed;
    if (members.length > 1 && startedMs - provedMs > TTL_MS) await house.onLapse();
    const found = await look();
    // Right after an outage the others' leases have run out too: they are given the time to take them again.
    members = startedMs - awayMs > TTL_MS ? found : [...new Set([...members, ...found])].toSorted();
    provedMs = startedMs;
    doubt?.prove();
    doubt = undefined;
  };

  const beat = async (): Promise<void> => {
    proof();
    tickMs = house.nowMs();
    if (beating) return;
    beating = true;
    try {
      await renew();
    } catch (error) {
      // Whatever a store answers: pictures go on, and so does this gateway.
      if (!(error instanceof JournalAway)) house.onFault(error);
      awayMs = house.nowMs();
    } finally {
      beating = false;
    }
    house.onBeat(members);
  };

  const stop = house.every(BEAT_MS, () => void beat());
  return {
    epoch: () => epoch,
    members: () => members,
    proof,
    async close() {
      stop();
      if (lease) await leases.release(lease).catch(() => {});
    },
  };
}
