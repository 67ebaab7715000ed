import { ALARM_VERSION } from './events/alarm.ts';
import { BROADCAST_VERSION } from './events/broadcast.ts';
import { CAMERA_VERSION } from './events/camera.ts';
import { INCIDENT_VERSION } from './events/incident.ts';
import { PTZ_VERSION } from './events/ptz.ts';
import { RECORDING_VERSION } from './events/recording.ts';
import { RELAY_VERSION } from './events/relay.ts';
import { RENDITION_VERSION } from './events/rendition.ts';
import { SOUND_VERSION } from './events/sound.ts';
import { VIEWER_VERSION } from './events/viewer.ts';
import type { JournalRecord } from './ports/journal.ts';
import type { Kind } from './subjects.ts';
import { cameraFrom1, cameraFrom5 } from './upcast-camera.ts';

/** The present version of each machine. */
export const VERSIONS: Record<Kind, number> = {
  camera: CAMERA_VERSION,
  viewer: VIEWER_VERSION,
  relay: RELAY_VERSION,
  broadcast: BROADCAST_VERSION,
  incident: INCIDENT_VERSION,
  rendition: RENDITION_VERSION,
  recording: RECORDING_VERSION,
  ptz: PTZ_VERSION,
  sound: SOUND_VERSION,
  alarm: ALARM_VERSION,
};

/**
 * What a program knew that wrote something, and this one does not, as words for a person; empty where it knew no more.
 * @param written versions by kind, as that program had them
 */
export function newerThanHere(written: Readonly<Record<string, number>>): string[] {
  const known: Record<string, number> = VERSIONS;
  const newer = Object.entries(written).filter(([kind, version]) => version > (known[kind] ?? 0));
  return newer.map(([kind, version]) => `${kind} ${version} instead of ${known[kind] ?? 'none'}`);
}

/** A snapshot as records hold it, as far as steps rewrite it. */
interface After {
  value: Record<string, unknown>;
  // biome-ignore lint/suspicious/noExplicitAny: contexts of former versions have no type any more
  context: any;
  children: Record<string, unknown>;
}

/** Relays had no pulse and could not be drained: only their control API told how they were. */
function relayWithoutPulse(record: JournalRecord): JournalRecord {
  const { value, context, children, ...after } = record.after as After;
  const state = value.watched;
  const gone = state === 'dead' && context.why.reason === 'exited';
  const known = context.instance !== undefined && !gone && state !== 'starting';
  const answers = known && state !== 'suspect' && state !== 'dead';
  const input = { relay: record.cell, everyMs: 100, silentMs: 300 };
  const pulse = { src: 'pulse', syncSnapshot: false, snapshot: { status: 'active', input } };
  return {
    ...record,
    version: 2,
    after: {
      ...after,
      value: state === undefined ? value : { watched: gone ? 'gone' : known ? { known: state } : state },
      context: { ...context, answers, media: 'unknown' },
      children: { ...children, ...(known ? { pulse } : {}) },
    },
  };
}

/** A relay that was taken out waited without end, as one that is drained does. */
function relayThatWaits(record: JournalRecord): JournalRecord {
  const after = record.after as After;
  const watched = after.value.watched as { known?: string } | undefined;
  if (watched?.known !== 'draining' || after.context.leavingAt === undefined) return { ...record, version: 6 };
  const input = { name: 'leave', at: after.context.leavingAt + 60_000 };
  const leave = { src: 'alarm', syncSnapshot: false, snapshot: { status: 'active', input } };
  return {
    ...record,
    version: 6,
    after: { ...after, value: { watched: { known: 'leaving' } }, children: { ...after.children, leave } },
  };
}

/** Broadcasts were all of the camera's own packets: no encoder made anything. */
function broadcastUnencoded(record: JournalRecord): JournalRecord {
  const after = record.after as After;
  return { ...record, version: 2, after: { ...after, context: { ...after.context, encoded: false } } };
}

