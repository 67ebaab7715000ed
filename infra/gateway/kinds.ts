import { alarmKind } from '../../actors/alarm.ts';
import { broadcastKind } from '../../actors/broadcast.ts';
import { cameraKind } from '../../actors/camera.ts';
import type { CellKind } from '../../actors/cell-kind.ts';
import { incidentKind } from '../../actors/incident.ts';
import { ptzKind } from '../../actors/ptz.ts';
import { recordingKind } from '../../actors/recording.ts';
import { relayKind } from '../../actors/relay.ts';
import { renditionKind } from '../../actors/rendition.ts';
import { soundKind } from '../../actors/sound.ts';
import { viewerKind } from '../../actors/viewer.ts';
import type { Kind } from '../../bus/subjects.ts';
import type { DriveSlot } from '../../machines/slots.ts';
import type { Media } from './media.ts';

/** Every kind of cell, with the adapters of this gateway in its machine's slots. */
export function kindsOf(media: Media, drive: DriveSlot): Record<Kind, CellKind> {
  const { alarm } = media.broadcastSlots;
  return {
    camera: cameraKind(media.cameraSlots),
    viewer: viewerKind(media.viewerSlots),
    relay: relayKind(media.relaySlots),
    broadcast: broadcastKind(media.broadcastSlots),
    incident: incidentKind({ alarm }),
    rendition: renditionKind(media.renditionSlots),
    recording: recordingKind(media.recordingSlots),
    sound: soundKind(media.soundSlots),
    alarm: alarmKind({ alarm }),
    ptz: ptzKind({ drive, alarm }),
  };
}
