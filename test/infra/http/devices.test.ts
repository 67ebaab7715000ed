import { expect } from 'chai';
import { DOME } from '../../fakes/devices.ts';
import { type FakeGateway, fakeGateway } from '../../fakes/http.ts';

describe('http: cameras that are not ours yet', () => {
  let gateway: FakeGateway;
  const LOGIN = { username: DOME.username, password: DOME.password };
  const ask = async (what: string, payload: object = {}) => {
    const headers = gateway.bearer({ sub: 'anna', role: 'admin' });
    return gateway.server.inject({ method: 'POST', url: `/api/v1/devices/${what}`, headers, payload });
  };

  beforeEach(async () => {
    gateway = await fakeGateway();
  });
  afterEach(() => gateway.close());

  it('are found, and those that we have already are told with their names', async () => {
    const sources = ['rtsp://127.0.0.1:8554/main'];
    const at = { kind: 'camera' as const, id: 'cam_009' as never };
    const settings = { name: 'Gate', zone: 'hcm/center', keep: 'warm', eye: true };
    const first = (await ask('find')).json();
    expect(first.items).to.deep.equal([{ ...DOME.found, cameras: [] }]);
    await gateway.house.roster.create(at, {
      type: 'camera.configured',
      settings: { ...settings, sources: sources.map((url) => ({ id: '0', url })) },
    });
    expect((await ask('find')).json().items[0].cameras).to.deep.equal(['cam_009']);
  });

  it('are looked for nowhere unless the configuration says where', async () => {
    const off = await fakeGateway({ config: { ...gateway.services.config, discovery: { on: [] } } });
    const headers = off.bearer({ role: 'admin' });
    const answer = await off.server.inject({ method: 'POST', url: '/api/v1/devices/find', headers, payload: {} });
    expect([answer.statusCode, answer.json().reason]).to.deep.equal([409, 'discovery-off']);
    expect(answer.json().error).to.include('discovery: { on: [');
    await off.close();
  });

  it('tell their streams, whether the address is a host, one of ONVIF or one of a stream', async () => {
    const onvif = (await ask('look', { address: ' 127.0.0.1:8899 ', ...LOGIN })).json();
    expect(onvif).to.include({ kind: 'onvif', address: DOME.found.url, name: 'Testing Dome 1', ptz: true });
    expect(onvif.profiles.map(({ name }: { name: string }) => name)).to.deep.equal(['Main', 'Sub']);
    const stream = (await ask('look', { address: 'rtsp://u:secret@10.0.0.7/live' })).json();
    expect(stream).to.include({ kind: 'stream', address: 'rtsp://10.0.0.7/live', ptz: false });
  });

  it('show a picture before they are added', async () => {
    const picture = await ask('picture', { address: 'rtsp://10.0.0.7/live', ...LOGIN });
    expect(picture.headers).to.include({ 'content-type': 'image/jpeg', 'cache-control': 'no-store' });
    expect(picture.rawPayload.subarray(0, 2)).to.deep.equal(Buffer.from([0xff, 0xd8]));
  });

  it('say in plain English what is wrong and what to do, and never repeat the password', async () => {
    for (const [what, payload, status, reason, text] of [
      [
        'look',
        { address: '127.0.0.1:8899', username: 'operator', password: 'wr0ng' },
        502,
        'unauthorized',
        /Check user/,
      ],
      ['look', { address: '127.0.0.1:8899' }, 502, 'unauthorized', /wants a user/],
      ['look', { address: '127.0.0.1:1', ...LOGIN }, 502, 'refused', /nothing listens/],
      ['look', { address: 'rtsp://10.0.0.7/none' }, 502, 'not-found', /no stream of this path/],
      ['look', { address: '169.254.169.254' }, 400, 'address', /link-local/],
      ['look', { address: 'ftp://10.0.0.7/x' }, 400, 'address', /can’t be used/],
      ['look', { address: 'http://u:s3cret@10.0.0.7/a@b' }, 400, 'address', /@ behind the host/],
      ['picture', { address: '127.0.0.1:8899', ...LOGIN }, 400, 'address', /rtsp/],
      ['picture', { address: 'rtsp://10.0.0.7/none', ...LOGIN }, 502, 'not-found', /no stream/],
    ] as const) {
      const answer = await ask(what, payload);
      const body = answer.json();
      expect([answer.statusCode, body.reason], JSON.stringify(payload)).to.deep.equal([status, reason]);
      expect(body.error).to.match(text);
      expect(answer.body).to.not.match(/wr0ng|s3cret|correct\[horse/);
    }
    expect(gateway.log.join('')).to.not.match(/wr0ng|s3cret|correct\[horse/);
  });
});
