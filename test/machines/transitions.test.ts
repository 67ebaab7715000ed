import { expect } from 'chai';
import {
  type AnyEventObject,
  type AnyMachineSnapshot,
  type AnyStateMachine,
  type AnyStateNode,
  getMicrosteps,
  initialTransition,
} from 'xstate';
import { CATALOG } from '../../bus/catalog.ts';
import { alarmMachine } from '../../machines/alarm.ts';
import { broadcastMachine } from '../../machines/broadcast.ts';
import type { CameraContext } from '../../machines/camera/context.ts';
import { cameraMachine } from '../../machines/camera.ts';
import { incidentMachine } from '../../machines/incident.ts';
import { laws } from '../../machines/laws.ts';
import { rungsNamed } from '../../machines/policy/ladder.ts';
import { ptzMachine } from '../../machines/ptz.ts';
import { type RecordingContext, recordingMachine } from '../../machines/recording.ts';
import { relayMachine } from '../../machines/relay.ts';
import { renditionMachine } from '../../machines/rendition.ts';
import { soundMachine } from '../../machines/sound.ts';
import type { ViewerContext } from '../../machines/viewer/context.ts';
import { viewerMachine } from '../../machines/viewer.ts';
import { answers, ends, fails, feeds, flows, holds } from '../fakes/source.ts';

const settings = (keep: string, url = 'rtsp://127.0.0.1/a', eye = true, backups: string[] = []) => ({
  name: 'North gate',
  zone: 'hcm/airport',
  sources: [{ id: '0', url }, ...backups.map((id) => ({ id, url: `rtsp://127.0.0.1/${id}` }))],
  keep,
  eye,
});
const alarms = (...names: string[]) => names.map((name) => ({ type: 'alarm.rang', name }));
/** What the sources of a camera report, those whose source is not named. */
const reportsOf = (source: string) => [
  answers(source),
  fails(source),
  flows(source),
  { type: 'source.silent', source, silent_ms: 900 },
  ends(source),
  { type: 'source.aside', source, reason: 'codec', detail: 'x' },
  { type: 'intake.refused', source, detail: 'x' },
];
const subject = { sub: 'lan', role: 'viewer', cameras: ['cam_001'], zones: [], iat: 1 };
const request = {
  type: 'viewer.requested',
  ...{ camera: 'cam_001', zone: 'hcm/center', subject, protocol: 'webrtc', quality: '720p', address: '127.0.0.1' },
  ...{ expires_at: 9_000, held: 0, quota: 2, relay: 'relay-1', standby: 'relay-2' },
};

const low = { quality: '480p', ladder: true };
const shown = {
  ...{ leg: 'a', after_ms: 1_000, loss: 0.1, fps: 20, kbps: 900 },
  rungs: [
    { name: '720p', bitrate_bps: 2_000_000, own: true },
    { name: '480p', bitrate_bps: 600_000 },
    { name: '360p', bitrate_bps: 500_000 },
  ],
};

/** A walk with these events, again and again. */
interface Walk {
  events: AnyEventObject[];
  /** Whether how often a source fell matters: it makes a walk long. */
  counting?: boolean;
}
const measured = {
  type: 'program.measured',
  ...{ codec: 'h264', width: 1280, height: 720, fps: 30, gop_ms: 2_000, reordered: false },
  ...{ bitrate_bps: 2_100_000, audio: false },
};

