import type { AnyStateMachine, AnyStateNode } from 'xstate';
import { slotOf } from './holding.ts';
import { slotted } from './slotted.ts';
import type { Persisted } from './snapshot.ts';

/** A machine as its last record has it: not restored yet. */
export interface Asleep {
  context: unknown;
  tags: Set<string>;
  /** The state nodes that it is in. */
  nodes(): readonly AnyStateNode[];
}

/** What many cells have in common: fifty thousand of them are in a few hundred states. */
const MOST_KNOWN = 10_000;
const known = new WeakMap<AnyStateMachine, Map<string, Set<string>>>();

/** The tags of a state. @throws Error when the machine has no such state */
function tagsOf(machine: AnyStateMachine, { value, context }: Persisted): Set<string> {
  const all = known.get(machine) ?? new Map<string, Set<string>>();
  known.set(machine, all);
  const name = JSON.stringify(value);
  const found = all.get(name);
  if (found) return found;
  const { tags } = slotted(machine).resolveState({ value: value as never, context: context as never });
  if (all.size >= MOST_KNOWN) all.clear();
  all.set(name, tags);
  return tags;
}

/**
 * A cell that is taken up is at work at once, and most cells hear nothing for long: to restore the machine of each costs
 * much more than to hold its slots.
 * @param machine with adapters in its slots
 * @throws Error when the machine can't be in that state, or has not all of those slots
 */
export function asleep(machine: AnyStateMachine, persisted: Persisted): Asleep {
  const { value, context, children } = persisted;
  for (const { src } of Object.values(children)) slotOf(machine, src);
  return {
    context,
    tags: tagsOf(machine, persisted),
    nodes: () => slotted(machine).resolveState({ value: value as never, context: context as never })._nodes,
  };
}
