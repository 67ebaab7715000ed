import { expect } from 'chai';
import { recountAudiences } from '../../actors/acquaintance/audiences.ts';
import { teller } from '../../actors/acquaintance/telling.ts';
import { acquaint } from '../../actors/acquaintance.ts';
import { id } from '../../bus/identity.ts';
import type { Address } from '../../bus/subjects.ts';
import type { CameraContext } from '../../machines/camera/context.ts';
import { rungsNamed } from '../../machines/policy/ladder.ts';
import { type FakeHouse, fakeHouse } from '../fakes/house.ts';
import { answers, feeds, flows } from '../fakes/source.ts';
import { until } from '../fixtures/process.ts';

const camera = { kind: 'camera' as const, id: id('cam_001') };
const viewer = { kind: 'viewer' as const, id: id('ses_1') };
const relay = { kind: 'relay' as const, id: id('intake-1') };
const configured = (keep: string) => ({
  type: 'camera.configured',
  settings: {
    name: 'North gate',
    zone: 'hcm/airport',
    sources: [{ id: '0', url: 'rtsp://127.0.0.1/a' }],
    keep,
    eye: true,
  },
});
const requested = {
  type: 'viewer.requested',
  ...{ camera: 'cam_001', zone: 'hcm/airport', protocol: 'webrtc', quality: '720p', address: '127.0.0.1' },
  subject: { sub: 'lan', role: 'admin', cameras: [], zones: [], iat: 1 },
  ...{ expires_at: 9_000_000_000_000, held: 0, quota: 2, relay: 'relay-1', standby: 'relay-2' },
};

function acquainted(ways: Parameters<typeof acquaint>[2] = {}) {
  const house = fakeHouse();
  const faults: Error[] = [];
  acquaint(house.roster, (error) => faults.push(error), ways);
  return { house, faults, stateOf: (at: Address) => house.roster.view(at)?.state };
}