/** Each machine with one of every event it may hear, and of those whose content decides, one of every sort. */
const machines: Record<string, { machine: AnyStateMachine; walks: Walk[] }> = {
  camera: {
    machine: cameraMachine,
    walks: [
      {
        events: [
          { type: 'camera.configured', settings: settings('warm') },
          { type: 'camera.configured', settings: settings('warm', 'rtsp://127.0.0.1/b') },
          { type: 'camera.configured', settings: settings('warm', 'rtsp://127.0.0.1/a', false) },
          { type: 'camera.configured', settings: settings('on-demand') },
          { type: 'camera.removed' },
          { type: 'audience.joined', viewer: 'v1' },
          { type: 'audience.left', viewer: 'v1' },
          ...reportsOf('0'),
          feeds('0'),
          holds('0'),
          { type: 'intake.lost', detail: 'x' },
          { type: 'program.lost', detail: 'x' },
          { type: 'program.restored' },
          { type: 'eye.frozen', still_ms: 8_000 },
          { type: 'eye.moved' },
          ...alarms('opening:0', 'silence:0', 'quarantine:0', 'linger', 'reconsider'),
        ],
      },
      {
        events: [
          { type: 'camera.configured', settings: settings('warm', 'rtsp://127.0.0.1/a', false, ['1']) },
          { type: 'camera.configured', settings: settings('warm', 'rtsp://127.0.0.1/a', false) },
          ...['0', '1'].flatMap((source) => [answers(source), fails(source), flows(source), ends(source)]),
          feeds('0', { from: '1', trigger: 'ordered' }),
          feeds('1', { from: '0', trigger: 'ended' }),
          holds('0'),
          { type: 'source.aside', source: '1', reason: 'codec', detail: 'x' },
          { type: 'program.lost', detail: 'x' },
          { type: 'program.restored' },
          { type: 'source.chosen', source: '1' },
          { type: 'source.chosen', source: 'auto' },
          { type: 'eye.frozen', still_ms: 8_000 },
          { type: 'alarm.rang', name: 'reconsider', at: 90_000 },
        ],
      },
      {
        events: [
          { type: 'camera.configured', settings: settings('warm', 'rtsp://127.0.0.1/a', false, ['1', '2']) },
          { type: 'camera.configured', settings: settings('warm', 'rtsp://127.0.0.1/a', false, ['1']) },
          ...[answers('2'), flows('2'), ends('2')],
        ],
      },
      {
        events: [
          { type: 'camera.configured', settings: settings('warm', 'rtsp://127.0.0.1/a', false, ['1']) },
          ...[answers('0'), flows('0'), ends('0'), feeds('0'), answers('1', 'H265')],
          ...[flows('1'), { ...flows('1'), detail: 'x' }, feeds('1', { from: 'slate', trigger: 'ended' })],
          { type: 'source.aside', source: '1', reason: 'codec', detail: 'x' },
          ...alarms('opening:1'),
        ],
      },
      {
        counting: true,
        events: [
          {
            ...{ type: 'publisher.came', source: '0' },
            publisher: { id: 'c', person: 'p', protocol: 'srt', network: 'private', since: 1, iat: 1 },
          },
          { type: 'publisher.left', source: '0', reason: 'left' },
          {
            ...{ type: 'publisher.misplaced', source: '0', intake: 'intake-2', own: 'intake-1', because: 'x' },
            publisher: { id: 'd', person: 'q', protocol: 'rtmp', network: 'private', since: 1, iat: 1 },
          },
          { type: 'camera.configured', settings: settings('warm') },
          ...[answers(), flows(), { type: 'source.silent', source: '0', silent_ms: 900 }, ends()],
          ...alarms('silence:0', 'quarantine:0'),
        ],
      },
    ],
  },
  viewer: {
    machine: viewerMachine,
    walks: [
      {
        events: [
          request,
          { ...request, held: 2 },
          { type: 'leg.opened', leg: 'a', relay: 'relay-1', path: 'cam_001', relay_session: 'r1' },
          { type: 'leg.opened', leg: 'b', relay: 'relay-2', path: 'departure/cam_001/1', relay_session: 'r2' },
          { type: 'leg.playing', leg: 'a', first_frame_ms: 1 },
          { type: 'leg.playing', leg: 'b', gap_ms: 120, silent_ms: 100 },
          { type: 'leg.closed', leg: 'a' },
          { type: 'leg.closed', leg: 'b' },
          { type: 'leg.refused', leg: 'a', detail: 'x' },
          { type: 'seat.taken', relay: 'relay-1', relay_session: 'r1' },
          { type: 'seat.left', relay: 'relay-1', relay_session: 'r1' },
          { type: 'seat.left', relay: 'relay-1', relay_session: 'other' },
          { type: 'relay.lost', relay: 'relay-1', reason: 'dead' },
          { type: 'relay.lost', relay: 'relay-2', reason: 'restarted' },
          { type: 'relay.lost', relay: 'relay-1', reason: 'removed' },
          { type: 'standby.chosen', relay: 'relay-2' },
          { type: 'move.begun', leg: 'b', relay: 'relay-2', reason: 'draining', detect_ms: 0, decide_ms: 1 },
          { type: 'move.begun', leg: 'b', relay: 'relay-2', reason: 'silence', detect_ms: 260, decide_ms: 0 },
          { type: 'path.degraded', ...shown, rungs: [] },
          { type: 'path.recovered', ...shown, rungs: [] },
          { type: 'path.excused', leg: 'a', loss: 0.3, fps: 30, kbps: 900, queue_ms: 90, busy_ms: 180 },
          { type: 'playlist.stale', held_ms: 9_000, allowed_ms: 2_000 },
          { type: 'viewer.renewed', expires_at: 10_000 },
          { type: 'viewer.revoked', by: 'x', reason: 'x' },
          { type: 'viewer.displaced', by: 'ses_other' },
          { type: 'viewer.closed' },
          { type: 'camera.removed' },
          ...['connect', 'expiry', 'move'].map((name) => ({ type: 'alarm.rang', name })),
        ],
      },
      {
        events: [
          request,
          { type: 'leg.opened', leg: 'a', relay: 'relay-1', path: 'cam_001', relay_session: 'r1' },
          { type: 'leg.opened', leg: 'b', relay: 'relay-1', path: 'cam_001/480p', ...low, relay_session: 'r2' },
          ...['a', 'b'].map((leg) => ({ type: 'leg.playing', leg, gap_ms: 67 })),
          ...['a', 'b'].map((leg) => ({ type: 'leg.closed', leg })),
          { type: 'leg.refused', leg: 'b', detail: 'x' },
          { type: 'seat.taken', relay: 'relay-1', relay_session: 'r1' },
          ...['r1', 'r2'].map((session) => ({ type: 'seat.left', relay: 'relay-1', relay_session: session })),
          { type: 'path.degraded', ...shown },
          { type: 'path.degraded', ...shown, collapsed: true },
          { type: 'path.degraded', ...shown, received_fps: 30 },
          { type: 'path.recovered', ...shown },
          { type: 'rung.late', leg: 'b', late_ms: 4_850, rungs: shown.rungs },
          { type: 'alarm.rang', name: 'move' },
        ],
      },
      {
        events: [
          request,
          { type: 'leg.opened', leg: 'a', relay: 'relay-1', path: 'cam_001', relay_session: 'r1', quality: '720p' },
          { type: 'leg.opened', leg: 'b', relay: 'relay-1', path: 'cam_001/480p', relay_session: 'r2', ...low },
          ...['a', 'b'].map((leg) => ({ type: 'leg.playing', leg, gap_ms: 67 })),
          { type: 'bandwidth.allotted', rung: '480p', lifted: false, rungs: shown.rungs },
          { type: 'bandwidth.allotted', rung: '720p', lifted: true, rungs: shown.rungs },
          { type: 'bandwidth.denied', why: { trigger: 'bandwidth', text: 'x' } },
          { type: 'path.recovered', ...shown },
        ],
      },
      {
        events: [
          request,
          { type: 'leg.opened', leg: 'a', relay: 'relay-1', path: 'cam_001', relay_session: 'r1' },
          { type: 'leg.opened', leg: 'c', relay: 'relay-2', path: 'cam_001', relay_session: 'r3' },
          ...['a', 'c'].map((leg) => ({ type: 'leg.playing', leg, gap_ms: 67 })),
          ...['relay-1', 'relay-2'].map((relay) => ({ type: 'relay.lost', relay, reason: 'dead' })),
          { type: 'move.begun', leg: 'c', relay: 'relay-2', reason: 'draining', detect_ms: 0, decide_ms: 1 },
          { type: 'leg.refused', leg: 'c', relay: 'relay-2', detail: 'x' },
          { type: 'move.begun', leg: 'c', relay: 'relay-2', reason: 'rebalance', detect_ms: 0, decide_ms: 0 },
          { type: 'leg.closed', leg: 'c' },
          { type: 'alarm.rang', name: 'move' },
          { type: 'path.degraded', ...shown, collapsed: true },
        ],
      },
    ],
  },
  relay: {
    machine: relayMachine,
    walks: [
      {
        events: [
          { type: 'relay.configured', role: 'delivery', region: 'hcm', weight: 3 },
          { type: 'relay.configured', role: 'delivery', region: 'hcm', weight: 3, pull: [] },
          { type: 'relay.upstream', upstream: 'relay-2', why: { trigger: 'x', text: 'x' } },
          { type: 'relay.answering', instance: 'A' },
          { type: 'relay.answering', instance: 'B' },
          { type: 'relay.missed', silent_ms: 300, detail: 'x' },
          { type: 'relay.exited', detail: 'x' },
          { type: 'pulse.beating', round_trip_ms: 1 },
          { type: 'pulse.missed', silent_ms: 300, detail: 'x' },
          { type: 'relay.drain', by: 'x' },
          { type: 'relay.resume', by: 'x' },
          { type: 'relay.emptied' },
          { type: 'relay.removed', runs: true },
          { type: 'relay.removed', runs: true, grace_ms: 2_000 },
          { type: 'relay.removed', runs: false },
          { type: 'media.seen', session: 'ses_1' },
          { type: 'paths.provisioned', instance: 'A', paths: 1, elapsed_ms: 1 },
          { type: 'paths.provisioned', instance: 'B', paths: 1, elapsed_ms: 1 },
          { type: 'paths.refused', detail: 'x' },
          { type: 'alarm.rang', name: 'dead' },
          { type: 'alarm.rang', name: 'again' },
          { type: 'alarm.rang', name: 'leave' },
        ],
      },
    ],
  },
  incident: {
    machine: incidentMachine,
    walks: [
      {
        events: [
          {
            type: 'incident.declared',
            ...{ zone: '', cameras: ['cam_001'], reason: 'fire', by: 'hoa', until: 9_000_000, drill: false },
            ...{ destinations: [], grants: { roles: [], subjects: [] } },
          },
          {
            type: 'incident.declared',
            ...{ zone: '', cameras: ['cam_001'], reason: 'fire', by: 'hoa', until: 2_000, drill: true },
            ...{ destinations: [], grants: { roles: [], subjects: [] } },
          },
          { type: 'incident.raised', cameras: 1, broadcasts: 0, best: true, failed: [] },
          { type: 'incident.renewed', until: 10_000_000, by: 'hoa' },
          { type: 'incident.renewed', until: 2_000, by: 'hoa' },
          { type: 'incident.ended', by: 'hoa' },
          ...['warn', 'end'].map((name) => ({ type: 'alarm.rang', name })),
        ],
      },
    ],
  },
  broadcast: {
    machine: broadcastMachine,
    walks: [
      {
        events: [
          {
            type: 'broadcast.requested',
            ...{ camera: 'cam_001', zone: 'hcm/center', destination: 'city-tv', to: 'rtmp://127.0.0.1/live' },
            ...{ relay: 'relay-1', by: 'hoa', picture: true },
          },
          { type: 'broadcast.stopped', by: 'hoa' },
          { type: 'broadcast.moved', relay: 'relay-2', why: { trigger: 'pushing', text: 'x' } },
          { type: 'push.flowing', relay: 'relay-1', bytes: 1, elapsed_ms: 1, confirmed: false },
          { type: 'push.silent', relay: 'relay-1', silent_ms: 2_000 },
          { type: 'push.refused', relay: 'relay-1', detail: 'x' },
          { type: 'push.refused', relay: 'relay-1', detail: 'x', fatal: true },
          { type: 'push.refused', relay: 'relay-2', detail: 'x' },
          { type: 'push.ended', relay: 'relay-1', cause: 'hung', detail: 'x' },
          { type: 'push.reconnected', relay: 'relay-1', gap_ms: 700 },
          { type: 'push.slow', relay: 'relay-1', speed: 0.5 },
          { type: 'push.steady', relay: 'relay-1' },
          { type: 'push.lagging', relay: 'relay-1', taken: 0.4, for_ms: 5_000 },
          { type: 'push.lagging', relay: 'relay-1', taken: 0.4, for_ms: 20_000 },
          { type: 'broadcast.held', why: { trigger: 'bandwidth', text: 'x' } },
          { type: 'broadcast.freed' },
          { type: 'camera.showing', picture: false, state: 'holding' },
          { type: 'camera.showing', picture: true, state: 'live' },
          ...['connect', 'retry'].map((name) => ({ type: 'alarm.rang', name })),
        ],
      },
    ],
  },
  recording: {
    machine: recordingMachine,
    walks: [
      {
        events: [
          { type: 'recording.configured', zone: 'hcm', wanted: true, keep_ms: 1_000 },
          { type: 'recording.configured', zone: 'hcm', wanted: false, keep_ms: 1_000 },
          { type: 'recording.demanded', holder: 'inc_1' },
          { type: 'recording.released', holder: 'inc_1' },
          { type: 'recording.protected', holder: 'mark_1', from: 1, to: 2 },
          { type: 'recording.protected', holder: 'mark_2', from: 1, to: 2, name: 'Theft', by: 'hoa' },
          { type: 'recording.unprotected', holder: 'mark_1' },
          { type: 'recording.unprotected', holder: 'mark_2', by: 'hoa' },
          { type: 'recording.removed' },
          { type: 'camera.watchable', source: '0' },
          { type: 'camera.watchable', source: '1' },
          { type: 'camera.dark', detail: 'x' },
          { type: 'recorder.growing', elapsed_ms: 1 },
          { type: 'recorder.silent', silent_ms: 3_000, detail: 'x' },
          { type: 'recorder.full', free_bytes: 0 },
          { type: 'recorder.segment', source: '0', begun_at: 1, bytes: 1 },
          { type: 'camera.resized', width: 640, height: 360 },
        ],
      },
    ],
  },
  alarm: {
    machine: alarmMachine,
    walks: [
      ...(['no-source', 'frozen', 'ends-soon'] as const).map((cause) => ({
        events: [
          {
            ...{ type: 'cause.present', cause, about: { kind: 'camera', id: 'cam_001' } },
            ...{ title: 'North gate', text: 'offline', cameras: ['cam_001'], zone: 'hcm' },
          },
          { type: 'cause.gone', text: 'live' },
          { type: 'alarm.acknowledged', by: 'lan', note: 'on my way' },
          ...alarms('raise', 'clear'),
        ],
      })),
    ],
  },
  ptz: {
    machine: ptzMachine,
    walks: [
      {
        events: [
          { type: 'ptz.configured', zone: 'hcm', url: 'http://127.0.0.1/onvif/device_service' },
          { type: 'ptz.move', by: 'lan', role: 'operator', pan: 1, tilt: 0, zoom: 0, for_ms: 1_000 },
          { type: 'ptz.move', by: 'lan', role: 'operator', pan: 0, tilt: 1, zoom: 0, for_ms: 1_000 },
          { type: 'ptz.move', by: 'minh', role: 'operator', pan: 0, tilt: 0, zoom: 1, for_ms: 1_000 },
          { type: 'ptz.move', by: 'anna', role: 'admin', pan: 0, tilt: 0, zoom: 1, for_ms: 1_000 },
          { type: 'ptz.stop', by: 'minh', role: 'operator' },
          { type: 'ptz.preset', by: 'lan', role: 'operator', preset: '1', name: 'Gate' },
          { type: 'ptz.preset', by: 'minh', role: 'operator', preset: '1', name: 'Gate' },
          { type: 'ptz.save', by: 'lan', role: 'operator', name: 'Dock' },
          { type: 'ptz.save', by: 'minh', role: 'operator', name: 'Dock' },
          { type: 'ptz.removed' },
          { type: 'drive.done', elapsed_ms: 5 },
          { type: 'drive.failed', reason: 'timeout', detail: 'it does not answer' },
          ...alarms('end'),
        ],
      },
    ],
  },
  sound: {
    machine: soundMachine,
    walks: [
      {
        events: [
          { type: 'sound.configured', zone: 'hcm' },
          { type: 'sound.removed' },
          { type: 'audience.joined', viewer: 'v1' },
          { type: 'audience.joined', viewer: 'v2' },
          { type: 'audience.left', viewer: 'v1' },
          { type: 'audience.left', viewer: 'v2' },
          { type: 'camera.watchable' },
          { type: 'camera.dark', detail: 'x' },
          { type: 'opus.flowing', elapsed_ms: 1 },
          { type: 'opus.ended', reason: 'none', detail: 'x' },
          { type: 'opus.ended', reason: 'exited', detail: 'x' },
          ...alarms('linger', 'again', 'forgiven'),
        ],
      },
    ],
  },
  rendition: {
    machine: renditionMachine,
    walks: [
      {
        events: [
          { type: 'rendition.configured', zone: 'hcm', rungs: rungsNamed(['720p', '360p']), keep: 'on-demand' },
          { type: 'rendition.configured', zone: 'hcm', rungs: rungsNamed(['720p', '360p']), keep: 'warm' },
          { type: 'rendition.configured', zone: 'hcm', rungs: rungsNamed(['480p']), keep: 'on-demand' },
          { type: 'rendition.removed' },
          { type: 'audience.joined', viewer: 'v1' },
          { type: 'audience.joined', viewer: 'v2' },
          { type: 'audience.left', viewer: 'v1' },
          { type: 'camera.watchable' },
          { type: 'camera.dark', detail: 'x' },
          measured,
          { type: 'program.changed', detail: 'x' },
          { type: 'ladder.flowing', elapsed_ms: 1 },
          { type: 'ladder.late', late_ms: 4_850 },
          { type: 'ladder.caught-up' },
          { type: 'ladder.ended', reason: 'exited', detail: 'x' },
          { type: 'ladder.held', why: { trigger: 'capacity', text: 'x' } },
          { type: 'ladder.freed' },
          ...['linger', 'again', 'forgiven'].map((name) => ({ type: 'alarm.rang', name })),
        ],
      },
    ],
  },
};

