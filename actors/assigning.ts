import type { AnyActorScope, AnyMachineSnapshot, AnyStateMachine, AnyStateNode } from 'xstate';

type Said = { context: object; event: unknown };
type Assigned = (args: Said, params: unknown) => object;
type Resolved = [snapshot: AnyMachineSnapshot, params: unknown, actions: readonly Action[] | undefined];
/** An action of XState's own, as its machines run it. */
interface Builtin {
  type: string;
  assignment?: Assigned | Readonly<Record<string, unknown>>;
  resolve(scope: AnyActorScope, snapshot: AnyMachineSnapshot, args: Said, ...more: unknown[]): Resolved;
}
type Action = unknown;

const assigned = (assignment: Builtin['assignment'], args: Said, params: unknown): object => {
  if (typeof assignment === 'function') return assignment(args, params);
  const changes: Record<string, unknown> = {};
  for (const name in assignment) {
    const value = assignment[name];
    changes[name] = typeof value === 'function' ? value(args, params) : value;
  }
  return changes;
};

/** An assignment changes the context, and nothing else of a snapshot. */
const resolveAssign: Builtin['resolve'] = (_scope, snapshot, { context, event }, params, action) => {
  const changes = assigned((action as Builtin).assignment, { context, event }, params);
  return [{ ...snapshot, context: { ...context, ...changes } }, undefined, undefined];
};

/** What some action asks for while it runs may be assignments, too. */
const resolvedBy =
  (own: Builtin): Builtin['resolve'] =>
  (scope, snapshot, args, ...more) => {
    const [next, params, actions] = own.resolve(scope, snapshot, args, ...more);
    return [next, params, actions?.map(light)];
  };

function light(action: Action): Action {
  const own = action as Builtin;
  if (typeof action !== 'function') return action;
  if (own.type === 'xstate.assign') return Object.assign(() => {}, own, { resolve: resolveAssign });
  if (own.type === 'xstate.enqueueActions') return Object.assign(() => {}, own, { resolve: resolvedBy(own) });
  return action;
}

function lighten(state: AnyStateNode): void {
  const transitions = [...state.transitions.values(), state.always ?? [], state.initial ? [state.initial] : []].flat();
  for (const transition of transitions) Object.assign(transition, { actions: transition.actions.map(light) });
  Object.assign(state, { entry: state.entry.map(light), exit: state.exit.map(light) });
  for (const inner of Object.values(state.states)) lighten(inner);
}

/**
 * Has the assignments of a machine change the context alone. XState makes for each a snapshot of the whole machine, with
 * its value and its tags, which no assignment changes: a transition with three of them made four. None of ours spawns.
 */
export function assignLightly({ root, implementations }: AnyStateMachine): void {
  const named = Object.entries(implementations.actions).map(([name, action]) => [name, light(action)]);
  Object.assign(implementations, { actions: Object.fromEntries(named) });
  lighten(root);
}
