import { expect } from 'chai';
import type { LoginGrant } from '../../../adapters/gate.jsonwebtoken.ts';
import { openEmbedCodes } from '../../../infra/http/embed-codes.ts';
import { type FakeGateway, fakeGateway } from '../../fakes/http.ts';

const SITE = 'https://www.example.com';
const OTHER = 'https://other.example.net';

describe('http: the player on pages of other sites', () => {
  let gateway: FakeGateway;
  let program: { id: string; token: string };
  const admin = () => gateway.bearer({ sub: 'anna', role: 'admin' });
  const as = (token: string) => ({ authorization: `Bearer ${token}` });
  const wish = (change: object = {}, headers: object = as(program.token)) =>
    gateway.server.inject({
      method: 'POST',
      url: '/api/v1/embed',
      headers: { ...headers },
      payload: { camera: 'cam_001', origin: SITE, ...change },
    });
  const pathOf = (url: string) => new URL(url).pathname + new URL(url).search;
  const codeOf = (url: string) => new URL(url).searchParams.get('code') ?? '';
  const trade = (code: string, camera = 'cam_001', headers: object = {}) =>
    gateway.server.inject({
      method: 'POST',
      url: '/api/v1/embed/token',
      headers: { ...headers },
      payload: { code, camera },
    });
  const enter = async (change: object = {}) => (await trade(codeOf((await wish(change)).json().url))).json().token;
  const ancestors = async (url: string) =>
    /frame-ancestors ([^;]*)/.exec(
      String((await gateway.server.inject({ url })).headers['content-security-policy']),
    )?.[1];

  beforeEach(async () => {
    gateway = await fakeGateway({ page: `${import.meta.dirname}/../../../adapters/browser` });
    gateway.services.config.http.allowedOrigins.push(SITE);
    await gateway.camera('cam_001', 'hcm/gate');
    await gateway.camera('cam_002', 'hcm/gate');
    await gateway.camera('cam_003', 'hanoi/station');
    const made = { name: 'our site', role: 'operator', zones: ['hcm/*'], expires_in: 3600 };
    const answer = { method: 'POST' as const, url: '/api/v1/service-tokens', headers: admin(), payload: made };
    program = (await gateway.server.inject(answer)).json();
  });
  afterEach(() => gateway.close());

  it('is framed by code, which opens one camera for watching, once, and is nowhere in the log', async () => {
    const made = await wish({ visitor: 'lan' });
    expect(made.statusCode).to.equal(201);
    const { url, sub, expires_in } = made.json();
    expect([sub, expires_in]).to.deep.equal([`service:${program.id}/lan`, 30]);
    const code = codeOf(url);
    const address = pathOf(url);
    expect(await ancestors(address), 'its own site alone').to.equal(SITE);
    // Looking at the page does not use it up; a browser may refuse to show it.
    const entered = await trade(code);
    expect(entered.statusCode).to.equal(200);
    expect((await trade(code)).json()).to.include({ reason: 'code' });
    const headers = as(entered.json().token);
    const get = (path: string) => gateway.server.inject({ url: path, headers });
    expect((await get('/live/cam_001/webrtc')).statusCode).to.equal(200);
    expect((await get('/live/cam_002/webrtc')).statusCode, 'what the program may, and the code may not').to.equal(403);
    expect((await get('/api/v1/broadcasts')).statusCode, 'an operator asked, a viewer watches').to.equal(403);
    expect((await get('/api/v1/login')).json()).to.include({ sub, role: 'viewer', name: 'our site' });
    expect(gateway.log.join('')).to.not.contain(code).and.not.contain(entered.json().token);
  });

  it('is refused to a site that is not named, for a camera that the program may not see, and to nobody at all', async () => {
    expect((await wish({ origin: OTHER })).json()).to.include({ reason: 'origin' });
    expect((await wish({ camera: 'cam_003' })).statusCode).to.equal(403);
    expect((await wish({}, {})).statusCode).to.equal(401);
    const person = gateway.bearer({ sub: 'vera', cameras: ['cam_001'] });
    expect((await wish({}, person)).statusCode).to.equal(201);
    expect((await wish({ visitor: 'lan' }, person)).json()).to.include({ reason: 'visitor' });
    expect((await wish({ visitor: '../anna' })).json()).to.include({ reason: 'bad-request' });
  });

  it('is not framed elsewhere: without a good code on named sites alone, where it says what is wrong', async () => {
    expect(await ancestors('/watch/cam_001')).to.equal(`'self' ${SITE}`);
    expect(await ancestors(`/watch/cam_001?code=${'x'.repeat(43)}`)).to.equal(`'self' ${SITE}`);
    const { url } = (await wish()).json();
    gateway.services.config.http.allowedOrigins.splice(0, 1, OTHER);
    expect(await ancestors(pathOf(url)), 'a site taken from the list').to.equal(`'self' ${OTHER}`);
    expect((await trade(codeOf(url))).json()).to.include({ reason: 'origin' });
  });

  it('gives no token for a code of another camera, to another page, or after its 30 s', async () => {
    const code = async () => codeOf((await wish()).json().url);
    expect((await trade(await code(), 'cam_002')).json()).to.include({ reason: 'code' });
    const good = await code();
    for (const origin of [OTHER, SITE, 'null']) {
      expect((await trade(good, 'cam_001', { origin })).json(), origin).to.include({ reason: 'origin' });
    }
    expect(
      (await trade(good, 'cam_001', { host: 'localhost:8080', origin: 'http://localhost:8080' })).statusCode,
    ).to.equal(200);
    let now = 1_000;
    const codes = openEmbedCodes(`${gateway.state}/late`, () => now);
    const grant = { sub: 'x', camera: 'cam_001', origin: SITE, asked_at: now, ends_at: 9_000 };
    const late = codes.make(grant, 30_000);
    expect(codes.peek(late)).to.include({ origin: SITE });
    now += 30_000;
    expect([codes.peek(late), codes.redeem(late)]).to.deep.equal([undefined, undefined]);
  });

  it('ends with the program that let it in, with its visitor alone, and before it is even loaded', async () => {
    const watch = async (token: string) =>
      (await gateway.server.inject({ url: '/live/cam_001/webrtc', headers: as(token) })).statusCode;
    const revoke = (what: object) =>
      gateway.server.inject({ method: 'POST', url: '/api/v1/revocations', headers: admin(), payload: what });
    const [lan, minh, later] = [await enter({ visitor: 'lan' }), await enter({ visitor: 'minh' }), await wish()];
    expect([await watch(lan), await watch(minh)]).to.deep.equal([200, 200]);
    const { sessions_cut } = (await revoke({ sub: `service:${program.id}/lan` })).json();
    expect([sessions_cut, await watch(lan), await watch(minh)]).to.deep.equal([1, 401, 200]);
    await gateway.server.inject({ method: 'DELETE', url: `/api/v1/service-tokens/${program.id}`, headers: admin() });
    expect(await watch(minh)).to.equal(401);
    expect((await trade(codeOf(later.json().url))).json()).to.include({ reason: 'revoked' });
  });

  it('ends when the program is revoked by its name', async () => {
    const token = await enter({ visitor: 'lan' });
    const what = { sub: `service:${program.id}` };
    const answer = { method: 'POST' as const, url: '/api/v1/revocations', headers: admin(), payload: what };
    await gateway.server.inject(answer);
    expect((await gateway.server.inject({ url: '/api/v1/cameras', headers: as(token) })).json()).to.include({
      reason: 'revoked',
    });
  });

  it('lasts no longer than the token of whoever asked', async () => {
    const brief: Partial<LoginGrant> = { sub: 'vera', cameras: ['cam_001'] };
    const { url } = (await wish({}, gateway.bearer(brief, 90))).json();
    expect((await trade(codeOf(url))).json().expires_in).to.be.within(80, 90);
  });
});