/** All transitions that a machine declares with a target, as `node on event → target`. */
function declared(node: AnyStateNode): string[] {
  const own = [...node.transitions.values()].flat().map((one) => label(one));
  return [...own, ...Object.values(node.states).flatMap(declared)];
}

/** All states that a machine has. */
function statesOf(node: AnyStateNode): string[] {
  return [nameOf(node), ...Object.values(node.states).flatMap(statesOf)];
}

/** Every source of a camera has the same statechart. */
const once = (text: string): string => text.replaceAll(/(further\.some\.)?source\d/g, 'source');
const nameOf = ({ id }: { id: string }): string => once(id);

const label = (one: { source: { id: string }; eventType: string; target?: readonly { id: string }[] }): string =>
  once(`${one.source.id} on ${one.eventType} → ${one.target?.map(({ id }) => id).join() ?? 'stays'}`);

const asLabel = (one: unknown): string => label(one as Parameters<typeof label>[0]);

/** What can matter for the next step; counters would make the walk endless, and times or reasons decide nothing. */
function essence(snapshot: AnyMachineSnapshot, counting: boolean): string {
  const {
    falls,
    attempts,
    since,
    why,
    deadline,
    expires_at,
    audience,
    lostAt,
    lingerUntil,
    chosenAt,
    choice,
    standings,
    first_frame_ms,
    legs,
    move,
    turns,
    protections,
    seenAt,
    raisedAt,
    raisings,
    gone,
    acknowledged,
    ...rest
  } = snapshot.context;
  const fewOf = (times?: number[]) => Math.min(times?.length ?? 0, 6);
  const known = Object.entries((standings ?? {}) as CameraContext['standings']);
  const sources = known.map(([id, { state, frozen, ...standing }]) => {
    return [id, state, frozen, counting ? fewOf(standing.falls) : 0];
  });
  const chosen = choice && [choice.source, choice.armed, choice.reconsiderAt !== undefined];
  const seats = Object.entries((legs ?? {}) as ViewerContext['legs']).map(
    ([leg, { relay, quality }]) => `${leg} at ${relay} in ${quality}`,
  );
  const way = move && [move.reason, move.leg, move.rung?.name];
  const held = ((protections ?? []) as RecordingContext['protections']).map(({ holder, to }) =>
    [holder, to === undefined].join(),
  );
  const watched = [...((audience ?? []) as string[])].sort();
  const parts = { watched, held: [...new Set(held)], sources, chosen, seats: seats.sort(), way };
  const few = { ...rest, settings: rest.settings?.keep, few: fewOf(falls), bound: deadline > 0, ...parts };
  return JSON.stringify([snapshot.value, few]);
}

