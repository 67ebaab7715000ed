import { PTZ_VERSION, ptzHeard } from '../bus/events/ptz.ts';
import { ptzMachine } from '../machines/ptz.ts';
import type { PtzSlots } from '../machines/slots.ts';
import { bind } from './bind.ts';
import type { CellKind } from './cell-kind.ts';

/** A PTZ cell: its machine with the given adapters in its slots. */
export function ptzKind({ drive, alarm }: PtzSlots): CellKind {
  return {
    machine: ptzMachine.provide({ actors: { drive: bind(drive), alarm: bind(alarm) } }),
    version: PTZ_VERSION,
    heard: ptzHeard,
  };
}
