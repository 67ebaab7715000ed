import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import type { Browser, Page } from 'playwright-core';
import { seatMediamtx } from '../../adapters/seat.mediamtx.ts';
import { whepMediamtx } from '../../adapters/whep.mediamtx.ts';
import type { Held, SeatReport } from '../../machines/slots.ts';
import { startCamera } from '../fixtures/camera.ts';
import { startChromium } from '../fixtures/chromium.ts';
import { type Running, run, until } from '../fixtures/process.ts';
import { serveTokenKeys, startRelay, type TestRelay, type TokenKeys } from '../fixtures/relay.ts';

/** A real WHEP viewer: Chromium makes the offer and shows the picture, this process does the signalling. */
interface Viewer {
  page: Page;
  relaySession: string;
  resource: string;
  /** Pictures presented so far. */
  frames(): Promise<number>;
}

describe('seats at a real relay', () => {
  let keys: TokenKeys;
  let relay: TestRelay;
  let switcher: Running;
  let browser: Browser;
  let site: http.Server;
  let whep: ReturnType<typeof whepMediamtx>;
  let seat: ReturnType<typeof seatMediamtx>;
  const reports: SeatReport[] = [];

  before(async function () {
    this.timeout(30_000);
    keys = await serveTokenKeys();
    site = http.createServer((_request, response) => {
      response.setHeader('content-type', 'text/html');
      response.end('<video muted autoplay playsinline></video>');
    });
    await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve));
    [relay, browser] = await Promise.all([startRelay('delivery', keys), startChromium()]);
    const publish = keys.token('switcher', [{ action: 'publish', path: 'cam_001' }]);
    switcher = startCamera(relay.rtsp('cam_001', publish), { gopSeconds: 0.5 });
    await until('the program', async () => (await relay.api.paths()).some((path) => path.available));
    whep = whepMediamtx((name) =>
      name === relay.place.id ? { host: '127.0.0.1', port: relay.place.whep } : undefined,
    );
    seat = seatMediamtx(() => relay.api);
  });
  beforeEach(() => {
    reports.length = 0;
  });
  after(async () => {
    await browser?.close();
    await switcher?.stop();
    whep?.end();
    await relay?.close();
    site?.close();
    keys?.close();
  });

  const hold = (session: string): Held =>
    seat({ session, relay: relay.place.id, tokenLifeMs: 3000 }, (event) => reports.push(event));
  const token = (session: string) => keys.token(session, [{ action: 'read', path: 'cam_001' }]);

  async function join(session: string): Promise<Viewer> {
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${(site.address() as AddressInfo).port}/`);
    const sdp = await page.evaluate(`(async () => {
      const connection = (window.connection = new RTCPeerConnection());
      connection.addTransceiver('video', { direction: 'recvonly' });
      connection.ontrack = ({ streams }) => { document.querySelector('video').srcObject = streams[0]; };
      await connection.setLocalDescription(await connection.createOffer());
      return connection.localDescription.sdp;
    })()`);
    const opened = await whep.open(relay.place.id, 'cam_001', String(sdp), token(session));
    await page.evaluate(`connection.setRemoteDescription({ type: 'answer', sdp: ${JSON.stringify(opened.answer)} })`);
    const frames = async () =>
      Number(await page.evaluate(`document.querySelector('video').getVideoPlaybackQuality().totalVideoFrames`));
    return { page, relaySession: opened.relaySession, resource: opened.resource, frames };
  }
  const watching = (viewer: Viewer) => until('a moving picture', async () => (await viewer.frames()) > 5);
  const present = async (session: string) =>
    (await relay.api.sessions('webrtcsessions')).filter(({ user }) => user === session).length;

  it('are told as taken when the viewer is connected, and as left when it is gone', async () => {
    const held = hold('viewer_1');
    const viewer = await join('viewer_1');
    await until('the seat to be taken', () => reports.length, 2000);
    expect(reports).to.deep.equal([{ type: 'seat.taken', relay: 'delivery-1', relay_session: viewer.relaySession }]);
    await watching(viewer);
    const leftAt = performance.now();
    await whep.close(viewer.resource);
    await until('the seat to be left', () => reports.length === 2, 2000);
    expect(performance.now() - leftAt).to.be.below(3000);
    expect(reports[1]).to.deep.equal({ type: 'seat.left', relay: 'delivery-1', relay_session: viewer.relaySession });
    held.release();
    await viewer.page.close();
  });

  it('cut the picture at once on release, and again within a second when the same token returns', async () => {
    const held = hold('viewer_2');
    const viewer = await join('viewer_2');
    await watching(viewer);
    const releasedAt = performance.now();
    held.release();
    await until('the session to be ended', async () => (await present('viewer_2')) === 0, 2000, 5);
    expect(performance.now() - releasedAt).to.be.below(1500);
    const frames = await viewer.frames();
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(await viewer.frames()).to.be.at.most(frames + 3);
    await viewer.page.close();
    const again = await join('viewer_2');
    expect(await present('viewer_2')).to.be.at.most(1);
    await until('the returned session to be ended', async () => (await present('viewer_2')) === 0, 1500, 10);
    await again.page.close();
    expect(reports.filter(({ type }) => type === 'seat.left')).to.deep.equal([]);
  });

  it('that are held anew tell who left meanwhile, and not again who is still there', async () => {
    const former = hold('viewer_6');
    const viewer = await join('viewer_6');
    await until('the seat to be taken', () => reports.length, 2000);
    former.detach?.();
    const { id } = relay.place;
    const known = [viewer.relaySession, crypto.randomUUID()].map((relaySession) => ({
      ...{ relay: id, relaySession, taken: true },
    }));
    const heard: SeatReport[] = [];
    const anew = seat({ session: 'viewer_6', relay: id, tokenLifeMs: 0, known }, (event) => heard.push(event));
    await until('the one that is gone', () => heard.length, 2000);
    expect(heard).to.deep.equal([{ type: 'seat.left', relay: id, relay_session: known[1]?.relaySession }]);
    await whep.close(viewer.resource);
    await until('the other to leave', () => heard.length === 2, 3000);
    expect(heard[1]).to.deep.equal({ type: 'seat.left', relay: id, relay_session: viewer.relaySession });
    anew.release();
    await viewer.page.close();
  });

  it('leave everybody else where they are', async () => {
    const stays = hold('viewer_3');
    const goes = hold('viewer_4');
    const [staying, going] = await Promise.all([join('viewer_3'), join('viewer_4')]);
    await Promise.all([watching(staying), watching(going)]);
    goes.release();
    await until('one to be ended', async () => (await present('viewer_4')) === 0, 2000);
    const frames = await staying.frames();
    await until('more frames for the other', async () => (await staying.frames()) > frames + 10);
    stays.detach?.();
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(await present('viewer_3')).to.equal(1);
    await Promise.all([staying.page.close(), going.page.close()]);
  });

  it('tell the reason when a session can’t be opened', async () => {
    const reasonOf = (attempt: Promise<unknown>) =>
      attempt.then(
        () => 'opened',
        (error: { reason?: string }) => error.reason,
      );
    const offer = (codec: string) =>
      ['v=0', 'o=- 1 2 IN IP4 127.0.0.1', 's=-', 't=0 0', 'a=group:BUNDLE 0', 'm=video 9 UDP/TLS/RTP/SAVPF 96']
        .concat(['c=IN IP4 0.0.0.0', 'a=ice-ufrag:abcd', 'a=ice-pwd:abcdefghijklmnopqrstuvwx', 'a=mid:0', 'a=recvonly'])
        .concat([`a=fingerprint:sha-256 ${Array(32).fill('AA').join(':')}`, 'a=setup:actpass', 'a=rtcp-mux'])
        .concat([`a=rtpmap:96 ${codec}/90000`, ''])
        .join('\r\n');
    const everywhere = keys.token('x', [{ action: 'read', path: '~^cam' }]);
    const { id } = relay.place;
    const reasons = await Promise.all([
      reasonOf(whep.open(id, 'cam_404', offer('H264'), everywhere)),
      reasonOf(whep.open(id, 'cam_001', 'not a description', everywhere)),
      reasonOf(whep.open(id, 'cam_001', offer('VP8'), everywhere)),
      reasonOf(whep.open(id, 'cam_001', offer('H264'), token('x').slice(0, -4))),
      reasonOf(whep.open('relay-9', 'cam_001', offer('H264'), everywhere)),
      reasonOf(whep.trickle(`http://127.0.0.1:${relay.place.whep}/cam_001/whep/${crypto.randomUUID()}`, '')),
      reasonOf(whep.close(`http://127.0.0.1:${relay.place.whep}/cam_001/whep/${crypto.randomUUID()}`)),
      reasonOf(whep.close('http://127.0.0.1:1/cam_001/whep/x')),
    ]);
    expect(reasons).to.deep.equal([
      ...['no-stream', 'bad-offer', 'bad-offer', 'unauthorized', 'relay-away', 'gone', 'opened', 'relay-away'],
    ]);
  });

  it('count an RTSP client of the same session, and cut it too', async () => {
    const held = hold('viewer_5');
    const address = relay.rtsp('cam_001', token('viewer_5'));
    const client = run('ffmpeg', ['-v', 'error', '-rtsp_transport', 'tcp', '-i', address, '-f', 'null', '-']);
    await until('the seat to be taken', () => reports.length, 5000);
    expect(reports[0]?.type).to.equal('seat.taken');
    held.release();
    await until('the client to be cut off', () => client.child.exitCode !== null, 3000);
  });
});