/** Everything happens at this time, and what waits for one rings then. */
const AT = 1_000;

/** What the parts of a machine tell each other while it moves. */
const WITHIN = { type: 'standings.changed', id: 'e', at: AT };

/** One event in one state: the transitions that it sets off, those within the same step included, and where they lead. */
function step(machine: AnyStateMachine, state: AnyMachineSnapshot, event: AnyEventObject) {
  const taken = machine.getTransitionData(state as never, event as never);
  // What is over goes nowhere, whatever it hears.
  if (taken.length === 0 || state.status !== 'active')
    return { taken: taken.map(asLabel), through: [state], next: state };
  const between = getMicrosteps(machine, state as never, event).map(([snapshot]) => snapshot as AnyMachineSnapshot);
  const within = between.flatMap((one) => machine.getTransitionData(one as never, WITHIN as never));
  return { taken: [...taken, ...within].map(asLabel), through: between, next: between.at(-1) ?? state };
}

/**
 * Goes every way that the events lead, on from each essence of a state once.
 * @param judge looks at every state that an event leads to, also at those whose essence is known
 * @returns the transitions that were taken, the states that were seen, those left again within a step included, and what
 *   the cell became for those who look at it
 */
function walk(
  machine: AnyStateMachine,
  { events, counting = false }: Walk,
  judge: (state: AnyMachineSnapshot) => void,
): { taken: Set<string>; seen: Set<string>; became: Set<string> } {
  const begin = initialTransition(machine, { id: 'cam_001' })[0] as AnyMachineSnapshot;
  const known = new Set([essence(begin, counting)]);
  const ahead = [begin];
  const all = { taken: new Set<string>(), seen: new Set<string>(), became: new Set<string>() };
  for (const state of ahead) {
    for (const event of events) {
      const { taken, through, next } = step(machine, state, event);
      for (const one of taken) all.taken.add(one);
      for (const node of through.flatMap(({ _nodes }) => _nodes)) all.seen.add(nameOf(node));
      if (next.context.state !== 'new') all.became.add(next.context.state);
      judge(next);
      const key = essence(next, counting);
      if (!known.has(key)) ahead.push(next);
      known.add(key);
    }
  }
  return all;
}

