import { BROADCAST_VERSION, broadcastHeard } from '../bus/events/broadcast.ts';
import { broadcastMachine } from '../machines/broadcast.ts';
import type { BroadcastSlots } from '../machines/slots.ts';
import { bind } from './bind.ts';
import type { CellKind } from './cell-kind.ts';

/** A broadcast cell: its machine with the given adapters in its slots. */
export function broadcastKind(slots: BroadcastSlots): CellKind {
  return {
    machine: broadcastMachine.provide({ actors: { push: bind(slots.push), alarm: bind(slots.alarm) } }),
    version: BROADCAST_VERSION,
    heard: broadcastHeard,
  };
}
