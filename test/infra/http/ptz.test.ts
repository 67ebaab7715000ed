import { expect } from 'chai';
import { id } from '../../../bus/identity.ts';
import { DOME } from '../../fakes/devices.ts';
import { type FakeGateway, fakeGateway } from '../../fakes/http.ts';

describe('http: moving a camera', () => {
  let gateway: FakeGateway;
  const at = { kind: 'ptz' as const, id: id('cam_001') };
  const ask = async (sub: string, method: 'GET' | 'POST', what = '', payload?: object) => {
    const headers = gateway.bearer({ sub, role: sub === 'vera' ? 'viewer' : 'operator', zones: ['hcm/*'] });
    const url = `/api/v1/cameras/cam_001/ptz${what}`;
    return gateway.server.inject({ method, url, headers, ...(payload ? { payload } : {}) });
  };

  beforeEach(async () => {
    gateway = await fakeGateway();
    await gateway.camera('cam_001', 'hcm/center');
    const { url } = DOME.found;
    await gateway.house.roster.create(at, { type: 'ptz.configured', zone: 'hcm/center', url, credential: 'dome' });
  });
  afterEach(() => gateway.close());

  it('takes speeds and an end, and orders the camera accordingly', async () => {
    const answer = await ask('lan', 'POST', '/move', { pan: 0.5, for_ms: 500 });
    expect(answer.statusCode).to.equal(202);
    expect(answer.json()).to.deep.include({ id: 'cam_001', state: 'moving' });
    expect(answer.json().holder.by).to.equal('lan');
    const { camera, credential, order } = gateway.house.slots.drive.held().input;
    expect({ camera, credential }).to.deep.equal({ camera: 'cam_001', credential: 'dome' });
    expect(order).to.deep.include({ kind: 'move', pan: 0.5, tilt: 0, zoom: 0 });
    expect((await ask('lan', 'POST', '/stop')).json().state).to.equal('stopping');
    expect(gateway.house.slots.drive.held().input.order).to.deep.equal({ kind: 'stop' });
  });

  it('has a second person wait, with the reason, and lets anybody with the right stop it', async () => {
    await ask('lan', 'POST', '/move', { zoom: 1 });
    const refused = await ask('minh', 'POST', '/move', { pan: 1 });
    expect([refused.statusCode, refused.json().reason]).to.deep.equal([409, 'held']);
    expect(refused.json().error).to.match(/^Not now: lan moves it; it is free in [34]\.\d s/);
    expect((await ask('minh', 'POST', '/stop')).statusCode).to.equal(202);
    expect((await ask('lan', 'POST', '/move', { zoom: 1 })).statusCode).to.equal(202);
  });

  it('tells the presets, and sends the camera to one of them alone', async () => {
    expect((await ask('lan', 'GET', '/presets')).json().items).to.deep.equal(DOME.presets);
    expect((await ask('lan', 'POST', '/preset', { preset: '2' })).json().state).to.equal('going');
    expect(gateway.house.slots.drive.held().input.order).to.deep.equal({ kind: 'preset', preset: '2' });
    const unknown = await ask('lan', 'POST', '/preset', { preset: '<x/>' });
    expect([unknown.statusCode, unknown.json().reason]).to.deep.equal([400, 'no-preset']);
  });

  it('saves where it looks under a name', async () => {
    const answer = await ask('lan', 'POST', '/presets', { name: ' Dock, quay 3 ' });
    expect([answer.statusCode, answer.json().state]).to.deep.equal([202, 'saving']);
    expect(gateway.house.slots.drive.held().input.order).to.deep.equal({ kind: 'save', preset_name: 'Dock, quay 3' });
    const busy = await ask('lan', 'POST', '/move', { pan: 1 });
    expect([busy.statusCode, busy.json().error]).to.deep.equal([409, 'Not now: a position is being saved.']);
    for (const payload of [
      {},
      { name: '' },
      { name: ' ' },
      { name: 'a\nb' },
      { name: 'x'.repeat(65) },
      { name: 'Dock', token: '1' },
    ]) {
      expect((await ask('lan', 'POST', '/presets', payload)).statusCode, JSON.stringify(payload)).to.equal(400);
    }
    expect((await ask('vera', 'POST', '/presets', { name: 'Dock' })).statusCode).to.equal(403);
  });

  it('refuses what is no move, who has no right, and a camera that has no motor', async () => {
    for (const payload of [{}, { pan: 0 }, { pan: 2 }, { pan: 1, for_ms: 60_000 }, { pan: 1, roll: 1 }]) {
      expect((await ask('lan', 'POST', '/move', payload)).statusCode, JSON.stringify(payload)).to.equal(400);
    }
    expect((await ask('vera', 'POST', '/move', { pan: 1 })).statusCode).to.equal(403);
    const shown = async () => {
      const headers = gateway.bearer({ role: 'operator', zones: ['hcm/*'] });
      return (await gateway.server.inject({ url: '/api/v1/cameras/cam_001', headers })).json().ptz;
    };
    expect(await shown()).to.equal(true);
    await gateway.house.roster.offer(at, { type: 'ptz.removed' });
    const fixed = await ask('lan', 'GET');
    expect([fixed.statusCode, fixed.json().reason]).to.deep.equal([409, 'no-ptz']);
    expect(await shown()).to.equal(false);
  });
});
