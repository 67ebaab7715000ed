import { expect } from 'chai';
import { memoryStore } from '../../../bus/carriers/memory.ts';
import { id } from '../../../bus/identity.ts';
import { findPosters } from '../../../infra/gateway/posters.ts';
import { fakeGatewayOf, gate, PICTURE } from '../../fakes/gateways.ts';
import { until } from '../../fixtures/process.ts';

const camera = { kind: 'camera' as const, id: id('cam_1') };
const settings = {
  name: 'Gate',
  zone: 'hcm',
  sources: [{ id: '0', url: 'rtsp://127.0.0.1/a' }],
  keep: 'warm',
  eye: true,
};

describe('gateways among each other', () => {
  const admin = { sub: 'root', role: 'admin' as const, cameras: [], zones: ['*'] };

  async function two() {
    const store = memoryStore();
    const members = new Set<string>();
    const one = await fakeGatewayOf(store, members, 'gate-1');
    await one.cells.create(camera, { type: 'camera.configured', settings });
    const other = await fakeGatewayOf(store, members, 'gate-2');
    await until('the other one to see the camera', () => other.cells.livesElsewhere(camera));
    return { bus: store.bus, one, other };
  }

  it('do what one of them asks, and nothing for an administrator who is merely on the bus', async () => {
    const { bus, one } = await two();
    const body = { event: { type: 'camera.removed' } };
    const strange = await bus.ask({ to: camera, verb: 'offer', token: gate.mintLogin(admin, 60), body }, 500);
    expect(strange).to.include({ reason: 'type' });
    expect(one.cells.view(camera)?.state).to.equal('connecting');
  });

  it('show the picture that the eye of another one sees', async () => {
    const { bus, other } = await two();
    const poster = findPosters({ node: 'gate-2', bus, gate, cells: other.cells, poster: () => undefined });
    expect(await poster(camera.id)).to.deep.equal(PICTURE);
    const snooping = { to: camera, verb: 'poster', token: gate.mintLogin(admin, 60), body: null };
    expect(await bus.ask(snooping, 500)).to.include({ reason: 'type' });
  });
});
