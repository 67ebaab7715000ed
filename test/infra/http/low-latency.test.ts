import { expect } from 'chai';
import { id } from '../../../bus/identity.ts';
import { type FakeGateway, fakeGateway } from '../../fakes/http.ts';
import { fakeRelay } from '../../fakes/low-latency.ts';
import { until } from '../../fixtures/process.ts';

describe('HLS with low latency', () => {
  let gateway: FakeGateway;
  let relay: ReturnType<typeof fakeRelay>;
  const vera = { sub: 'vera', cameras: ['cam_001'] };

  beforeEach(async () => {
    relay = fakeRelay();
    gateway = await fakeGateway({ lowLatency: relay.lowLatency });
    for (const camera of ['cam_001', 'cam_002']) await gateway.camera(camera, 'hcm/center');
  });
  afterEach(() => gateway.close());

  const get = (url: string, headers: Record<string, string> = {}) => gateway.server.inject({ url, headers });
  const granted = async (query = 'latency=low') => {
    const answer = (await get(`/live/cam_001/hls?${query}`, gateway.bearer(vera))).json();
    const { pathname } = new URL(answer.hls_url);
    return { ...answer, master: pathname, base: pathname.replace(/[^/]+$/, '') };
  };
  const PART = 'relay-1/720p/abc_video1_part7.mp4';
  const LIST = 'relay-1/720p/video1_stream.m3u8';

  it('is told of, with its reason, to devices that gain by it', async () => {
    const iphone = { ...gateway.bearer(vera), 'user-agent': 'Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X)' };
    const way = (await get('/live/cam_001', iphone)).json();
    expect(way).to.include({ protocol: 'hls', latency: 'low' });
    expect(way.url).to.match(/\/live\/cam_001\/hls\?max_quality=480p&latency=low$/);
    expect(way.why.text).to.match(/^Low-latency HLS in 480p/);
    expect((await get('/live/cam_001?native=false', iphone)).json()).to.include({ latency: 'usual' });
  });

  it('is a signed master playlist, whose playlists lie below it by relay and rung', async () => {
    const { master, latency, quality, session_id } = await granted();
    expect([latency, quality]).to.deep.equal(['low', '720p']);
    const { body, headers, statusCode } = await get(master);
    expect(statusCode).to.equal(200);
    expect(body)
      .to.include('\nrelay-1/720p/video1_stream.m3u8')
      .and.to.include('URI="relay-1/720p/audio2_stream.m3u8"');
    expect(headers['cache-control']).to.equal('no-store');
    expect(relay.asked).to.deep.equal(['relay-1 cam_001']);
    const view = gateway.house.roster.view({ kind: 'viewer', id: id(session_id) });
    expect(view?.context, 'its relay makes it, no ladder').to.include({ ladder: false, protocol: 'hls' });
  });

  it('hands on what a reload waits for, and nothing else of a query', async () => {
    const { base, session_id } = await granted();
    const answer = await get(`${base}${LIST}?_HLS_msn=9&_HLS_part=1&x=y`);
    expect(relay.asked.at(-1)).to.equal('relay-1 cam_001 video1_stream.m3u8 _HLS_msn=9&_HLS_part=1');
    expect(answer.headers['cache-control']).to.match(/^public, max-age=1$/);
    expect(Number(answer.headers['x-signalbox-at'])).to.be.closeTo(Date.now(), 5_000);
    await get(`${base}${LIST}?&_HLS_skip=YES`);
    expect(relay.asked.at(-1), 'as an edge writes it').to.equal('relay-1 cam_001 video1_stream.m3u8 _HLS_skip=YES');
    expect((await get(base + PART)).headers['cache-control']).to.match(/max-age=60.*immutable/);
    expect((await get(`${base}${LIST}?_HLS_msn=-1`)).statusCode).to.equal(400);
    const at = { kind: 'viewer' as const, id: id(session_id) };
    await until('the player to be seen', () => gateway.house.roster.view(at)?.state === 'watching');
  });

  it('refuses another camera, session, expiry or signature, on playlists, parts and the master alike', async () => {
    const { base } = await granted();
    const other = await granted();
    const [, , camera = '', session = '', expires = '', signature = ''] = base.split('/');
    const altered = [
      ['cam_002', session, expires, signature],
      [camera, other.session_id, expires, signature],
      [camera, session, String(Number(expires) + 1), signature],
      [camera, session, expires, signature.replace(/^./, (first: string) => (first === 'A' ? 'B' : 'A'))],
    ];
    const before = relay.asked.length;
    for (const parts of altered) {
      for (const file of ['low.m3u8', LIST, PART]) {
        expect((await get(`/hls/${parts.join('/')}/${file}`)).statusCode, `${parts}/${file}`).to.equal(403);
      }
    }
    expect(relay.asked).to.have.length(before);
    await gateway.server.inject({
      ...{ method: 'DELETE', url: `/api/v1/sessions/${session}` },
      headers: gateway.bearer({ sub: 'root', role: 'admin', zones: ['*'] }),
    });
    expect((await get(base + PART)).statusCode, 'of a revoked session').to.equal(403);
  });

  it('gives nothing of other relays, rungs or paths', async () => {
    const { base } = await granted();
    for (const path of [
      LIST.replace('relay-1', 'relay-2'),
      LIST.replace('720p', '240p'),
      'relay-1/720p/..%2f..%2fx.mp4',
    ]) {
      expect((await get(base + path)).statusCode, path).to.be.oneOf([400, 404]);
    }
    expect(relay.asked).to.deep.equal([]);
  });

  it('is never kept by a cache when it is refused, or is not ready', async () => {
    const { base, master } = await granted();
    relay.answers.status = 400;
    const late = await get(`${base}${LIST}?_HLS_msn=1`);
    expect([late.statusCode, late.headers['cache-control']]).to.deep.equal([400, 'no-store']);
    relay.answers.status = 401;
    expect((await get(base + LIST)).statusCode).to.equal(404);
    relay.answers.ready = false;
    const soon = await get(master);
    expect([soon.statusCode, soon.headers['retry-after']]).to.deep.equal([503, '2']);
  });

  it('is plain HLS where no relay makes it, and the answer says so', async () => {
    await gateway.close();
    gateway = await fakeGateway();
    await gateway.camera('cam_001', 'hcm/center');
    const answer = await granted();
    expect([answer.latency, answer.quality]).to.deep.equal(['usual', 'auto']);
    expect(answer.master).to.match(/\/master\.m3u8$/);
  });
});