for (const [name, { machine, walks }] of Object.entries(machines)) {
  describe(`every way through a ${name}`, () => {
    it('is walked, each state seen and each transition leading where it says, the laws holding after each step', function () {
      this.timeout(120_000);
      const taken = new Set<string>();
      const seen = new Set<string>();
      const became = new Set<string>();
      for (const { events, counting } of walks) {
        const stamped = events.map((event, index) => ({ id: `e${index}`, at: AT, ...event }));
        const judge = (state: AnyMachineSnapshot) => {
          const fault = laws[name as keyof typeof laws](state.context as never, [...state.tags] as string[], AT);
          if (fault) expect.fail(`${name} in ${JSON.stringify(state.value)}: ${fault}`);
        };
        const walked = walk(machine, { events: stamped, ...(counting ? { counting } : {}) }, judge);
        for (const one of walked.taken) taken.add(one);
        for (const one of walked.seen) seen.add(one);
        for (const one of walked.became) became.add(one);
      }
      const ways = [...new Set(declared(machine.root))];
      const states = [...new Set(statesOf(machine.root))];
      const covered = (all: string[], which: Set<string>) =>
        `${all.filter((one) => which.has(one)).length} of ${all.length}`;
      console.log(`      ${name}: ${covered(states, seen)} states, ${covered(ways, taken)} transitions`);
      expect(ways.filter((one) => !taken.has(one))).to.deep.equal([]);
      expect(states.filter((one) => !seen.has(one))).to.deep.equal([]);
      const { states: told } = CATALOG[name as keyof typeof CATALOG];
      expect([...became], 'what the interface says that it can be').to.have.members([...told]);
    });
  });
}
