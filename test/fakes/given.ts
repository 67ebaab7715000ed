import { type AnyEventObject, type AnyStateMachine, initialTransition, transition } from 'xstate';

/** What a machine came to after it heard something. */
export interface Came {
  /** The state an operator sees. */
  state: string;
  // biome-ignore lint/suspicious/noExplicitAny: each test knows its machine's context
  context: any;
  /** Types of the facts it said, in order. */
  said: string[];
  /** Data of the last fact of a type. */
  // biome-ignore lint/suspicious/noExplicitAny: each test knows its machine's facts
  lastOf(type: string): any;
  /** Data of the last fact. */
  // biome-ignore lint/suspicious/noExplicitAny: each test knows its machine's facts
  last: any;
  /** Slots that are invoked now, by id. */
  invoked: string[];
  tags: string[];
}

/**
 * Given what was heard, tells what the machine came to, without effects: state, facts, slots.
 * Events without a time come one millisecond after the one before.
 */
export function given(machine: AnyStateMachine, id: string, ...heard: AnyEventObject[]): Came {
  let [snapshot, effects] = initialTransition(machine, { id });
  const facts: { type: string; data: Record<string, unknown> }[] = [];
  let at = 1_000;
  for (const event of heard) {
    at = event.at ?? at + 1;
    [snapshot, effects] = transition(machine, snapshot, { id: `e${at}`, ...event, at });
    for (const effect of effects as unknown as { type: string; params: { event: (typeof facts)[0] } }[]) {
      if (effect.type === 'xstate.emit') facts.push(effect.params.event);
    }
  }
  const context = snapshot.context as { state: string };
  return {
    state: context.state,
    context,
    said: facts.map((fact) => fact.type),
    lastOf: (type) => facts.findLast((fact) => fact.type === type)?.data,
    last: facts.at(-1)?.data,
    invoked: Object.keys(snapshot.children),
    tags: [...snapshot.tags] as string[],
  };
}
