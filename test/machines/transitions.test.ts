import { expect } from 'chai';
import type { AnyEventObject, AnyMachineSnapshot, AnyStateMachine, AnyStateNode } from 'xstate';
import { getShortestPaths } from 'xstate/graph';
import { broadcastMachine } from '../../machines/broadcast.ts';
import { cameraMachine } from '../../machines/camera.ts';
import { incidentMachine } from '../../machines/incident.ts';
import { laws } from '../../machines/laws.ts';
import { relayMachine } from '../../machines/relay.ts';
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
  ...{ expires_at: 9, held: 0, quota: 2, relay: 'relay-1', standby: 'relay-2' },
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
      { type: 'standby.chosen', relay: 'relay-2' },
      { type: 'move.begun', leg: 'b', relay: 'relay-2', reason: 'draining', detect_ms: 0, decide_ms: 1 },
      { type: 'move.begun', leg: 'b', relay: 'relay-2', reason: 'silence', detect_ms: 260, decide_ms: 0 },
      { type: 'path.degraded', leg: 'a', after_ms: 1_000, loss: 0.1, fps: 20 },
      { type: 'path.recovered', leg: 'a', after_ms: 5_000, loss: 0, fps: 30 },
      { type: 'viewer.renewed', expires_at: 10 },
      { type: 'viewer.revoked', by: 'x', reason: 'x' },
      { type: 'viewer.closed' },
      { type: 'camera.removed' },
      ...['connect', 'expiry', 'move'].map((name) => ({ type: 'alarm.rang', name })),
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
      { type: 'pulse.beating', round_trip_ms: 1 },
      { type: 'pulse.missed', silent_ms: 300, detail: 'x' },
      { type: 'relay.drain', by: 'x' },
      { type: 'relay.resume', by: 'x' },
      { type: 'relay.emptied' },
      { type: 'paths.provisioned', instance: 'A', paths: 1, elapsed_ms: 1 },
      { type: 'paths.provisioned', instance: 'B', paths: 1, elapsed_ms: 1 },
      { type: 'paths.refused', detail: 'x' },
      { type: 'alarm.rang', name: 'dead' },
      { type: 'alarm.rang', name: 'again' },
    ],
  },
  incident: {
    machine: incidentMachine,
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
      { type: 'incident.raised', cameras: 1, broadcasts: 0, failed: [] },
      { type: 'incident.renewed', until: 10_000_000, by: 'hoa' },
      { type: 'incident.renewed', until: 2_000, by: 'hoa' },
      { type: 'incident.ended', by: 'hoa' },
      ...['warn', 'end'].map((name) => ({ type: 'alarm.rang', name })),
    ],
  },
  broadcast: {
    machine: broadcastMachine,
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
      { type: 'push.refused', relay: 'relay-2', detail: 'x' },
      { type: 'camera.showing', picture: false, state: 'holding' },
      { type: 'camera.showing', picture: true, state: 'live' },
      ...['connect', 'retry'].map((name) => ({ type: 'alarm.rang', name })),
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
      const { falls, attempts, quarantines, since, why, lostAt, first_frame_ms, legs, move, ...rest } =
        snapshot.context;
      const few = falls === undefined ? 0 : Math.min(falls.length, 6);
      const seats = Object.entries(legs ?? {}).map(([leg, seat]) => `${leg} at ${(seat as { relay: string }).relay}`);
      const way = move && [move.reason, move.leg];
      return JSON.stringify([
        snapshot.value,
        { ...rest, settings: rest.settings?.keep, few, seats: seats.sort(), way, reason: why.reason },
      ]);
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
