import type { AnyMachineSnapshot, AnyStateMachine } from 'xstate';
import type { Why } from '../bus/events/why.ts';
import type { Address } from '../bus/subjects.ts';
import type { CellView } from './cells.ts';

/** A snapshot as a successor starts from it: its slots have ended with the actor, and are to be invoked again. */
export function persist(machine: AnyStateMachine, snapshot: AnyMachineSnapshot): unknown {
  const persisted = machine.getPersistedSnapshot(snapshot) as unknown as {
    children: Record<string, { snapshot: object }>;
  };
  const children = Object.entries(persisted.children).map(([id, child]) => [
    id,
    { ...child, snapshot: { ...child.snapshot, status: 'active' } },
  ]);
  return { ...persisted, children: Object.fromEntries(children) };
}

/** A machine snapshot as outsiders may look at it. */
export function viewOf(at: Address, snapshot: { context: unknown; tags: Set<string> }): CellView {
  const context = snapshot.context as { state: string; since: number; why: Why };
  return {
    kind: at.kind,
    id: at.id,
    state: context.state,
    tags: [...snapshot.tags],
    since: context.since,
    why: context.why,
    context: context as unknown as Record<string, unknown>,
  };
}
