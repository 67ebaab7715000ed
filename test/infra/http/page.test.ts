import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { id } from '../../../bus/identity.ts';
import { type FakeGateway, fakeGateway } from '../../fakes/http.ts';

describe('http: the page', () => {
  let folder: string;
  let gateway: FakeGateway;
  const get = (url: string) => gateway.server.inject({ url });

  before(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'sbx-page-'));
    const page = path.join(folder, 'page');
    gateway = await fakeGateway({ page });
    expect((await get('/')).json(), 'before it is built').to.include({ reason: 'no-page' });
    mkdirSync(path.join(page, 'assets'), { recursive: true });
    writeFileSync(path.join(folder, 'secret.txt'), 'outside of the page');
    writeFileSync(path.join(page, 'index.html'), '<!doctype html><title>wall</title>');
    writeFileSync(path.join(page, 'watch.html'), '<!doctype html><title>player</title>');
    writeFileSync(path.join(page, 'assets', 'main-abc.js'), 'export {};');
  });
  after(async () => {
    await gateway.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('comes with a policy that lets in nothing from elsewhere, and may not be framed', async () => {
    const { headers, body } = await get('/');
    expect(body).to.contain('wall');
    const policy = String(headers['content-security-policy']);
    expect(policy)
      .to.contain("default-src 'none'")
      .and.contain("script-src 'self'")
      .and.contain("frame-ancestors 'none'");
    expect(policy).to.not.match(/unsafe|https?:|\*/);
    expect(headers).to.include({
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
    });
  });

  it('leads a sign-in by a link to the wall that was asked for, and nowhere else', async () => {
    const made = () => gateway.services.links.make({ sub: 'lan', role: 'viewer', cameras: [], zones: ['*'] }, 60_000);
    const wall = await get(`/?login=${made()}&layout=lay_1`);
    expect([wall.statusCode, wall.headers.location, wall.cookies.length]).to.deep.equal([303, '/?layout=lay_1', 1]);
    const front = await get(`/?login=${made()}`);
    expect([front.headers.location, front.cookies.length]).to.deep.equal(['/', 1]);
    const usedUp = await get('/?login=used&layout=lay_1');
    expect([usedUp.headers.location, usedUp.cookies]).to.deep.equal(['/?layout=lay_1', []]);
  });

  it('may speak with a relay that players reach themselves, and with no other', async () => {
    await gateway.relay('relay-2', 'first');
    const { headers } = await get('/watch/cam_001');
    const [, connect] = /connect-src ([^;]*)/.exec(String(headers['content-security-policy'])) ?? [];
    expect(connect?.split(' ').filter((source) => source.startsWith('http'))).to.deep.equal(['http://127.0.0.1:8909']);
  });

  it('lets pages of ours embed the player, and nothing else of it', async () => {
    const { headers, body } = await get('/watch/cam_001');
    expect(body).to.contain('player');
    expect(headers['content-security-policy'])
      .to.contain("frame-ancestors 'self'")
      .and.contain("script-src 'self'")
      .and.not.contain('*');
  });

  it('keeps files that never change in caches, and nothing else', async () => {
    const asset = await get('/assets/main-abc.js');
    expect(asset.headers['cache-control']).to.contain('immutable');
    expect(asset.headers['content-type']).to.match(/javascript/);
    const none = await get('/assets/none.js');
    expect([none.statusCode, none.json().reason]).to.deep.equal([404, 'not-found']);
    for (const url of [
      '/assets/..%2f..%2fsecret.txt',
      '/assets/%2e%2e%2f%2e%2e%2fsecret.txt',
      '/assets//../../secret.txt',
    ]) {
      expect((await get(url)).body, url).to.not.contain('outside');
    }
  });
});

