import { VIEWER_VERSION, viewerHeard } from '../bus/events/viewer.ts';
import type { ViewerSlots } from '../machines/slots.ts';
import { viewerMachine } from '../machines/viewer.ts';
import { bind } from './bind.ts';
import type { CellKind } from './cell-kind.ts';

/** A viewer cell: its machine with the given adapters in its slots. */
export function viewerKind(slots: ViewerSlots): CellKind {
  return {
    machine: viewerMachine.provide({ actors: { seat: bind(slots.seat), alarm: bind(slots.alarm) } }),
    version: VIEWER_VERSION,
    heard: viewerHeard,
  };
}
