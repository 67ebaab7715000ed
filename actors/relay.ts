import { RELAY_VERSION, relayHeard } from '../bus/events/relay.ts';
import { relayMachine } from '../machines/relay.ts';
import type { RelaySlots } from '../machines/slots.ts';
import { bind } from './bind.ts';
import type { CellKind } from './cell-kind.ts';

/** A relay cell: its machine with the given adapters in its slots. */
export function relayKind(slots: RelaySlots): CellKind {
  return {
    machine: relayMachine.provide({
      actors: {
        health: bind(slots.health),
        pulse: bind(slots.pulse),
        provision: bind(slots.provision),
        alarm: bind(slots.alarm),
      },
    }),
    version: RELAY_VERSION,
    heard: relayHeard,
  };
}
