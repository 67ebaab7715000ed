import type { TSchema } from 'typebox';
import { ALARM_VERSION, AlarmFactSchema, alarmSaid } from './events/alarm.ts';
import { BROADCAST_VERSION, BroadcastFactSchema, broadcastSaid } from './events/broadcast.ts';
import { CAMERA_VERSION, CameraFactSchema, cameraSaid } from './events/camera.ts';
import { INCIDENT_VERSION, IncidentFactSchema, incidentSaid } from './events/incident.ts';
import { PTZ_VERSION, PtzFactSchema, ptzSaid } from './events/ptz.ts';
import { RECORDING_VERSION, RecordingFactSchema, recordingSaid } from './events/recording.ts';
import { RELAY_VERSION, RelayFactSchema, relaySaid } from './events/relay.ts';
import { RENDITION_VERSION, RenditionFactSchema, renditionSaid } from './events/rendition.ts';
import { SOUND_VERSION, SoundFactSchema, soundSaid } from './events/sound.ts';
import { VIEWER_VERSION, ViewerFactSchema, viewerSaid } from './events/viewer.ts';
import type { Kind } from './subjects.ts';

/** What a kind of cell tells: `camera.live` and others, all with data of one shape. */
export interface Telling {
  types: readonly string[];
  data: TSchema;
  /** Of the machine that says it. */
  version: number;
}

/** Every fact that is ever told. */
export const CATALOG: Readonly<Record<Kind, Telling>> = {
  camera: { types: cameraSaid, data: CameraFactSchema, version: CAMERA_VERSION },
  viewer: { types: viewerSaid, data: ViewerFactSchema, version: VIEWER_VERSION },
  relay: { types: relaySaid, data: RelayFactSchema, version: RELAY_VERSION },
  broadcast: { types: broadcastSaid, data: BroadcastFactSchema, version: BROADCAST_VERSION },
  incident: { types: incidentSaid, data: IncidentFactSchema, version: INCIDENT_VERSION },
  rendition: { types: renditionSaid, data: RenditionFactSchema, version: RENDITION_VERSION },
  recording: { types: recordingSaid, data: RecordingFactSchema, version: RECORDING_VERSION },
  alarm: { types: alarmSaid, data: AlarmFactSchema, version: ALARM_VERSION },
  ptz: { types: ptzSaid, data: PtzFactSchema, version: PTZ_VERSION },
  sound: { types: soundSaid, data: SoundFactSchema, version: SOUND_VERSION },
};