describe('http: pages of other sites that use the interface', () => {
  let gateway: FakeGateway;
  const ask = (origin: string, change: object = {}) =>
    gateway.server.inject({ url: '/api/v1/cameras', headers: { origin, ...change } });
  const preflight = (origin: string, url: string) =>
    gateway.server.inject({
      method: 'OPTIONS',
      url,
      headers: { origin, 'access-control-request-method': 'GET', 'access-control-request-headers': 'authorization' },
    });

  beforeEach(async () => {
    gateway = await fakeGateway();
    gateway.services.config.http.allowedOrigins.push(SITE);
    await gateway.camera('cam_001', 'hcm/gate');
  });
  afterEach(() => gateway.close());

  it('are answered where the configuration names them, refusals too, and never with a cookie', async () => {
    const seen = await ask(SITE, gateway.bearer({ zones: ['hcm/*'] }));
    expect(seen.statusCode).to.equal(200);
    expect(seen.headers).to.include({ 'access-control-allow-origin': SITE, vary: 'Origin' });
    const refused = await ask(SITE);
    expect([refused.statusCode, refused.headers['access-control-allow-origin']]).to.deep.equal([401, SITE]);
    const cookie = `signalbox-8080=${gateway.token({ zones: ['hcm/*'] })}`;
    const borrowed = await ask(SITE, { cookie, host: 'localhost:8080' });
    expect([borrowed.statusCode, borrowed.json().reason]).to.deep.equal([403, 'origin']);
    for (const { headers } of [seen, refused, borrowed]) {
      expect(headers).to.not.have.property('access-control-allow-credentials');
    }
  });

  it('are told before what they may send, on every address of the interface and no other', async () => {
    for (const url of ['/api/v1/cameras', '/api/v1/sessions/ses_1', '/live/cam_001/hls', '/recordings/cam_001']) {
      const { statusCode, headers } = await preflight(SITE, url);
      expect([statusCode, headers['access-control-allow-origin']], url).to.deep.equal([204, SITE]);
      expect(headers['access-control-allow-methods']).to.contain('DELETE');
      expect(headers['access-control-allow-headers']).to.contain('Authorization');
      expect(headers).to.not.have.property('access-control-allow-credentials');
    }
    for (const url of ['/api/v1/login', '/', '/metrics']) {
      expect((await preflight(SITE, url)).headers, url).to.not.have.property('access-control-allow-origin');
    }
    // WHEP players are let in from everywhere, as the protocol wants.
    expect((await preflight(OTHER, '/live/cam_001/whep')).headers['access-control-allow-origin']).to.equal('*');
  });

  it('get nothing that a browser would show them where they are not named', async () => {
    for (const origin of [OTHER, 'null', `${SITE}.evil.net`, 'http://www.example.com']) {
      const seen = await ask(origin, gateway.bearer({ zones: ['hcm/*'] }));
      expect(seen.headers, origin).to.not.have.property('access-control-allow-origin');
      expect((await preflight(origin, '/api/v1/cameras')).headers, origin).to.not.have.property(
        'access-control-allow-origin',
      );
    }
  });
});
