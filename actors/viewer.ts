import { VIEWER_VERSION, viewerHeard } from '../bus/events/viewer.ts';
import type { SeatInput, ViewerSlots } from '../machines/slots.ts';
import type { ViewerContext } from '../machines/viewer/context.ts';
import { knownSessions } from '../machines/viewer/seating.ts';
import { viewerMachine } from '../machines/viewer.ts';
import { bind } from './bind.ts';
import type { CellKind } from './cell-kind.ts';

/** A viewer cell: its machine with the given adapters in its slots. */
export function viewerKind(slots: ViewerSlots): CellKind {
  return {
    machine: viewerMachine.provide({ actors: { seat: bind(slots.seat), alarm: bind(slots.alarm) } }),
    version: VIEWER_VERSION,
    heard: viewerHeard,
    since: { seat: (context: ViewerContext): Pick<SeatInput, 'known'> => ({ known: knownSessions(context) }) },
  };
}