describe('cells that know of each other', () => {
  it('wake an on-demand camera for its first viewer and let it linger after its last', async () => {
    const { house, faults, stateOf } = acquainted();
    await house.roster.create(camera, configured('on-demand'));
    expect(stateOf(camera)).to.equal('idle');
    await house.roster.create(viewer, requested);
    await until('the camera to wake', () => stateOf(camera) === 'connecting');
    await house.roster.offer(viewer, { type: 'viewer.closed' });
    await until('the linger', () => house.slots.alarm.all.some((one) => one.input.name === 'linger' && !one.end));
    expect(faults).to.deep.equal([]);
  });

  it('do not write down the audience of a camera that is kept warm anyway', async () => {
    const { house } = acquainted();
    await house.roster.create(camera, configured('warm'));
    await house.roster.create(viewer, requested);
    await until('the viewer to be told', () =>
      house.store.told().some(({ envelope }) => envelope.subject.startsWith('viewer')),
    );
    const heard = house.store.records().flatMap(({ record }) => record.heard.map((one) => one.type));
    expect(heard).to.not.include('audience.joined');
  });

  it('end the viewers of a camera that is taken out', async () => {
    const { house, stateOf } = acquainted();
    await house.roster.create(camera, configured('warm'));
    await house.roster.create(viewer, requested);
    await house.roster.offer(camera, { type: 'camera.removed' });
    await until('the viewer to end', () => stateOf(viewer) === 'ended');
  });

  it('make a ladder for who watches over HLS, and for nobody else', async () => {
    const { house, faults } = acquainted();
    const rendition = { kind: 'rendition' as const, id: camera.id };
    const rungs = rungsNamed(['360p']);
    await house.roster.create(camera, configured('warm'));
    await house.roster.create(rendition, { type: 'rendition.configured', zone: 'hcm', rungs, keep: 'on-demand' });
    house.slots.probe.held().report(answers());
    house.slots.program.held().report(flows());
    house.slots.program.held().report(feeds());
    await house.roster.create(viewer, requested);
    const hls = { kind: 'viewer' as const, id: id('ses_2') };
    await house.roster.create(hls, { ...requested, protocol: 'hls' });
    await until('the ladder to start', () => house.slots.measure.isHeld());
    expect(house.roster.view(rendition)?.context.audience).to.deep.equal(['ses_2']);
    await house.roster.offer(hls, { type: 'viewer.closed' });
    await until('the ladder to go off', () => house.roster.view(rendition)?.state === 'off');
    expect(faults).to.deep.equal([]);
  });

  it('have a ladder look at the picture anew when another source of another size carries on', async () => {
    const { house, faults } = acquainted();
    const rendition = { kind: 'rendition' as const, id: camera.id };
    const backed = configured('warm');
    backed.settings.sources.push({ id: '1', url: 'rtsp://127.0.0.1/b' });
    await house.roster.create(camera, backed);
    const rungs = rungsNamed(['360p']);
    await house.roster.create(rendition, { type: 'rendition.configured', zone: 'hcm', rungs, keep: 'warm' });
    for (const source of ['0', '1']) {
      await house.roster.offer(camera, answers(source));
      await house.roster.offer(camera, { ...flows(source), ...(source === '1' ? { width: 640, height: 360 } : {}) });
    }
    await house.roster.offer(camera, feeds('0'));
    await until('the ladder to look', () => house.slots.measure.isHeld());
    const seen = { codec: 'h264', width: 1280, height: 720, fps: 30, gop_ms: 2_000, reordered: false };
    house.slots.measure.held().report({ type: 'program.measured', ...seen, bitrate_bps: 2_000_000, audio: false });
    house.slots.ladder.held().report({ type: 'ladder.flowing', elapsed_ms: 1 });
    await until('the ladder to run', () => house.roster.view(rendition)?.state === 'running');
    await house.roster.offer(camera, feeds('1', { from: '0', trigger: 'ended', how: 'burst', gap_ms: 67 }));
    await until('it to look again', () => house.roster.view(rendition)?.why.reason === 'changed');
    expect(house.roster.view(rendition)?.why.guard).to.deep.equal({ detail: '640×360; it was 1280×720' });
    expect(faults).to.deep.equal([]);
  });

  it('have the ladder and the recording begin anew when the same source goes on in another size', async () => {
    const { house, faults } = acquainted();
    const rendition = { kind: 'rendition' as const, id: camera.id };
    const recording = { kind: 'recording' as const, id: camera.id };
    await house.roster.create(camera, configured('warm'));
    for (const event of [answers(), flows(), feeds()]) await house.roster.offer(camera, event);
    const rungs = rungsNamed(['720p', '360p']);
    await house.roster.create(recording, { type: 'recording.configured', zone: 'hcm', wanted: true, keep_ms: 1 });
    await house.roster.create(rendition, { type: 'rendition.configured', zone: 'hcm', rungs, keep: 'warm' });
    for (const at of [recording, rendition]) {
      await house.roster.offer(at, { type: 'camera.watchable', ...(at === recording ? { source: '0' } : {}) });
    }
    const seen = { codec: 'h264', width: 1280, height: 720, fps: 30, gop_ms: 2_000, reordered: false };
    house.slots.measure.held().report({ type: 'program.measured', ...seen, bitrate_bps: 2_000_000, audio: false });
    house.slots.record.held().report({ type: 'recorder.growing', elapsed_ms: 1 });
    await until('the recording', () => house.roster.view(recording)?.state === 'recording');
    await house.roster.offer(camera, { ...flows(), width: 640, height: 360 });
    await until('the ladder to look again', () => house.roster.view(rendition)?.why.reason === 'changed');
    await until('the recording to begin anew', () => house.roster.view(recording)?.why.reason === 'resized');
    expect(house.slots.record.all.map(({ end }) => end)).to.deep.equal(['released', undefined]);
    expect(faults).to.deep.equal([]);
  });

  it('forget viewers that ended while nobody looked, so that camera and ladder rest', async () => {
    const house = fakeHouse();
    const rendition = { kind: 'rendition' as const, id: camera.id };
    const rungs = rungsNamed(['360p']);
    await house.roster.create(camera, configured('on-demand'));
    await house.roster.create(rendition, { type: 'rendition.configured', zone: 'hcm', rungs, keep: 'on-demand' });
    const hls = { kind: 'viewer' as const, id: id('ses_2') };
    await house.roster.create(hls, { ...requested, protocol: 'hls' });
    for (const at of [camera, rendition]) {
      for (const name of ['ses_gone', 'ses_2']) await house.roster.offer(at, { type: 'audience.joined', viewer: name });
    }
    const audiences = () => [camera, rendition].map((at) => house.roster.view(at)?.context.audience);
    const faults: Error[] = [];
    recountAudiences(
      house.roster,
      teller(house.roster, (error) => faults.push(error)),
    );
    await until('the one that ended to be forgotten', () => !audiences().flat().includes('ses_gone'));
    expect(audiences()).to.deep.equal([['ses_2'], ['ses_2']]);
    expect(faults).to.deep.equal([]);
  });

  it('tell cameras that their intake fell, so that they are not blamed', async () => {
    const { house, stateOf } = acquainted();
    await house.roster.create(camera, configured('warm'));
    house.slots.probe.held().report(answers());
    house.slots.program.held().report(flows());
    house.slots.program.held().report(feeds());
    expect(stateOf(camera)).to.equal('live');
    await house.roster.create(relay, { type: 'relay.configured', role: 'intake', region: 'hcm', weight: 1 });
    house.slots.health.held().report({ type: 'relay.answering', instance: 'A' });
    house.slots.provision.held().report({ type: 'paths.provisioned', instance: 'A', paths: 1, elapsed_ms: 1 });
    house.slots.health.held().report({ type: 'relay.exited', detail: 'SIGKILL' });
    await until('the camera to hear', () => house.roster.view(camera)?.why.reason === 'relay');
    const context = house.roster.view(camera)?.context as CameraContext | undefined;
    expect(context?.standings['0']?.falls).to.deep.equal([]);
  });

  it('push a broadcast through another relay when its own dies, keep its camera awake, and tell a slate as such', async () => {
    const { house, faults, stateOf } = acquainted();
    const broadcast = { kind: 'broadcast' as const, id: id('cam_001--city-tv') };
    const sight = () => house.roster.view(broadcast);
    for (const name of ['relay-1', 'relay-2']) {
      const at = { kind: 'relay' as const, id: id(name) };
      await house.roster.create(at, { type: 'relay.configured', role: 'delivery', region: 'hcm', weight: 1 });
      await house.roster.offer(at, { type: 'relay.answering', instance: 'A' });
      await house.roster.offer(at, { type: 'paths.provisioned', instance: 'A', paths: 1, elapsed_ms: 1 });
    }
    await house.roster.create(camera, configured('on-demand'));
    await house.roster.create(broadcast, {
      type: 'broadcast.requested',
      ...{ camera: 'cam_001', zone: 'hcm/airport', destination: 'city-tv', to: 'rtmp://127.0.0.1/live' },
      ...{ relay: 'relay-1', by: 'hoa', picture: false },
    });
    await until('the camera to wake', () => stateOf(camera) === 'connecting');
    house.slots.push
      .held()
      .report({ type: 'push.flowing', relay: 'relay-1', bytes: 9_000, elapsed_ms: 600, confirmed: true });
    house.slots.probe.held().report(answers());
    house.slots.program.held().report(flows());
    house.slots.program.held().report(feeds());
    await until('the picture to be on air', () => sight()?.context.picture === true);

    await house.roster.offer({ kind: 'relay', id: id('relay-1') }, { type: 'relay.exited', detail: 'SIGKILL' });
    await until('another relay to push', () => house.slots.push.held().input.relay === 'relay-2');
    expect(sight()?.why).to.deep.include({ trigger: 'pushing' });

    await house.roster.offer(camera, { type: 'camera.removed' });
    await until('the broadcast to end with its camera', () => sight()?.state === 'stopped');
    expect(house.slots.push.isHeld()).to.equal(false);
    expect(faults).to.deep.equal([]);
  });

  it('tell the viewers of a delivery relay that it fell, and those who would have gone there', async () => {
    const { house, stateOf } = acquainted();
    const delivery = { kind: 'relay' as const, id: id('relay-1') };
    const other = { kind: 'viewer' as const, id: id('ses_2') };
    await house.roster.create(camera, configured('warm'));
    await house.roster.create(delivery, { type: 'relay.configured', role: 'delivery', region: 'hcm', weight: 1 });
    house.slots.health.held().report({ type: 'relay.answering', instance: 'A' });
    house.slots.provision.held().report({ type: 'paths.provisioned', instance: 'A', paths: 1, elapsed_ms: 1 });
    await house.roster.create(viewer, requested);
    await house.roster.create(other, { ...requested, relay: 'relay-2', standby: 'relay-1' });
    for (const [to, seat] of [
      [viewer, 'relay-1'],
      [other, 'relay-2'],
    ] as const) {
      await house.roster.offer(to, { type: 'leg.opened', leg: 'a', relay: seat, path: 'cam_001', relay_session: 'r' });
      await house.roster.offer(to, { type: 'leg.playing', leg: 'a' });
    }
    house.slots.health.held().report({ type: 'relay.exited', detail: 'SIGKILL' });
    await until('its viewer to move', () => stateOf(viewer) === 'moving');
    await until('the other to have no standby', () => house.roster.view(other)?.context.standby === '');
    expect(stateOf(other)).to.equal('watching');
  });

  /** Whoever watches at a relay, each with a client of another kind; the player is told of things last. */
  const who = ['whep', 'rtsp', 'srt', 'webrtc'].map((protocol) => ({ kind: 'viewer' as const, id: id(protocol) }));
  async function unheardOf() {
    const { house, faults, stateOf } = acquainted();
    const delivery = { kind: 'relay' as const, id: id('relay-1') };
    await house.roster.create(delivery, { type: 'relay.configured', role: 'delivery', region: '', weight: 1 });
    await house.roster.offer(delivery, { type: 'relay.answering', instance: 'A' });
    await house.roster.offer(delivery, { type: 'paths.provisioned', instance: 'A', paths: 1, elapsed_ms: 1 });
    for (const at of who) {
      await house.roster.create(at, { ...requested, protocol: at.id });
      await house.roster.offer(at, { type: 'seat.taken', relay: 'relay-1', relay_session: at.id });
    }
    await house.roster.offer(delivery, { type: 'pulse.missed', silent_ms: 300, detail: '' });
    await house.roster.offer(delivery, { type: 'alarm.rang', name: 'dead' });
    expect(stateOf(delivery)).to.equal('dead');
    await until('the player to be told', () => stateOf(who[3] as Address) === 'moving');
    return { house, faults, delivery, states: () => who.map(stateOf) };
  }

  it('leave alone whom nobody leads while a relay is only not heard of, until it has ended or another process answers', async () => {
    for (const last of [
      { type: 'relay.exited', detail: 'SIGKILL' },
      { type: 'relay.answering', instance: 'B' },
    ]) {
      const { house, faults, delivery, states } = await unheardOf();
      expect(states()).to.deep.equal(['watching', 'watching', 'watching', 'moving']);
      expect(house.roster.view(delivery)?.why.text).to.contain('other clients are left alone');
      await house.roster.offer(delivery, last);
      await until('all to be told', () => states().every((state) => state === 'moving'));
      expect(faults).to.deep.equal([]);
    }
  });

  it('find whom nobody leads where they were when a relay is heard of again', async () => {
    const { house, delivery, states } = await unheardOf();
    await house.roster.offer(delivery, { type: 'pulse.beating', round_trip_ms: 1 });
    expect(house.roster.view(delivery)?.state).to.equal('serving');
    expect(states()).to.deep.equal(['watching', 'watching', 'watching', 'moving']);
    // Who is not among those that it lists is waited for as usual.
    await house.roster.offer(who[1] as Address, { type: 'seat.left', relay: 'relay-1', relay_session: 'rtsp' });
    expect(states()).to.deep.equal(['watching', 'connecting', 'watching', 'moving']);
  });

  it('tell a relay that is being drained when its last viewer has left', async () => {
    const { house } = acquainted();
    const delivery = { kind: 'relay' as const, id: id('relay-1') };
    await house.roster.create(camera, configured('warm'));
    await house.roster.create(delivery, { type: 'relay.configured', role: 'delivery', region: 'hcm', weight: 1 });
    house.slots.health.held().report({ type: 'relay.answering', instance: 'A' });
    house.slots.provision.held().report({ type: 'paths.provisioned', instance: 'A', paths: 1, elapsed_ms: 1 });
    await house.roster.create(viewer, requested);
    const leg = { leg: 'a', relay: 'relay-1', path: 'cam_001', relay_session: 'r1' };
    await house.roster.offer(viewer, { type: 'leg.opened', ...leg });
    await house.roster.offer(delivery, { type: 'relay.drain', by: 'hoa' });
    const told = () => house.store.told().map(({ envelope }) => envelope.type);
    await until('the drain to be told', () => told().includes('signalbox.relay.draining'));
    expect(house.roster.view(delivery)?.state).to.equal('draining');
    await house.roster.offer(viewer, { type: 'viewer.closed' });
    await until('the relay to be empty', () => house.roster.view(delivery)?.state === 'drained');
  });

  it('tell it so too when its last viewer has moved, and only keeps a leg ready there', async () => {
    const { house } = acquainted();
    const delivery = { kind: 'relay' as const, id: id('relay-1') };
    const leg = (name: string, seat: string) => ({ type: 'leg.opened', leg: name, relay: seat, path: 'cam_001' });
    await house.roster.create(camera, configured('warm'));
    await house.roster.create(delivery, { type: 'relay.configured', role: 'delivery', region: 'hcm', weight: 1 });
    house.slots.health.held().report({ type: 'relay.answering', instance: 'A' });
    house.slots.provision.held().report({ type: 'paths.provisioned', instance: 'A', paths: 1, elapsed_ms: 1 });
    await house.roster.create(viewer, requested);
    await house.roster.offer(viewer, { ...leg('a', 'relay-1'), relay_session: 'r1' });
    await house.roster.offer(viewer, { type: 'leg.playing', leg: 'a' });
    await house.roster.offer(delivery, { type: 'relay.drain', by: 'hoa' });
    await house.roster.offer(viewer, { ...leg('b', 'relay-2'), relay_session: 'r2' });
    expect(house.roster.view(delivery)?.state).to.equal('draining');
    await house.roster.offer(viewer, { type: 'leg.playing', leg: 'b' });
    await until('the relay to be empty', () => house.roster.view(delivery)?.state === 'drained');
  });

  it('tell a relay that nobody is on at once', async () => {
    const { house } = acquainted();
    const delivery = { kind: 'relay' as const, id: id('relay-1') };
    await house.roster.create(delivery, { type: 'relay.configured', role: 'delivery', region: 'hcm', weight: 1 });
    house.slots.health.held().report({ type: 'relay.answering', instance: 'A' });
    house.slots.provision.held().report({ type: 'paths.provisioned', instance: 'A', paths: 1, elapsed_ms: 1 });
    await house.roster.offer(delivery, { type: 'relay.drain', by: 'hoa' });
    await until('the relay to be empty', () => house.roster.view(delivery)?.state === 'drained');
  });

  it('tell of a fallen intake only the cameras that it pulled, and an intake that gave all of its away', async () => {
    const { house } = acquainted({ leaveIntake: () => ({ moved: ['cam_001'], stuck: [] }) });
    const other = { kind: 'camera' as const, id: id('cam_002') };
    for (const at of [camera, other]) await house.roster.create(at, configured('warm'));
    await house.roster.create(relay, { type: 'relay.configured', role: 'intake', region: 'hcm', weight: 1 });
    house.slots.health.held().report({ type: 'relay.answering', instance: 'A' });
    house.slots.provision.held().report({ type: 'paths.provisioned', instance: 'A', paths: 1, elapsed_ms: 1 });
    await house.roster.offer(relay, { type: 'relay.drain', by: 'hoa' });
    await until('the intake to be empty', () => house.roster.view(relay)?.state === 'drained');
    const heard = house.store
      .records()
      .flatMap(({ record }) => record.heard.map(({ type }) => `${record.cell} ${type}`))
      .filter((one) => one.endsWith('intake.lost'));
    expect(heard).to.deep.equal(['cam_001 intake.lost']);
  });

  const listed = (role: string) => ({ type: 'relay.configured', role, region: 'hcm', weight: 1 });
  const out = { type: 'relay.removed', runs: true };
  /** A relay that serves. */
  const serve = async (house: FakeHouse, name: string, role: string) => {
    const at = { kind: 'relay' as const, id: id(name) };
    await house.roster.create(at, listed(role));
    await house.roster.offer(at, { type: 'relay.answering', instance: 'A' });
    await house.roster.offer(at, { type: 'paths.provisioned', instance: 'A', paths: 1, elapsed_ms: 1 });
    return at;
  };
  const leg = (seat: string) => ({ type: 'leg.opened', leg: 'a', relay: seat, path: 'cam_001', relay_session: 'r1' });

  it('remove a relay that was taken out of the configuration when its last viewer has left', async () => {
    const { house, stateOf } = acquainted();
    await house.roster.create(camera, configured('warm'));
    const delivery = await serve(house, 'relay-1', 'delivery');
    await house.roster.create(viewer, requested);
    await house.roster.offer(viewer, leg('relay-1'));
    await house.roster.offer(delivery, out);
    const told = () => house.store.told().map(({ envelope }) => envelope.type);
    await until('it to be told', () => told().includes('signalbox.relay.draining'));
    expect(stateOf(delivery), 'somebody is on it').to.equal('draining');
    await house.roster.offer(viewer, { type: 'viewer.closed' });
    await until('it to be removed', () => stateOf(delivery) === 'removed');
    const intake = await serve(house, 'intake-1', 'intake');
    await house.roster.offer(intake, out);
    expect(stateOf(intake), 'no other intake takes its cameras').to.equal('draining');
  });

  it('have a relay pull programs from another one when its own falls, and from that again when there is no other', async () => {
    const { house, faults } = acquainted();
    const far = { kind: 'relay' as const, id: id('far') };
    await house.roster.create(far, { ...listed('delivery'), pull: [] });
    const upstream = () => house.roster.view(far)?.context.upstream as { relay?: string; why: { text: string } };
    await until('none to be there', () => upstream()?.why.text === 'no relay has the programs that it could pull');
    const [one, two] = [await serve(house, 'relay-1', 'delivery'), await serve(house, 'relay-2', 'delivery')];
    await until('the first to be chosen', () => upstream().relay === 'relay-1');
    await house.roster.offer(one, { type: 'relay.exited', detail: 'SIGKILL' });
    await until('the other one', () => upstream().relay === 'relay-2');
    const drained = { kind: 'relay' as const, id: id('relay-2') };
    await house.roster.offer(drained, { type: 'relay.drain', by: 'hoa' });
    await until('its drain to be told', () => house.roster.view(drained)?.state === 'drained');
    expect(upstream().relay, 'it still has the programs').to.equal('relay-2');
    await house.roster.offer(one, { type: 'relay.answering', instance: 'B' });
    await house.roster.offer(one, { type: 'paths.provisioned', instance: 'B', paths: 1, elapsed_ms: 1 });
    await until('the first again', () => upstream().relay === 'relay-1');
    await house.roster.offer(one, { type: 'relay.exited', detail: 'SIGKILL' });
    await until('the drained one rather than none', () => upstream().relay === 'relay-2');
    await house.roster.offer(two, { type: 'relay.exited', detail: 'SIGKILL' });
    await until('none', () => upstream().relay === undefined);
    const told = house.store.told().filter(({ envelope }) => envelope.type === 'signalbox.relay.upstream');
    expect(told.map(({ envelope }) => envelope.data.upstream)).to.deep.equal([
      ...[undefined, 'relay-1', 'relay-2', 'relay-1', 'relay-2'],
      undefined,
    ]);
    expect(faults).to.deep.equal([]);
  });

  it('spread relays that pull over those that have the programs', async () => {
    const { house } = acquainted();
    for (const name of ['relay-1', 'relay-2']) await serve(house, name, 'delivery');
    const fars = ['far-1', 'far-2'].map((name) => ({ kind: 'relay' as const, id: id(name) }));
    for (const far of fars) await house.roster.create(far, { ...listed('delivery'), pull: [] });
    const upstreams = () =>
      fars.map((far) => (house.roster.view(far)?.context.upstream as { relay?: string } | undefined)?.relay);
    await until('each to have one', () => upstreams().every((one) => one !== undefined));
    expect(upstreams().sort()).to.deep.equal(['relay-1', 'relay-2']);
  });

  it('tell whoever still names a relay that was removed that it is lost, and push elsewhere what it pushed', async () => {
    const { house, stateOf, faults } = acquainted();
    await house.roster.create(camera, configured('warm'));
    const [delivery] = [await serve(house, 'relay-1', 'delivery'), await serve(house, 'relay-2', 'delivery')];
    const other = { kind: 'viewer' as const, id: id('ses_2') };
    await house.roster.create(viewer, requested);
    await house.roster.offer(viewer, leg('relay-1'));
    await house.roster.offer(viewer, { type: 'leg.playing', leg: 'a' });
    await house.roster.create(other, { ...requested, relay: 'relay-2', standby: 'relay-1' });
    const broadcast = { kind: 'broadcast' as const, id: id('cam_001--city-tv') };
    await house.roster.create(broadcast, {
      type: 'broadcast.requested',
      ...{ camera: 'cam_001', zone: 'hcm/airport', destination: 'city-tv', to: 'rtmp://127.0.0.1/live' },
      ...{ relay: 'relay-1', by: 'hoa', picture: false },
    });
    await house.roster.offer(delivery, { ...out, runs: false });
    await until('its viewer to move', () => stateOf(viewer) === 'moving');
    await until('the other to have no standby', () => house.roster.view(other)?.context.standby === '');
    await until('another relay to push', () => house.slots.push.held().input.relay === 'relay-2');
    expect(faults).to.deep.equal([]);
  });

  it('tell those who name a relay that was removed while no gateway was there', async () => {
    const { house } = acquainted();
    await house.roster.create(camera, configured('warm'));
    const delivery = await serve(house, 'relay-1', 'delivery');
    await house.roster.create(viewer, requested);
    await house.roster.offer(viewer, leg('relay-1'));
    await house.roster.offer(viewer, { type: 'leg.playing', leg: 'a' });
    const next = house.successor();
    await next.roster.adopt();
    await next.roster.offer(delivery, { ...out, runs: false });
    acquaint(next.roster, (error) => expect.fail(error.message));
    await until('its viewer to move', () => next.roster.view(viewer)?.state === 'moving');
  });

  it('take the cameras of an intake that was removed before it was empty to the others', async () => {
    const left: string[] = [];
    const { house } = acquainted({
      leaveIntake(intake) {
        left.push(intake);
        return { moved: ['cam_001'], stuck: [] };
      },
    });
    await house.roster.create(camera, configured('warm'));
    const intake = await serve(house, 'intake-1', 'intake');
    await house.roster.offer(intake, { ...out, runs: false });
    await until('its camera to hear', () =>
      house.store.records().some(({ record }) => record.heard.some(({ type }) => type === 'intake.lost')),
    );
    expect(left).to.deep.equal(['intake-1']);
  });
});
