import type { AnyStateMachine } from 'xstate';
import type { Kind } from '../bus/subjects.ts';
import { cameraMachine } from '../machines/camera.ts';
import { relayMachine } from '../machines/relay.ts';
import { viewerMachine } from '../machines/viewer.ts';

/** The machine of each kind of cell as `machines/` has it: its slots do nothing. For replay and what-if. */
export const MACHINES: Readonly<Record<Kind, AnyStateMachine>> = {
  camera: cameraMachine,
  viewer: viewerMachine,
  relay: relayMachine,
};
