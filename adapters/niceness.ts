import { readdirSync } from 'node:fs';
import { getPriority, setPriority } from 'node:os';

/**
 * Who goes first where the processor is too small for all, in steps of niceness behind whoever starts it: who is five
 * behind gets a quarter, the other three. Pictures that are only passed on cost little, and are late after 33 ms.
 * A decision is in time as long as it takes no longer than a frame, but what decides takes a whole core for a second
 * when it is started again, just when something went wrong. Encoders take all that they are given: what the gateway
 * that started them leaves, and in an emergency, those that yield, hardly anything.
 */
export const NICENESS = { pictures: 0, decisions: 5, encoders: 5, yieldingEncoders: 15 } as const;

/** There is no lower priority. */
const NICEST = 19;

/** A command that runs another so many steps behind us, from its first instruction on: its threads inherit that. */
export const nicely = (niceness: number, file: string, args: readonly string[]): [string, string[]] =>
  niceness === 0 ? [file, [...args]] : ['nice', ['-n', String(niceness), file, ...args]];

/** On Linux each thread has a niceness of its own; elsewhere there is one for all. */
function threadsOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).map(Number);
  } catch {
    return [pid];
  }
}

/** Puts a process that runs so many steps behind us. Coming closer again may need a right that we don't have: then it stays. */
export function setNiceness(pid: number, niceness: number): void {
  const wanted = Math.min(NICEST, getPriority() + niceness);
  for (const thread of threadsOf(pid)) {
    try {
      setPriority(thread, wanted);
    } catch {
      // it has just ended, or may not be raised again: its next run has it
    }
  }
}
