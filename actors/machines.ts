import type { AnyStateMachine } from 'xstate';
import { alarmHeard } from '../bus/events/alarm.ts';
import { broadcastHeard } from '../bus/events/broadcast.ts';
import { cameraHeard } from '../bus/events/camera.ts';
import { incidentHeard } from '../bus/events/incident.ts';
import { ptzHeard } from '../bus/events/ptz.ts';
import { recordingHeard } from '../bus/events/recording.ts';
import { relayHeard } from '../bus/events/relay.ts';
import { renditionHeard } from '../bus/events/rendition.ts';
import { soundHeard } from '../bus/events/sound.ts';
import { viewerHeard } from '../bus/events/viewer.ts';
import type { Kind } from '../bus/subjects.ts';
import { VERSIONS } from '../bus/upcast.ts';
import { alarmMachine } from '../machines/alarm.ts';
import { broadcastMachine } from '../machines/broadcast.ts';
import { cameraMachine } from '../machines/camera.ts';
import { incidentMachine } from '../machines/incident.ts';
import { ptzMachine } from '../machines/ptz.ts';
import { recordingMachine } from '../machines/recording.ts';
import { relayMachine } from '../machines/relay.ts';
import { renditionMachine } from '../machines/rendition.ts';
import { soundMachine } from '../machines/sound.ts';
import { viewerMachine } from '../machines/viewer.ts';
import type { CellKind } from './cell-kind.ts';

/** What makes a cell one of its kind, with the machine as `machines/` has it: its slots do nothing. */
export const IDLE_KINDS: Readonly<Record<Kind, CellKind>> = {
  camera: { machine: cameraMachine, version: VERSIONS.camera, heard: cameraHeard },
  viewer: { machine: viewerMachine, version: VERSIONS.viewer, heard: viewerHeard },
  relay: { machine: relayMachine, version: VERSIONS.relay, heard: relayHeard },
  broadcast: { machine: broadcastMachine, version: VERSIONS.broadcast, heard: broadcastHeard },
  incident: { machine: incidentMachine, version: VERSIONS.incident, heard: incidentHeard },
  rendition: { machine: renditionMachine, version: VERSIONS.rendition, heard: renditionHeard },
  recording: { machine: recordingMachine, version: VERSIONS.recording, heard: recordingHeard },
  ptz: { machine: ptzMachine, version: VERSIONS.ptz, heard: ptzHeard },
  sound: { machine: soundMachine, version: VERSIONS.sound, heard: soundHeard },
  alarm: { machine: alarmMachine, version: VERSIONS.alarm, heard: alarmHeard },
};

/** The machines alone, for replay. */
export const MACHINES = Object.fromEntries(
  Object.entries(IDLE_KINDS).map(([kind, { machine }]) => [kind, machine]),
) as Record<Kind, AnyStateMachine>;
