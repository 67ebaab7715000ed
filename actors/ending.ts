import type { JournalRecord } from '../bus/ports/journal.ts';
import type { Kind } from '../bus/subjects.ts';

/** What becomes of cells that are over. */
export interface Ending {
  /** The states in which it is over: those with the tag `over`. */
  states: readonly string[];
  /** For so long, in ms, who asks what became of it is answered; then it leaves the memory. */
  shownMs: number;
  /** Its name may come back. Then its last record stays in the log, for its fence and its epoch go on from there. */
  returns: boolean;
}

const DAY_MS = 24 * 3_600_000;

/** How each kind ends. Sessions are many and short; of the others a person asks what the last day brought. */
export const ENDINGS: Readonly<Record<Kind, Ending>> = {
  camera: { states: ['removed'], shownMs: DAY_MS, returns: true },
  viewer: { states: ['denied', 'ended'], shownMs: 60_000, returns: false },
  relay: { states: ['removed'], shownMs: DAY_MS, returns: true },
  broadcast: { states: ['stopped'], shownMs: DAY_MS, returns: true },
  // One that was declared under a key may be declared again under the same.
  incident: { states: ['closed'], shownMs: DAY_MS, returns: true },
  rendition: { states: ['removed'], shownMs: DAY_MS, returns: true },
  recording: { states: ['removed'], shownMs: DAY_MS, returns: true },
  // A cause that comes back raises the same alarm anew.
  alarm: { states: ['cleared'], shownMs: DAY_MS, returns: true },
  ptz: { states: ['removed'], shownMs: DAY_MS, returns: true },
  sound: { states: ['removed'], shownMs: DAY_MS, returns: true },
};

/** When a cell ended, in epoch ms, by its last record; undefined while it lives. */
export function endedAt({ kind, after }: Pick<JournalRecord, 'kind' | 'after'>): number | undefined {
  const { context } = after as { context?: { state: string; since: number } };
  return context && ENDINGS[kind].states.includes(context.state) ? context.since : undefined;
}
