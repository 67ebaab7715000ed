import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import https from 'node:https';
import tls from 'node:tls';
import { expect } from 'chai';
import type { Browser } from 'playwright-core';
import { WebSocket } from 'ws';
import { findProgram } from '../../infra/binaries.ts';
import { readCertificate } from '../../infra/certificate.ts';
import type { RelayPlace } from '../../infra/group.ts';
import { makeAuthority, type TestAuthority } from '../fixtures/certificates.ts';
import { openPage, startChromium } from '../fixtures/chromium.ts';
import { command } from '../fixtures/command-line.ts';
import { startTestGroup, type TestGroup } from '../fixtures/group.ts';
import { run, until } from '../fixtures/process.ts';
import { type Site, startSite } from '../fixtures/site.ts';

describe('a group with a certificate of an authority of its own', function () {
  this.timeout(90_000);
  let authority: TestAuthority;
  let site: Site;
  let group: TestGroup;
  let browser: Browser;
  let ca: string;

  before(async () => {
    authority = makeAuthority();
    ca = readFileSync(authority.caFile, 'utf8');
    [site, browser] = await Promise.all([startSite(['north']), startChromium()]);
    const { certFile: cert, keyFile: key } = authority;
    const sent = { zone: 'hcm/gate', sources: ['publish:'] };
    const cameras = { ...site.cameras(), rtmps: sent, rtsps: sent };
    group = await startTestGroup({ http: { tls: { cert, key } }, cameras });
    await until(
      'the camera to be live',
      async () => (await group.api('GET', '/api/v1/cameras/north')).body.state === 'live',
      20_000,
    );
  });
  after(async () => {
    await browser?.close();
    await group?.stop();
    await site?.close();
    authority?.close();
  });

  const placeOf = () => group.group.relays.find(({ role }) => role === 'delivery') as RelayPlace;
  /** The serial number of what a port shows to somebody who believes the authority alone. */
  const serialAt = (port: number, host = 'localhost') =>
    new Promise<string>((resolve, reject) => {
      const socket = tls.connect({ host: '127.0.0.1', port, servername: host, ca }, () => {
        resolve(socket.getPeerCertificate().serialNumber);
        socket.end();
      });
      socket.on('error', reject);
    });

  it('answers over HTTPS to whoever believes that authority, and to nobody in the clear', async () => {
    const status = await new Promise<number | undefined>((resolve, reject) =>
      https.get(`${group.url}/healthz`, { ca }, ({ statusCode }) => resolve(statusCode)).on('error', reject),
    );
    expect(status).to.equal(200);
    expect(group.launcher.output()).to.match(/^ready https:\/\//m);
    const strict = await fetch(`${group.url}/healthz`).catch((error) => error.cause.code);
    expect(strict).to.match(/CERT|SIGNATURE|ISSUER/);
    const plain = await fetch(`${group.url.replace('https', 'http')}/healthz`).catch((error) => error.name);
    expect(plain).to.equal('TypeError');
  });

  it('signs a browser in with a cookie that never travels in the clear, and shows it the picture', async () => {
    const { page, faults } = await openPage(browser, undefined, { ignoreHTTPSErrors: true });
    const { out } = await command(['login', '--state', group.state]);
    await page.goto(out.trim());
    await until('a moving picture', () => page.locator('.tile[data-camera=north] .latency').count(), 20_000);
    const [cookie] = await page.context().cookies();
    expect(cookie).to.include({ name: '__Host-signalbox', secure: true, httpOnly: true, sameSite: 'Strict' });
    expect(faults).to.deep.equal([]);
  });

  it('is found by the command line of its machine, which believes that one certificate', async () => {
    const { code, out, err } = await command(['camera', 'list', '--state', group.state]);
    expect([code, err]).to.deep.equal([0, '']);
    expect(out).to.contain('north');
  });

  it('shows a picture over RTSPS, ends it on revocation, and offers other machines no RTSP in the clear', async () => {
    const token = group.token({ sub: 'vlc', role: 'viewer', cameras: ['north'] });
    const { body } = await group.api('GET', '/live/north/rtsp', undefined, token);
    expect(body.rtsp_url).to.match(/^rtsps:\/\/127\.0\.0\.1:/);
    // FFmpeg's RTSP can't be told whom to believe; the test below checks what the relay shows.
    const tcp = ['-rtsp_transport', 'tcp'];
    const [url, frames] = [String(body.rtsp_url), ['-frames:v', '10', '-f', 'null', '-']];
    const ffmpeg = findProgram('ffmpeg');
    const seen = spawnSync(ffmpeg, ['-v', 'error', ...tcp, '-i', url, ...frames], { timeout: 20_000 });
    expect([seen.status, String(seen.stderr)]).to.deep.equal([0, '']);
    const viewer = run(ffmpeg as `/${string}`, ['-v', 'error', ...tcp, '-i', url, '-f', 'null', '-']);
    const relay = 'relay-1';
    const watching = async () => (await group.askRelay(relay, 'rtspssessions/list')).items.length;
    await until('the relay to have it', async () => (await watching()) === 1, 10_000);
    await group.api('POST', '/api/v1/revocations', { sub: 'vlc' });
    await until('the picture to end', () => viewer.child.exitCode !== null, 10_000);
    const { rtspAddress, rtspsAddress } = await group.askRelay(relay, 'config/global/get');
    expect([rtspAddress, rtspsAddress]).to.deep.equal([`127.0.0.1:${placeOf().rtsp}`, `127.0.0.1:${placeOf().rtsps}`]);
  });

  for (const protocol of ['rtmps', 'rtsps'] as const) {
    it(`takes what cameras send over ${protocol.toUpperCase()}, and cuts whoever sends it by a revocation`, async () => {
      const operator = group.token({ sub: `sender-${protocol}`, role: 'operator', zones: ['hcm/*'] });
      const { body } = await group.api('POST', `/publish/${protocol}`, undefined, operator);
      const url = String(body[protocol.replace(/s$/, '_url')]);
      expect(url).to.match(new RegExp(`^${protocol}://127\\.0\\.0\\.1:`));
      const muxer = protocol === 'rtmps' ? ['-f', 'flv'] : ['-f', 'rtsp', '-rtsp_transport', 'tcp'];
      const picture = ['-re', '-f', 'lavfi', '-i', 'testsrc=size=320x180:rate=15', '-pix_fmt', 'yuv420p'];
      const encoder = ['-c:v', 'libx264', '-preset', 'ultrafast', '-tune', 'zerolatency', '-g', '15'];
      const ffmpeg = findProgram('ffmpeg') as `/${string}`;
      const sender = run(ffmpeg, ['-v', 'error', ...picture, ...encoder, ...muxer, url]);
      const camera = async () => (await group.api('GET', `/api/v1/cameras/${protocol}`)).body;
      await until('the camera to be live', async () => (await camera()).state === 'live', 20_000);
      await group.api('POST', '/api/v1/revocations', { sub: `sender-${protocol}` });
      await until('the sender to be cut', () => sender.child.exitCode !== null || sender.child.signalCode !== null);
      const intake = group.group.relays.find(({ role }) => role === 'intake') as RelayPlace;
      const { rtmpAddress, rtspAddress, srtAddress } = await group.askRelay(intake.id, 'config/global/get');
      expect([rtmpAddress, rtspAddress, srtAddress], 'in the clear, for this machine').to.deep.equal([
        ...[`127.0.0.1:${intake.rtmp}`, `127.0.0.1:${intake.rtsp}`, `127.0.0.1:${intake.srt}`],
      ]);
    });
  }

  it('goes over to a renewed certificate, and what stands goes on', async () => {
    const { port } = group.group.http;
    const { rtsps = 0 } = placeOf();
    const socket = new WebSocket(`${group.url.replace('https', 'wss')}/api/v1/events`, {
      ca,
      headers: { authorization: `Bearer ${group.token()}` },
    });
    let heard = 0;
    socket.on('message', () => heard++);
    await new Promise((resolve, reject) => socket.on('open', resolve).on('error', reject));
    socket.send('{"after":0}');
    const before = await serialAt(port);
    authority.renew();
    await until('the gateway to show the new one', async () => (await serialAt(port)) !== before, 15_000);
    await until('the relay to show it', async () => (await serialAt(rtsps)) === (await serialAt(port)), 15_000);
    const already = heard;
    await group.api('POST', '/api/v1/incidents', { cameras: ['north'], reason: 'fire', minutes: 1, drill: true });
    await until('an event on the old connection', () => heard > already, 10_000);
    expect(socket.readyState).to.equal(WebSocket.OPEN);
    socket.close();
  });

  it('keeps the old certificate while the files are not a pair, and says so', async () => {
    const { certFile, keyFile } = authority;
    const { port } = group.group.http;
    const before = await serialAt(port);
    const key = readFileSync(keyFile, 'utf8');
    const other = makeAuthority();
    try {
      expect(() => readCertificate({ certFile, keyFile: other.keyFile })).to.throw(/that of another certificate/);
      expect(() => readCertificate({ certFile, keyFile: '/nowhere.pem' })).to.throw(
        /nowhere.pem can't be read \(ENOENT/,
      );
      expect(() => readCertificate({ certFile: keyFile, keyFile })).to.throw(/http\.tls: .* can't be used/);
      writeFileSync(keyFile, readFileSync(other.keyFile));
      await until('the log to say it', () => /the renewed certificate is not used/.test(group.logs()), 10_000);
      expect(await serialAt(port)).to.equal(before);
    } finally {
      writeFileSync(keyFile, key);
      other.close();
    }
  });
});
