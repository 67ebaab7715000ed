import { JournalAway } from '../../bus/ports/faults.ts';
import type { Lease, Leases } from '../../bus/ports/leases.ts';

/** What waiting for a turn needs of the house. */
export interface TurnHouse {
  wait(ms: number): Promise<void>;
  /** Runs again and again; the result stops it. */
  every(ms: number, run: () => void): () => void;
}

/** Whose gateways are being started again; outside what hosts announce themselves under. */
const TURN = 'turn.gateways';
const TTL_MS = 5_000;
const BEAT_MS = 1_000;
const ASK_AGAIN_MS = 250;

/**
 * Does something that only one of several hosts may do at a time: waits for the turn, and keeps it meanwhile. While the
 * store is away it waits, as nothing that can wait is done then.
 * @param run a mark of this launcher's run
 */
export async function inTurn(
  leases: Leases,
  run: string,
  { wait, every }: TurnHouse,
  work: () => Promise<void>,
): Promise<void> {
  let lease: Lease | undefined;
  while (!lease) {
    lease = await leases.take(TURN, run, TTL_MS).catch((error) => {
      if (error instanceof JournalAway) return undefined;
      throw error;
    });
    if (!lease) await wait(ASK_AGAIN_MS);
  }
  let held = lease;
  const stop = every(BEAT_MS, () => {
    leases.renew(held, TTL_MS).then(
      (renewed) => {
        held = renewed ?? held;
      },
      () => {}, // the work is begun, and is done to its end
    );
  });
  try {
    await work();
  } finally {
    stop();
    await leases.release(held).catch(() => {}); // it runs out by itself
  }
}
