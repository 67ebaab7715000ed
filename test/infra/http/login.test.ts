import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import { openLoginLinks } from '../../../infra/http/links.ts';
import { type FakeGateway, fakeGateway } from '../../fakes/http.ts';

const grant = { sub: 'owner', role: 'admin' as const, cameras: [], zones: [] };

describe('http: signing in', () => {
  let gateway: FakeGateway;
  beforeEach(async () => {
    gateway = await fakeGateway();
    await gateway.camera('cam_001', 'hcm/center');
  });
  afterEach(() => gateway.close());

  const signIn = (token: string, headers: Record<string, string> = {}) =>
    gateway.server.inject({ method: 'POST', url: '/api/v1/login', headers, payload: { token } });
  const cookieOf = (answer: { headers: Record<string, unknown> }) =>
    String(answer.headers['set-cookie']).split(';')[0] ?? '';

  it('trades the one-time link for a cookie that scripts and other sites never see', async () => {
    const link = gateway.services.links.make(grant, 60_000);
    const answer = await signIn(link, { origin: 'http://localhost:80' });
    expect(answer.statusCode).to.equal(200);
    expect(answer.json()).to.include({ sub: 'owner', role: 'admin' });
    expect(answer.headers['set-cookie']).to.match(
      /^signalbox-8080=.*; Max-Age=43\d{3}; Path=\/; HttpOnly; SameSite=Strict$/,
    );
    const me = await gateway.server.inject({ url: '/api/v1/login', headers: { cookie: cookieOf(answer) } });
    expect(me.json()).to.include({ sub: 'owner' });
    expect((await signIn(link)).statusCode, 'a second time').to.equal(401);
  });

  it('binds the cookie to the host and to TLS where people use TLS', async () => {
    gateway.services.config.http.publicUrl = 'https://stream.example.com';
    const answer = await signIn(gateway.token(grant));
    expect(answer.headers['set-cookie']).to.match(/^__Host-signalbox=.*; Path=\/; HttpOnly; Secure; SameSite=Strict$/);
    expect(answer.headers['strict-transport-security']).to.match(/max-age/);
  });

  it('takes a login token as well, and no other kind', async () => {
    expect((await signIn(gateway.token(grant))).statusCode).to.equal(200);
    const { stream_token } = (
      await gateway.server.inject({ url: '/live/cam_001/webrtc', headers: gateway.bearer(grant) })
    ).json();
    expect((await signIn(stream_token)).statusCode).to.equal(401);
    expect((await signIn('../../keys/signing-1.pem')).json()).to.include({ reason: 'link' });
  });

  it('signs out by forgetting the cookie', async () => {
    const answer = await gateway.server.inject({ method: 'DELETE', url: '/api/v1/login' });
    expect([answer.statusCode, answer.headers['set-cookie']]).to.deep.equal([
      204,
      'signalbox-8080=; Max-Age=0; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; SameSite=Strict',
    ]);
  });

  it('lets no page of another site act with the cookie', async () => {
    const cookie = cookieOf(await signIn(gateway.token(grant)));
    const revoke = (headers: Record<string, string>) =>
      gateway.server.inject({
        method: 'POST',
        url: '/api/v1/revocations',
        headers: { cookie, ...headers },
        payload: { sub: 'x' },
      });
    expect((await revoke({ origin: 'https://evil.example.com' })).json()).to.include({ reason: 'origin' });
    expect((await revoke({ origin: 'null' })).statusCode).to.equal(403);
    expect((await revoke({})).statusCode, 'no Origin at all').to.equal(403);
    expect((await revoke({ 'sec-fetch-site': 'cross-site' })).statusCode).to.equal(403);
    expect(gateway.services.revocations.list()).to.deep.equal([]);
    expect((await revoke({ origin: 'http://localhost:80' })).statusCode).to.equal(201);
    expect((await revoke({ 'sec-fetch-site': 'same-origin' })).statusCode).to.equal(201);
    // Admission is a GET, but it makes a session.
    const admit = (headers: Record<string, string>) =>
      gateway.server.inject({ url: '/live/cam_001/webrtc', headers: { cookie, ...headers } });
    expect((await admit({ 'sec-fetch-site': 'cross-site' })).statusCode).to.equal(403);
    expect((await admit({ 'sec-fetch-site': 'same-origin' })).statusCode).to.equal(200);
    expect((await admit({})).statusCode).to.equal(200);
  });

  it('signs nobody in for a page of another site', async () => {
    const answer = await signIn(gateway.token(grant), { origin: 'https://evil.example.com' });
    expect([answer.statusCode, answer.headers['set-cookie']]).to.deep.equal([403, undefined]);
  });

  it('answers to its own names only, so that no rebound name reaches it', async () => {
    const status = async (host: string) =>
      (await gateway.server.inject({ url: '/healthz', headers: { host } })).statusCode;
    for (const host of ['localhost:8080', '127.0.0.1:8080', '[::1]:8080', '192.168.1.5'])
      expect(await status(host), host).to.equal(200);
    for (const host of ['evil.example.com', 'localhost.evil.com', '127.0.0.1.nip.io', 'a b', 'localhost@evil.com']) {
      expect(await status(host), `"${host}"`).to.equal(421);
    }
    gateway.services.config.http.publicUrl = 'https://stream.example.com';
    expect(await status('stream.example.com')).to.equal(200);
  });

  it('slows down whoever tries tokens, and nobody else', async () => {
    const guess = (n: number) =>
      gateway.server.inject({
        url: '/api/v1/cameras',
        headers: { authorization: `Bearer a.b.${n}` },
        remoteAddress: '192.0.2.9',
      });
    let last = 0;
    for (let n = 0; n < 70; n++) last = (await guess(n)).statusCode;
    expect(last).to.equal(429);
    const good = { url: '/api/v1/cameras', headers: gateway.bearer(grant), remoteAddress: '192.0.2.9' };
    expect((await gateway.server.inject(good)).statusCode).to.equal(200);
  });
});

describe('one-time login links', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'sbx-links-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('let in once, in time, whoever made them', () => {
    let now = 1_000;
    const text = openLoginLinks(folder, () => now).make(grant, 60_000);
    const gateway = openLoginLinks(folder, () => now);
    expect(gateway.redeem(text)).to.deep.equal(grant);
    expect(gateway.redeem(text)).to.equal(undefined);
    const late = gateway.make(grant, 60_000);
    now += 60_001;
    expect(gateway.redeem(late)).to.equal(undefined);
    expect(readdirSync(folder)).to.deep.equal([]);
  });

  it('leave nothing on disk that could be used, and tidy up what nobody redeemed', () => {
    let now = 1_000;
    const links = openLoginLinks(folder, () => now);
    const text = links.make(grant, 60_000);
    const [file = ''] = readdirSync(folder).map((name) => path.join(folder, name));
    expect(file + readFileSync(file, 'utf8')).to.not.contain(text);
    expect(statSync(file).mode & 0o777).to.equal(0o600);
    writeFileSync(path.join(folder, 'foreign.json'), 'not ours');
    now += 120_000;
    links.make(grant, 60_000);
    expect(readdirSync(folder)).to.have.length(1);
  });

  it('are never opened by any other text', () => {
    const links = openLoginLinks(folder);
    links.make(grant, 60_000);
    fc.assert(fc.property(fc.string(), (text) => links.redeem(text) === undefined));
    fc.assert(fc.property(fc.stringMatching(/^[A-Za-z0-9_-]{43}$/), (text) => links.redeem(text) === undefined));
    expect(readdirSync(folder)).to.have.length(1);
  });
});
