import { RENDITION_VERSION, renditionHeard } from '../bus/events/rendition.ts';
import { renditionMachine } from '../machines/rendition.ts';
import type { RenditionSlots } from '../machines/slots.ts';
import { bind } from './bind.ts';
import type { CellKind } from './cell-kind.ts';

/** A rendition cell: its machine with the given adapters in its slots. */
export function renditionKind(slots: RenditionSlots): CellKind {
  return {
    machine: renditionMachine.provide({
      actors: { measure: bind(slots.measure), ladder: bind(slots.ladder), alarm: bind(slots.alarm) },
    }),
    version: RENDITION_VERSION,
    heard: renditionHeard,
  };
}
