import type { AnyActorLogic, AnyStateMachine, AnyStateNode } from 'xstate';
import { type Door, hold } from './bind.ts';

/** A machine as its last record has it: not restored yet, with the slots held that it had invoked. */
export interface Asleep {
  context: unknown;
  tags: Set<string>;
  /** The state nodes that it is in. */
  nodes(): readonly AnyStateNode[];
  /** Holds its slots: what they report wakes it. */
  begin(door: Door): void;
  /** Hands a slot to the machine that has woken up: what ends it; undefined when it is not held. */
  takeOver(slot: string): (() => void) | undefined;
  /** Lets go of its slots. */
  end(): void;
}

/** A snapshot as it stands in a record. */
interface Persisted {
  value: never;
  context: unknown;
  children: Record<string, { src: string; snapshot: { status: string; input: object } }>;
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
  const { tags } = machine.resolveState({ value, context: context as never });
  if (all.size >= MOST_KNOWN) all.clear();
  all.set(name, tags);
  return tags;
}

/**
 * A cell that is taken up is at work at once, and most cells hear nothing for long: to restore the machine of each costs
 * fifty times what it costs to hold its slots.
 * @param snapshot as a record keeps it
 * @throws Error when the machine can't be in it
 */
export function asleep(machine: AnyStateMachine, snapshot: unknown): Asleep {
  const persisted = snapshot as Persisted;
  const tags = tagsOf(machine, persisted);
  const slots = Object.entries(persisted.children)
    .filter(([, { snapshot }]) => snapshot.status === 'active')
    .map(([slot, { src, snapshot }]) => {
      const logic = machine.implementations.actors[src] as AnyActorLogic | undefined;
      if (!logic) throw new Error(`the machine "${machine.id}" has no slot "${src}"`);
      return { slot, logic, input: snapshot.input };
    });
  let held: Map<string, () => void> | undefined;
  return {
    context: persisted.context,
    tags,
    nodes: () => machine.resolveState({ value: persisted.value, context: persisted.context as never })._nodes,
    begin(door) {
      held = new Map(slots.map(({ slot, logic, input }) => [slot, hold(logic, input, door)]));
    },
    takeOver(slot) {
      const end = held?.get(slot);
      held?.delete(slot);
      return end;
    },
    end() {
      for (const end of held?.values() ?? []) end();
      held?.clear();
    },
  };
}
