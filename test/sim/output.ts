import type { Id } from '../../bus/identity.ts';
import { rungsNamed } from '../../machines/policy/ladder.ts';
import type { Chance } from './chance.ts';

interface Said {
  type: string;
  [field: string]: unknown;
}

/** What a camera's ladder is told, by its settings and by what may be too much for the machine. */
export function renditionActs(chance: Chance): Said[] {
  return [ladder(chance), { type: 'ladder.held', why: { trigger: 'capacity', text: 'x' } }, { type: 'ladder.freed' }];
}

/** A ladder's settings. */
export const ladder = (chance: Chance): Said => ({
  type: 'rendition.configured',
  zone: 'hcm/center',
  rungs: rungsNamed(chance.pick([['720p', '360p'], ['480p']])),
  keep: chance.pick(['on-demand', 'warm']),
});

/** What a camera's recording is told: by its settings, by incidents and by who marks a stretch of it. */
export function recordingActs(chance: Chance, now: number): Said[] {
  const holder = chance.pick(['inc_1', 'inc_2']);
  return [
    recorder(chance),
    { type: 'recording.demanded', holder },
    { type: 'recording.released', holder },
    { type: 'recording.protected', holder: 'mark_1', from: now - 1_000, to: now, name: 'Theft', by: 'hoa' },
    { type: 'recording.unprotected', holder: 'mark_1', by: 'lan' },
  ];
}

/** A recording's settings. */
export const recorder = (chance: Chance): Said => ({
  type: 'recording.configured',
  zone: 'hcm/center',
  wanted: chance.happens(0.5),
  keep_ms: 3_600_000,
});

/** Where a camera's motors are. */
export const motors: Said = { type: 'ptz.configured', zone: 'hcm/center', url: 'http://127.0.0.1:9/onvif' };

/** What a camera with motors is told, by people of whom one may send the other away. */
export function ptzActs(chance: Chance): Said[] {
  const said = chance.pick([
    { by: 'hoa', role: 'operator' },
    { by: 'lan', role: 'operator' },
    { by: 'root', role: 'admin' },
  ]);
  return [
    motors,
    { type: 'ptz.move', ...said, pan: chance.pick([-1, 0.5]), tilt: 0, zoom: 0, for_ms: chance.pick([100, 2_000]) },
    { type: 'ptz.move', ...said, pan: 0, tilt: 0, zoom: 1, for_ms: 1_000 },
    { type: 'ptz.preset', ...said, preset: '1', name: 'gate' },
    { type: 'ptz.stop', ...said },
  ];
}

/** That a camera's sound may be listened to. */
export const audible: Said = { type: 'sound.configured', zone: 'hcm/center' };

/** What the sound of a camera is told: who listens, and whether there is a picture. */
export function soundActs(chance: Chance): Said[] {
  const viewer = chance.pick(['ses_1', 'ses_2']);
  return [
    audible,
    { type: 'audience.joined', viewer },
    { type: 'audience.joined', viewer },
    { type: 'audience.left', viewer },
    { type: 'audience.left', viewer },
    { type: 'camera.watchable' },
    { type: 'camera.watchable' },
    { type: 'camera.dark', detail: 'x' },
  ];
}

/** Something is wrong with a camera. */
export const trouble = (camera: Id, cause: 'no-source' | 'frozen'): Said => ({
  type: 'cause.present',
  ...{ cause, about: { kind: 'camera', id: camera }, title: 'Camera', text: 'x' },
  ...{ cameras: [camera], zone: 'hcm/center' },
});

/** What an alarm is told: its cause comes and goes, and somebody takes care of it. */
export const alarmActs = (camera: Id, cause: 'no-source' | 'frozen'): Said[] => [
  trouble(camera, cause),
  { type: 'cause.gone', text: 'x' },
  { type: 'alarm.acknowledged', by: 'lan' },
];

/** Somebody asks for a broadcast of a camera. */
export const broadcast = (camera: Id): Said => ({
  type: 'broadcast.requested',
  ...{ camera, zone: 'hcm/center', destination: 'city-tv', to: 'rtmp://127.0.0.1/live' },
  ...{ relay: 'relay-1', by: 'hoa', picture: true },
});

/** What a broadcast is told. */
export function broadcastActs(chance: Chance): Said[] {
  const relay = chance.pick(['relay-1', 'relay-2']);
  return [
    { type: 'broadcast.stopped', by: 'hoa' },
    { type: 'broadcast.moved', relay, why: { trigger: 'pushing', text: 'x' } },
    { type: 'broadcast.held', why: { trigger: 'bandwidth', text: 'x' } },
    { type: 'broadcast.freed' },
  ];
}

/** Somebody declares an incident. */
export const incident = (camera: Id, chance: Chance, now: number): Said => ({
  type: 'incident.declared',
  ...{ zone: '', cameras: [camera], reason: 'fire', by: 'hoa', drill: chance.happens(0.5) },
  ...{ until: now + chance.pick([30_000, 600_000]), destinations: [], grants: { roles: [], subjects: [] } },
});

/** What an incident is told. */
export function incidentActs(chance: Chance, now: number): Said[] {
  return [
    { type: 'incident.raised', cameras: 1, broadcasts: 0, best: chance.happens(0.5), failed: [] },
    { type: 'incident.renewed', until: now + chance.pick([30_000, 600_000]), by: 'hoa' },
    { type: 'incident.ended', by: 'hoa' },
  ];
}

const measured = {
  type: 'program.measured',
  ...{ codec: 'h264', width: 1280, height: 720, fps: 30, gop_ms: 2_000, reordered: false },
  ...{ bitrate_bps: 2_100_000, audio: false },
};

/** What those who work on a camera's output may report, by the slot that they fill. */
export function outputReports(
  chance: Chance,
): Record<'measure' | 'ladder' | 'push' | 'record' | 'drive' | 'opus', Said[]> {
  const relay = chance.pick(['relay-1', 'relay-2']);
  return {
    measure: [measured],
    ladder: [
      { type: 'ladder.flowing', elapsed_ms: 1 },
      { type: 'ladder.flowing', elapsed_ms: 1 },
      { type: 'ladder.late', late_ms: 4_850 },
      { type: 'ladder.caught-up' },
      { type: 'ladder.ended', reason: 'exited', detail: 'x' },
    ],
    push: [
      { type: 'push.flowing', relay, bytes: 1, elapsed_ms: 1, confirmed: chance.happens(0.5) },
      { type: 'push.silent', relay, silent_ms: 2_000 },
      { type: 'push.refused', relay, detail: 'x', ...(chance.happens(0.2) && { fatal: true }) },
      { type: 'push.ended', relay, cause: 'hung', detail: 'x' },
    ],
    record: [
      { type: 'recorder.growing', elapsed_ms: 1 },
      { type: 'recorder.growing', elapsed_ms: 1 },
      { type: 'recorder.silent', silent_ms: 3_000, detail: 'x' },
      { type: 'recorder.full', free_bytes: 0 },
      { type: 'recorder.segment', source: chance.pick(['0', '1']), begun_at: 1, bytes: 1 },
    ],
    opus: [
      { type: 'opus.flowing', elapsed_ms: 1 },
      { type: 'opus.flowing', elapsed_ms: 1 },
      { type: 'opus.ended', reason: 'none', detail: 'x' },
      { type: 'opus.ended', reason: chance.pick(['silent', 'exited', 'relay']), detail: 'x' },
    ],
    drive: [
      { type: 'drive.done', elapsed_ms: 1 },
      { type: 'drive.failed', reason: 'timeout', detail: 'x' },
    ],
  };
}
