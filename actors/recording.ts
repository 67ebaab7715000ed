import { RECORDING_VERSION, recordingHeard } from '../bus/events/recording.ts';
import { recordingMachine } from '../machines/recording.ts';
import type { RecordingSlots } from '../machines/slots.ts';
import { bind } from './bind.ts';
import type { CellKind } from './cell-kind.ts';

/** A recording cell: its machine with the given adapter in its slot. */
export function recordingKind(slots: RecordingSlots): CellKind {
  return {
    machine: recordingMachine.provide({ actors: { record: bind(slots.record) } }),
    version: RECORDING_VERSION,
    heard: recordingHeard,
  };
}
