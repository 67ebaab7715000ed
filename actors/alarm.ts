import { ALARM_VERSION, alarmHeard } from '../bus/events/alarm.ts';
import { alarmMachine } from '../machines/alarm.ts';
import type { AlarmSlots } from '../machines/slots.ts';
import { bind } from './bind.ts';
import type { CellKind } from './cell-kind.ts';

/** An alarm cell: its machine with the given adapters in its slots. */
export function alarmKind(slots: AlarmSlots): CellKind {
  return {
    machine: alarmMachine.provide({ actors: { alarm: bind(slots.alarm) } }),
    version: ALARM_VERSION,
    heard: alarmHeard,
  };
}
