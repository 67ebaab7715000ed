import type { AnyStateMachine } from 'xstate';
import type { Shape } from '../bus/shape.ts';

/** What makes a cell one of its kind: its machine, with slots bound, and the shapes of what it may hear. */
export interface CellKind {
  machine: AnyStateMachine;
  version: number;
  heard: Record<string, Shape<unknown>>;
  /** By slot: what it is told beside its recorded input when a cell is taken up, as it has come about since. */
  since?: Record<string, (context: never) => object>;
}

/**
 * What an event says beside its type, where such cells hear it.
 * @throws ShapeError when it is not one that they hear
 */
export function heardBy({ heard, machine }: CellKind, { type, ...data }: { type: string; [field: string]: unknown }) {
  const shape = Object.hasOwn(heard, type) ? heard[type] : undefined;
  if (!shape) throw new Error(`a ${machine.id} hears no "${type}", only ${Object.keys(heard).join(', ')}`);
  shape.parse(data);
  return data;
}
