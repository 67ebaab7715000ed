import type { TSchema } from 'typebox';
import { ALARM_STATES, ALARM_VERSION, AlarmFactSchema, alarmSaid } from './events/alarm.ts';
import { BROADCAST_STATES, BROADCAST_VERSION, BroadcastFactSchema, broadcastSaid } from './events/broadcast.ts';
import { CAMERA_STATES, CAMERA_VERSION, CameraFactSchema, cameraSaid } from './events/camera.ts';
import { INCIDENT_STATES, INCIDENT_VERSION, IncidentFactSchema, incidentSaid } from './events/incident.ts';
import { PTZ_STATES, PTZ_VERSION, PtzFactSchema, ptzSaid } from './events/ptz.ts';
import { RECORDING_STATES, RECORDING_VERSION, RecordingFactSchema, recordingSaid } from './events/recording.ts';
import { RELAY_STATES, RELAY_VERSION, RelayFactSchema, relaySaid } from './events/relay.ts';
import { RENDITION_STATES, RENDITION_VERSION, RenditionFactSchema, renditionSaid } from './events/rendition.ts';
import { SOUND_STATES, SOUND_VERSION, SoundFactSchema, soundSaid } from './events/sound.ts';
import { VIEWER_STATES, VIEWER_VERSION, ViewerFactSchema, viewerSaid } from './events/viewer.ts';
import { KINDS, type Kind } from './subjects.ts';

/** What a kind of cell tells: `camera.live` and others, all with data of one shape. */
export interface Telling {
  /** What such a cell can be. */
  states: readonly string[];
  types: readonly string[];
  data: TSchema;
  /** Of the machine that says it. */
  version: number;
}

/** Every fact that is ever told. */
export const CATALOG: Readonly<Record<Kind, Telling>> = {
  camera: { states: CAMERA_STATES, types: cameraSaid, data: CameraFactSchema, version: CAMERA_VERSION },
  viewer: { states: VIEWER_STATES, types: viewerSaid, data: ViewerFactSchema, version: VIEWER_VERSION },
  relay: { states: RELAY_STATES, types: relaySaid, data: RelayFactSchema, version: RELAY_VERSION },
  broadcast: { states: BROADCAST_STATES, types: broadcastSaid, data: BroadcastFactSchema, version: BROADCAST_VERSION },
  incident: { states: INCIDENT_STATES, types: incidentSaid, data: IncidentFactSchema, version: INCIDENT_VERSION },
  rendition: { states: RENDITION_STATES, types: renditionSaid, data: RenditionFactSchema, version: RENDITION_VERSION },
  recording: { states: RECORDING_STATES, types: recordingSaid, data: RecordingFactSchema, version: RECORDING_VERSION },
  alarm: { states: ALARM_STATES, types: alarmSaid, data: AlarmFactSchema, version: ALARM_VERSION },
  ptz: { states: PTZ_STATES, types: ptzSaid, data: PtzFactSchema, version: PTZ_VERSION },
  sound: { states: SOUND_STATES, types: soundSaid, data: SoundFactSchema, version: SOUND_VERSION },
};

/** The states of all kinds, where something is told of cells of any. */
export const STATES: readonly string[] = [...new Set(KINDS.flatMap((kind) => CATALOG[kind].states))];
