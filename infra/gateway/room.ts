import { setTimeout as wait } from 'node:timers/promises';
import { JournalAway } from '../../bus/ports/faults.ts';
import { type Bounds, type Shelves, type Swept, sweep } from './retention.ts';

/** What making room needs. */
export interface RoomParts extends Shelves {
  /** Read before every sweep: whoever waits may have lowered them. @throws Error when the file can't be read now */
  bounds(): Bounds;
  /** It was swept and is still waited for. */
  onWait(swept: Swept): void;
  onFault(error: Error): void;
  /** How long is waited before each sweep. */
  everyMs?: number;
}

const EVERY_MS = 5_000;

/**
 * Waits for what needs a store that may have no room, and sweeps it meanwhile: a gateway that starts has no retention
 * yet, and would wait for ever.
 */
export async function whileMakingRoom<T>(work: Promise<T>, parts: RoomParts): Promise<T> {
  const { bounds, onWait, onFault, everyMs = EVERY_MS, ...shelves } = parts;
  const over = new AbortController();
  const done = work.finally(() => over.abort()).then((value) => ({ value }));
  const makeRoom = async (): Promise<undefined> => {
    await wait(everyMs, undefined, { ref: false, signal: over.signal }).catch(() => {}); // nothing is waited for any more
    if (over.signal.aborted) return;
    try {
      const swept = await sweep(shelves, bounds(), Date.now());
      if (!over.signal.aborted) onWait(swept);
    } catch (error) {
      if (!(error instanceof JournalAway)) onFault(error as Error);
    }
  };
  for (;;) {
    const outcome = await Promise.race([done, makeRoom()]);
    if (outcome) return outcome.value;
  }
}