/** Whether its cameras came to their best was not told. */
function incidentWithoutQuality(record: JournalRecord): JournalRecord {
  const heard = record.heard.map((one) => (one.type === 'incident.raised' ? { ...one, best: false } : one));
  return { ...record, version: 2, heard };
}

/** What was written says all that there is to say: the new version only hears, or says, more. */
const unchanged =
  (version: number) =>
  (record: JournalRecord): JournalRecord => ({ ...record, version });

/** One step up: from a version to the next. Keyed `kind@from`. */
const steps: Record<string, (record: JournalRecord) => JournalRecord> = {
  'broadcast@1': broadcastUnencoded,
  // Nobody told of a destination that is too slow, and nothing was held back for others.
  'broadcast@2': unchanged(3),
  // A push had half the time to begin, and waited longer before it was tried again.
  'broadcast@3': unchanged(4),
  'camera@1': cameraFrom1,
  // The preferred source had a head start at the first start only.
  'camera@2': unchanged(3),
  // Nobody told who publishes.
  'camera@3': unchanged(4),
  // Nobody told that a picture had another size in mid-stream.
  'camera@4': unchanged(5),
  'camera@5': cameraFrom5,
  // Who chose a source was not kept.
  'camera@6': unchanged(7),
  // Nobody told who had published where the camera is not.
  'camera@7': unchanged(8),
  // A source that sent what nobody can read was taken for one that flows.
  'camera@8': unchanged(9),
  // What a source can't give the program was known when it flowed, and of its sound not before it was needed.
  'camera@9': unchanged(10),
  // No recording was told that the picture had another size.
  'recording@1': unchanged(2),
  // Nobody kept a stretch under a name, and nothing was told of what was kept.
  'recording@2': unchanged(3),
  // Nobody saved a preset.
  'ptz@1': unchanged(2),
  // Who did something was known by what rights go by alone.
  'ptz@2': unchanged(3),
  'alarm@1': unchanged(2),
  // Nobody told of programs that end though they are not meant to.
  'alarm@2': unchanged(3),
  'incident@3': unchanged(4),
  'broadcast@4': unchanged(5),
  'relay@3': unchanged(4),
  // Nobody took a relay out of the configuration.
  'relay@4': unchanged(5),
  'relay@5': relayThatWaits,
  // Nobody was left alone at a relay that is only not heard of.
  'relay@6': unchanged(7),
  // Every delivery relay was fed by the switcher.
  'relay@7': unchanged(8),
  'recording@3': unchanged(4),
  'relay@1': relayWithoutPulse,
  'incident@1': incidentWithoutQuality,
  // Ladders were never held back for others.
  'rendition@1': unchanged(2),
  // Ladders were never told that the picture has changed.
  'rendition@2': unchanged(3),
  // No ladder told that it was late.
  'rendition@3': unchanged(4),
  // Nobody told what a relay's viewers saw.
  'relay@2': unchanged(3),
  'viewer@1': viewerWithStandby,
  // Viewers who made room for others were told that their right was taken back.
  'viewer@2': unchanged(3),
  'viewer@3': viewerWithRungs,
  // Nobody looked at the past.
  'viewer@4': unchanged(5),
  // Nobody had to step down for others.
  'viewer@5': unchanged(6),
  // Nobody had an adaptive peer.
  'viewer@6': unchanged(7),
  // No player told of playlists that a cache had held for too long.
  'viewer@7': unchanged(8),
  'viewer@8': viewerWithGrants,
  // Who took a right back was known by what rights go by alone.
  'viewer@9': unchanged(10),
  // No player told of a queue that grew before it.
  'viewer@10': unchanged(11),
  // Nobody was cut at a relay that was taken out.
  'viewer@11': unchanged(12),
  // No player told which of its pictures had come whole.
  'viewer@12': unchanged(13),
  // Nobody was led away from a rung that came late.
  'viewer@13': unchanged(14),
  // Who was not let in for want of a relay was not told of, nobody who was connecting heard that a connection of his was
  // gone, and nobody told why figures say nothing of a network.
  'viewer@14': unchanged(15),
  'viewer@15': viewerWithOwn,
  // Nobody whom an incident let in looked back.
  'incident@2': unchanged(3),
};

