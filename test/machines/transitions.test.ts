import { expect } from 'chai';
import type { AnyEventObject, AnyMachineSnapshot, AnyStateMachine, AnyStateNode } from 'xstate';
import { getShortestPaths } from 'xstate/graph';
import { cameraMachine } from '../../machines/camera.ts';
import { laws } from '../../machines/laws.ts';
import { rungsNamed } from '../../machines/policy/ladder.ts';
import { relayMachine } from '../../machines/relay.ts';
import { renditionMachine } from '../../machines/rendition.ts';
import { viewerMachine } from '../../machines/viewer.ts';

const settings = (keep: string, url = 'rtsp://127.0.0.1/a', eye = true) => ({
  name: 'North gate',
  zone: 'hcm/airport',
  sources: [{ id: '0', url }],
  keep,
  eye,
});
const subject = { sub: 'lan', role: 'viewer', cameras: ['cam_001'], zones: [], iat: 1 };
const request = {
  type: 'viewer.requested',
  ...{ camera: 'cam_001', zone: 'hcm/center', subject, protocol: 'webrtc', quality: '720p', address: '127.0.0.1' },
  ...{ expires_at: 9, held: 0, quota: 2, relay: 'relay-1' },
};

const measured = {
  type: 'program.measured',
  ...{ codec: 'h264', width: 1280, height: 720, fps: 30, gop_ms: 2_000, reordered: false },
  ...{ bitrate_bps: 2_100_000, audio: false },
};

/** Each machine with one of every event it may hear, and of those whose content decides, one of every sort. */
const machines: Record<string, { machine: AnyStateMachine; events: AnyEventObject[] }> = {
  camera: {
    machine: cameraMachine,
    events: [
      { type: 'camera.configured', settings: settings('warm') },
      { type: 'camera.configured', settings: settings('warm', 'rtsp://127.0.0.1/b') },
      { type: 'camera.configured', settings: settings('warm', 'rtsp://127.0.0.1/a', false) },
      { type: 'camera.configured', settings: settings('on-demand') },
      { type: 'camera.removed' },
      { type: 'audience.joined', viewer: 'v1' },
      { type: 'audience.left', viewer: 'v1' },
      { type: 'probe.answered', tracks: [{ media: 'video', codec: 'H264' }], elapsed_ms: 1 },
      { type: 'probe.failed', reason: 'refused', detail: 'x' },
      { type: 'source.flowing', source: '0', codec: 'H264' },
      { type: 'source.silent', source: '0', silent_ms: 900 },
      { type: 'source.ended', source: '0', detail: 'x' },
      { type: 'intake.refused', detail: 'x' },
      { type: 'intake.lost', detail: 'x' },
      { type: 'program.lost', detail: 'x' },
      { type: 'program.restored' },
      { type: 'eye.frozen', still_ms: 8_000 },
      { type: 'eye.moved' },
      ...['opening', 'silence', 'quarantine', 'linger'].map((name) => ({ type: 'alarm.rang', name })),
    ],
  },
  viewer: {
    machine: viewerMachine,
    events: [
      request,
      { ...request, held: 2 },
      { type: 'leg.opened', leg: 'a', relay: 'relay-1', relay_session: 'r1' },
      { type: 'leg.playing', leg: 'a', first_frame_ms: 1 },
      { type: 'leg.refused', leg: 'a', detail: 'x' },
      { type: 'seat.taken', relay_session: 'r1' },
      { type: 'seat.left', relay_session: 'r1' },
      { type: 'seat.left', relay_session: 'other' },
      { type: 'path.degraded', leg: 'a', after_ms: 1_000, loss: 0.1, fps: 20 },
      { type: 'path.recovered', leg: 'a', after_ms: 5_000, loss: 0, fps: 30 },
      { type: 'viewer.renewed', expires_at: 10 },
      { type: 'viewer.revoked', by: 'x', reason: 'x' },
      { type: 'viewer.closed' },
      { type: 'camera.removed' },
      ...['connect', 'expiry'].map((name) => ({ type: 'alarm.rang', name })),
    ],
  },
  relay: {
    machine: relayMachine,
    events: [
      { type: 'relay.configured', role: 'delivery', region: 'hcm', weight: 3 },
      { type: 'relay.answering', instance: 'A' },
      { type: 'relay.answering', instance: 'B' },
      { type: 'relay.missed', silent_ms: 300, detail: 'x' },
      { type: 'relay.exited', detail: 'x' },
      { type: 'paths.provisioned', instance: 'A', paths: 1, elapsed_ms: 1 },
      { type: 'paths.provisioned', instance: 'B', paths: 1, elapsed_ms: 1 },
      { type: 'paths.refused', detail: 'x' },
      { type: 'alarm.rang', name: 'dead' },
      { type: 'alarm.rang', name: 'again' },
    ],
  },
  rendition: {
    machine: renditionMachine,
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
      { type: 'ladder.flowing', elapsed_ms: 1 },
      { type: 'ladder.ended', reason: 'exited', detail: 'x' },
      ...['linger', 'again', 'forgiven'].map((name) => ({ type: 'alarm.rang', name })),
    ],
  },
};

/** All transitions that a machine declares with a target, as `node on event → target`. */
function declared(node: AnyStateNode): string[] {
  const own = [...node.transitions.values()].flat().map((one) => label(one));
  return [...own, ...Object.values(node.states).flatMap(declared)];
}

const label = (one: { source: { id: string }; eventType: string; target?: readonly { id: string }[] }): string =>
  `${one.source.id} on ${one.eventType} → ${one.target?.map(({ id }) => id).join() ?? 'stays'}`;

for (const [name, { machine, events }] of Object.entries(machines)) {
  describe(`every way through a ${name}`, () => {
    const stamped = events.map((event, index) => ({ id: `e${index}`, at: 1_000, ...event }));
    /** What can matter for the next step; counters would make the walk endless. */
    const essence = (snapshot: AnyMachineSnapshot) => {
      const { falls, attempts, quarantines, since, why, lostAt, ...rest } = snapshot.context;
      const few = falls === undefined ? 0 : Math.min(falls.length, 6);
      return JSON.stringify([snapshot.value, { ...rest, settings: rest.settings?.keep, few, reason: why.reason }]);
    };
    const walk = () =>
      getShortestPaths(machine as never, {
        events: stamped as never,
        input: { id: 'cam_001' } as never,
        serializeState: essence as never,
        limit: 100_000,
      }) as unknown as { state: AnyMachineSnapshot; steps: { state: AnyMachineSnapshot; event: AnyEventObject }[] }[];

    it('is walked, each transition leading where it says, the laws holding after each step', () => {
      const taken = new Set<string>();
      for (const { state } of walk()) {
        const fault = laws[name as keyof typeof laws](state.context as never, [...state.tags] as string[]);
        expect(fault, `${name} in ${JSON.stringify(state.value)}`).to.equal(undefined);
        for (const event of stamped) {
          for (const one of machine.getTransitionData(state as never, event as never)) taken.add(label(one as never));
        }
      }
      const missed = [...new Set(declared(machine.root))].filter((one) => !taken.has(one));
      expect(missed).to.deep.equal([]);
    });
  });
}
