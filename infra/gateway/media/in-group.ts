import type { Adapter } from '../../../machines/slots.ts';

/**
 * A slot at the relays of the group. A cell may name one that was there at an earlier start only, or is known at another
 * host only: nothing is asked of that one here.
 * @param reached the relays that this gateway reaches, by name
 * @param told what is reported at once of one that it does not; absent: nothing
 */
export function inGroup<Input extends { relay: string }, Report>(
  reached: { has(relay: string): boolean },
  slot: Adapter<Input, Report>,
  told?: (input: Input) => Report,
): Adapter<Input, Report> {
  return (input, report) => {
    if (reached.has(input.relay)) return slot(input, report);
    if (told) queueMicrotask(() => report(told(input)));
    return { release() {} };
  };
}