/** Thrown when a record is newer than this program. */
export class NewerRecord extends Error {
  override name = 'NewerRecord';
}

/**
 * Brings an old record up to the present version, one version at a time.
 * @throws NewerRecord when it was written by a later program: update this one before reading it
 */
export function upcast(record: JournalRecord): JournalRecord {
  const present = VERSIONS[record.kind];
  if (record.version > present) {
    throw new NewerRecord(
      `record ${record.id} of ${record.kind} ${record.cell} has version ${record.version}, this program knows ${present}`,
    );
  }
  let current = record;
  while (current.version < present) {
    const step = steps[`${current.kind}@${current.version}`];
    if (!step) throw new Error(`no step from version ${current.version} of ${current.kind}`);
    current = step(current);
  }
  return current;
}

/** Version 2 of a viewer knows a standby relay, and of each leg and seat at which relay and on which path it is. */
function viewerWithStandby(record: JournalRecord): JournalRecord {
  const after = record.after as { context: Record<string, unknown> };
  const { camera, relay, legs } = after.context as { camera: string; relay: string; legs: Record<string, object> };
  const added: Record<string, object> = {
    'viewer.requested': { standby: '' },
    'leg.opened': { path: camera },
    'seat.taken': { relay },
    'seat.left': { relay },
  };
  const withPath = Object.fromEntries(Object.entries(legs).map(([name, leg]) => [name, { path: camera, ...leg }]));
  return {
    ...record,
    version: 2,
    heard: record.heard.map((heard) => ({ ...heard, ...added[heard.type] })),
    after: { ...after, context: { ...after.context, standby: '', legs: withPath } },
  };
}

/** Version 4 of a viewer moves between rungs: it was in the camera's own until then, unless it watched over HLS. */
function viewerWithRungs(record: JournalRecord): JournalRecord {
  const after = record.after as { context: Record<string, unknown> };
  const ladder = after.context.protocol === 'hls';
  const added: Record<string, object> = {
    'path.degraded': { kbps: 0, rungs: [] },
    'path.recovered': { kbps: 0, rungs: [] },
  };
  return {
    ...record,
    version: 4,
    heard: record.heard.map((heard) => ({ ...heard, ...added[heard.type] })),
    after: { ...after, context: { ...after.context, fixed: false, ladder, turns: [] } },
  };
}

/**
 * Version 16 of a viewer is told which rung is the camera's own, where it is one of those that it moves between: until then
 * that was the first. Nobody was moved for the sake of balance, no way up was tried unseen, and who was to leave a drained relay
 * and was not taken over in time was ended under a good picture.
 */
function viewerWithOwn(record: JournalRecord): JournalRecord {
  const withOwn = (heard: JournalRecord['heard'][number]) => {
    const { rungs } = heard as { rungs?: object[] };
    return rungs ? { ...heard, rungs: rungs.map((rung, index) => (index > 0 ? rung : { ...rung, own: true })) } : heard;
  };
  return { ...record, version: 16, heard: record.heard.map(withOwn) };
}

/** Version 9 of a viewer knows of each camera that an incident opened how far back: until then none was for looking back. */
function viewerWithGrants(record: JournalRecord): JournalRecord {
  const after = record.after as { context: Record<string, unknown> };
  const known = <T extends { subject?: unknown }>(holder: T): T => {
    const subject = holder.subject as { granted?: string[] } | undefined;
    if (!subject?.granted) return holder;
    return { ...holder, subject: { ...subject, granted: subject.granted.map((camera) => ({ camera })) } };
  };
  return {
    ...record,
    version: 9,
    heard: record.heard.map((heard) => known(heard as JournalRecord['heard'][number] & { subject?: unknown })),
    after: { ...after, context: known(after.context) },
  };
}
