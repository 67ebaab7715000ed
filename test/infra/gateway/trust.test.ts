import { expect } from 'chai';
import { memoryStore } from '../../../bus/carriers/memory.ts';
import { id } from '../../../bus/identity.ts';
import { askHolder } from '../../../infra/gateway/holders.ts';
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
    const poster = findPosters(askHolder({ node: 'gate-2', bus, gate, cells: other.cells }), () => undefined);
    expect(await poster(camera.id)).to.deep.equal(PICTURE);
    const snooping = { to: camera, verb: 'poster', token: gate.mintLogin(admin, 60), body: null };
    expect(await bus.ask(snooping, 500)).to.include({ reason: 'type' });
  });

  it('say where a camera is published as the one says that has it, and nothing while that one is gone', async () => {
    const { bus, one, other } = await two();
    const here = () => ({ intake: 'a guess', why: { trigger: 'test', text: 'so' } });
    const ask = askHolder({ node: 'gate-2', bus, gate, cells: other.cells });
    expect(await ask('intake', camera.id, here)).to.include({ intake: 'intake of cam_1 by gate-1' });
    expect(await askHolder({ node: 'gate-1', bus, gate, cells: one.cells })('intake', camera.id, here)).to.include({
      intake: 'a guess',
    });
    one.kill();
    expect(await ask('intake', camera.id, here)).to.equal(undefined);
  });

  it('declare, prolong and close an emergency over the bus, with the rights of HTTP', async () => {
    const { bus, one } = await two();
    const to = { kind: 'incident' as const, id: id('fire-in-hall-2') };
    const said = { cameras: [camera.id], reason: 'fire', drill: true };
    // biome-ignore lint/suspicious/noExplicitAny: an answer of the bus
    const ask = (verb: string, body: unknown, grant: object = admin): Promise<any> =>
      bus.ask({ to, verb, token: gate.mintLogin(grant as typeof admin, 60), body }, 1_000);
    expect(await ask('declare', said, { ...admin, role: 'viewer' })).to.have.property('reason');
    expect(await ask('declare', { cameras: ['none'], reason: 'x' })).to.include({ reason: 'not-found' });
    const incident = await ask('declare', said);
    expect(incident).to.include({ kind: 'incident', state: 'declared' });
    expect((await ask('declare', said)).id, 'declared twice under a name it is one').to.equal(incident.id);
    const own = { ...to, id: incident.id };
    const tell = (verb: string, body: unknown = null) =>
      bus.ask({ to: own, verb, token: gate.mintLogin(admin, 60), body }, 1_000);
    await tell('renew', { minutes: 90 });
    expect(one.cells.view(own)?.context).to.include({ by: admin.sub, drill: true });
    expect(await tell('close')).to.include({ state: 'closed' });
  });
});