describe('http: operations', () => {
  let gateway: FakeGateway;
  const anna = { sub: 'anna', role: 'admin' as const };
  let reasons: { part: string; state: 'degraded' | 'down'; text: string }[] = [];

  before(async () => {
    gateway = await fakeGateway({ health: () => reasons });
    await gateway.camera('cam_001', 'hcm/center');
  });
  after(() => gateway.close());

  it('say whether the gateway can serve, and why not', async () => {
    const ready = () => gateway.server.inject({ url: '/readyz' });
    expect([(await ready()).statusCode, (await ready()).json().status]).to.deep.equal([200, 'ready']);
    reasons = [{ part: 'nats', state: 'degraded', text: 'NATS is away' }];
    expect([(await ready()).statusCode, (await ready()).json()]).to.deep.equal([200, { status: 'degraded', reasons }]);
    reasons = [{ part: 'relays', state: 'down', text: 'no relay serves' }];
    expect((await ready()).statusCode).to.equal(503);
    expect((await gateway.server.inject({ url: '/healthz' })).statusCode).to.equal(200);
  });

  it('measure what the interface promises, under its names', async () => {
    const at = { kind: 'camera' as const, id: id('cam_001') };
    await gateway.house.roster.offer(at, { type: 'source.silent', source: '0', silent_ms: 900 });
    await gateway.server.inject({ url: '/live/cam_001/webrtc', headers: gateway.bearer(anna) });
    const { body, headers } = await gateway.server.inject({ url: '/metrics', headers: gateway.bearer(anna) });
    expect(headers['content-type']).to.match(/^text\/plain/);
    for (const line of [
      'signalbox_cameras{state="stalled"} 1',
      'signalbox_sessions{protocol="webrtc",state="admitted"} 1',
      'signalbox_admissions_total{result="admitted"} 1',
      'signalbox_relay_load{relay="relay-1"} 1',
      'signalbox_failover_seconds_count{kind="camera",phase="detect"} 1',
    ]) {
      expect(body).to.contain(line);
    }
    for (const name of [
      'first_frame_seconds',
      'glass_to_glass_seconds',
      'moves_total',
      'journal_appends_total',
      'journal_queue',
      'event_loop_delay_seconds',
      'relay_calls_total',
    ]) {
      expect(body).to.contain(`# TYPE signalbox_${name} `);
    }
  });

  it('show posters as they are, once', async () => {
    const headers = gateway.bearer(anna);
    const url = '/api/v1/cameras/cam_001/poster.jpg';
    const poster = await gateway.server.inject({ url, headers });
    expect([poster.statusCode, poster.headers['content-type'], poster.rawPayload.length]).to.deep.equal([
      200,
      'image/jpeg',
      4,
    ]);
    const again = await gateway.server.inject({
      url,
      headers: { ...headers, 'if-none-match': String(poster.headers.etag) },
    });
    expect(again.statusCode).to.equal(304);
    await gateway.camera('cam_002', 'hcm/center');
    const none = await gateway.server.inject({ url: url.replace('001', '002'), headers });
    expect([none.statusCode, none.json().reason]).to.deep.equal([404, 'no-poster']);
  });

  it('answer for sessions of other gateways from the cache', async () => {
    const card = {
      id: id('ses_elsewhere'),
      camera: id('cam_001'),
      subject: 'vera',
      protocol: 'webrtc',
      quality: '720p',
    };
    const rest = { relay: 'relay-1', state: 'watching', expires_at: Date.now() + 60_000, node: 'gw-2' };
    await gateway.services.sessions.put({ ...card, ...rest });
    const get = (grant: object) =>
      gateway.server.inject({ url: '/api/v1/sessions/ses_elsewhere', headers: gateway.bearer(grant) });
    expect((await get(anna)).json()).to.include({ id: 'ses_elsewhere', subject: 'vera', node: 'gw-2' });
    expect((await get({ sub: 'vera' })).statusCode).to.equal(200);
    expect((await get({ sub: 'vito', cameras: ['cam_001'] })).statusCode).to.equal(403);
    expect((await get({ sub: 'otto', role: 'operator', zones: ['hanoi/*'] })).statusCode).to.equal(403);
  });

  it('describe the interface as OpenAPI that names every schema it uses', async () => {
    const { body } = await gateway.server.inject({ url: '/openapi.json' });
    const document = JSON.parse(body);
    expect(document.openapi).to.equal('3.1.0');
    const operations = Object.values(document.paths).flatMap((methods) => Object.values(methods as object));
    expect(operations.length).to.be.greaterThan(25);
    for (const operation of operations) {
      expect(operation.summary, JSON.stringify(operation).slice(0, 100)).to.be.a('string');
      const [refused] = Object.values(operation.responses['4XX'].content) as { schema: { required: string[] } }[];
      expect(refused?.schema.required).to.deep.equal(['error', 'reason']);
    }
    expect(body).to.not.contain('"$ref":"def');
  });
});
