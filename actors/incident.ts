import { INCIDENT_VERSION, incidentHeard } from '../bus/events/incident.ts';
import { incidentMachine } from '../machines/incident.ts';
import type { IncidentSlots } from '../machines/slots.ts';
import { bind } from './bind.ts';
import type { CellKind } from './cell-kind.ts';

/** An incident cell: its machine with the given adapters in its slots. */
export function incidentKind(slots: IncidentSlots): CellKind {
  return {
    machine: incidentMachine.provide({ actors: { alarm: bind(slots.alarm) } }),
    version: INCIDENT_VERSION,
    heard: incidentHeard,
  };
}
