import { expect } from 'chai';
import { acquaint } from '../../actors/acquaintance.ts';
import { id } from '../../bus/identity.ts';
import { rungsNamed } from '../../machines/policy/ladder.ts';
import { fakeHouse } from '../fakes/house.ts';
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
  ...{ expires_at: 9_000_000_000_000, held: 0, quota: 2, relay: 'relay-1' },
};

function acquainted() {
  const house = fakeHouse();
  const faults: Error[] = [];
  acquaint(house.roster, (error) => faults.push(error));
  return { house, faults, stateOf: (at: typeof camera | typeof viewer) => house.roster.view(at)?.state };
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
    house.slots.probe
      .held()
      .report({ type: 'probe.answered', tracks: [{ media: 'video', codec: 'H264' }], elapsed_ms: 1 });
    house.slots.program.held().report({ type: 'source.flowing', source: '0', codec: 'H264' });
    await house.roster.create(viewer, requested);
    const hls = { kind: 'viewer' as const, id: id('ses_2') };
    await house.roster.create(hls, { ...requested, protocol: 'hls' });
    await until('the ladder to start', () => house.slots.measure.isHeld());
    expect(house.roster.view(rendition)?.context.audience).to.deep.equal(['ses_2']);
    await house.roster.offer(hls, { type: 'viewer.closed' });
    await until('the ladder to go off', () => house.roster.view(rendition)?.state === 'off');
    expect(faults).to.deep.equal([]);
  });

  it('tell cameras that their intake fell, so that they are not blamed', async () => {
    const { house, stateOf } = acquainted();
    await house.roster.create(camera, configured('warm'));
    house.slots.probe
      .held()
      .report({ type: 'probe.answered', tracks: [{ media: 'video', codec: 'H264' }], elapsed_ms: 1 });
    house.slots.program.held().report({ type: 'source.flowing', source: '0', codec: 'H264' });
    expect(stateOf(camera)).to.equal('live');
    await house.roster.create(relay, { type: 'relay.configured', role: 'intake', region: 'hcm', weight: 1 });
    house.slots.health.held().report({ type: 'relay.answering', instance: 'A' });
    house.slots.provision.held().report({ type: 'paths.provisioned', instance: 'A', paths: 1, elapsed_ms: 1 });
    house.slots.health.held().report({ type: 'relay.exited', detail: 'SIGKILL' });
    await until('the camera to hear', () => house.roster.view(camera)?.why.reason === 'relay');
    expect(house.roster.view(camera)?.context.falls).to.deep.equal([]);
  });
});
