import { CAMERA_VERSION, cameraHeard } from '../bus/events/camera.ts';
import { cameraMachine } from '../machines/camera.ts';
import type { CameraSlots } from '../machines/slots.ts';
import { bind } from './bind.ts';
import type { CellKind } from './cell-kind.ts';

/** A camera cell: its machine with the given adapters in its slots. */
export function cameraKind(slots: CameraSlots): CellKind {
  return {
    machine: cameraMachine.provide({
      actors: {
        probe: bind(slots.probe),
        intake: bind(slots.intake),
        program: bind(slots.program),
        selection: bind(slots.selection),
        eye: bind(slots.eye),
        alarm: bind(slots.alarm),
      },
    }),
    version: CAMERA_VERSION,
    heard: cameraHeard,
  };
}
