import type { Why } from '../bus/events/why.ts';
import type { Address } from '../bus/subjects.ts';
import type { CellView } from './cells.ts';
import type { SlotsKept } from './holding.ts';

/** A machine as a record keeps it: plain JSON, and enough for a successor to start from. */
export interface Persisted {
  status: string;
  value: unknown;
  historyValue: object;
  context: unknown;
  children: SlotsKept;
}

/** What a machine is in, living or in a record. */
export type State = Pick<Persisted, 'status' | 'value' | 'context'>;

const NO_HISTORY = {};

/**
 * A machine as a record keeps it. XState's own way looks through the whole context for actors; here it is plain JSON,
 * and no machine has a history.
 */
export function persisted({ status, value, context }: State, children: SlotsKept): Persisted {
  return { status, value, historyValue: NO_HISTORY, context, children };
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
