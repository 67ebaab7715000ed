import { expect } from 'chai';
import type { Browser, Page } from 'playwright-core';
import { startChromium } from '../fixtures/chromium.ts';
import type { Follower, HeardEvent } from '../fixtures/events.ts';
import { figure } from '../fixtures/figures.ts';
import { startTestGroup, type TestGroup } from '../fixtures/group.ts';
import { replayAgainstTheLiving } from '../fixtures/journal.ts';
import { descendants } from '../fixtures/launcher/start.ts';
import { freePort, until } from '../fixtures/process.ts';
import { type Shaper, startShaper, throughShaper } from '../fixtures/shaper.ts';
import { type Site, startSite } from '../fixtures/site.ts';
import { longestGapMs, median, type Watcher, watchCamera } from '../fixtures/watcher.ts';

/** How high the picture in front is. */
const linesOf = ({ page }: Watcher): Promise<number> =>
  page.evaluate(`document.querySelector('video.sbx-front').videoHeight`);

/** A browser that was built without H.264. */
const withoutH264 = async (page: Page): Promise<void> => {
  await page.addInitScript(`{
    const all = RTCRtpReceiver.getCapabilities.bind(RTCRtpReceiver);
    const without = (kind) => ({ codecs: all(kind).codecs.filter(({ mimeType }) => !/h264/i.test(mimeType)) });
    RTCRtpReceiver.getCapabilities = without;
    const { addTransceiver } = RTCPeerConnection.prototype;
    RTCPeerConnection.prototype.addTransceiver = function (kind, options) {
      const transceiver = addTransceiver.call(this, kind, options);
      if (kind === 'video') transceiver.setCodecPreferences(without(kind).codecs);
      return transceiver;
    };
  }`);
};

/** Somebody watches over a network that becomes narrow, and wide again. */
describe('a viewer whose network changes', function () {
  this.timeout(90_000);
  let site: Site;
  let group: TestGroup;
  let browser: Browser;
  let events: Follower;
  let shaper: Shaper;
  let adaptiveShaper: Shaper;
  let watcher: Watcher;
  let session: string;

  before(async () => {
    const picture = { width: 640, height: 480, fps: 25, gopSeconds: 2, bitrateBps: 1_500_000 };
    [site, browser] = await Promise.all([startSite(['north'], {}, picture), startChromium()]);
    const [[name, camera]] = Object.entries(site.cameras()) as [[string, object]];
    const cameras = { [name]: { ...camera, ladder: ['480p', '360p'], keep: 'warm' } };
    const adaptiveUdp = await freePort();
    // One of the cores suffices, but the meter of a busy machine must not decide these tests.
    const limits = { adaptive_peers: 1, adaptive_cores: 16 };
    group = await startTestGroup({ cameras, limits, ports: { adaptive_udp: adaptiveUdp } });
    events = group.follow(0);
    const { webrtcUdp = 0 } = group.group.relays.find(({ role }) => role === 'delivery') ?? {};
    [shaper, adaptiveShaper] = await Promise.all([startShaper(webrtcUdp), startShaper(adaptiveUdp)]);
    await events.next('rendition.running', 'rendition/north', 0, 30_000);
    watcher = await watchCamera(browser, group, 'north', {
      async prepare(page) {
        await throughShaper(page, webrtcUdp, shaper);
        await throughShaper(page, adaptiveUdp, adaptiveShaper);
      },
    });
    await watcher.moving(0, 20);
    session = String((await watcher.watched()).sessions.at(-1));
  });
  after(async () => {
    await watcher?.close();
    await shaper?.close();
    await adaptiveShaper?.close();
    events?.close();
    await browser?.close();
    await group?.stop();
    await site?.close();
  });

  const shown = async () => (await group.api('GET', `/api/v1/sessions/${session}`)).body;

  it('goes to the lowest rung when it becomes narrow, and the log tells why', async () => {
    expect((await shown()).quality).to.equal('480p');
    const at = Date.now();
    shaper.narrow(750_000);
    const moved = await events.next('viewer.moved', `viewer/${session}`, at, 20_000);
    figure('network cut to half: lower rung on screen after', moved.at - at);
    expect(moved.data).to.include({ kind: 'rung', from_quality: '480p', quality: '360p' });
    expect(moved.data.why.reason).to.be.oneOf(['collapsed', 'strained']);
    expect(moved.data.why.text).to.match(
      /^360p instead of 480p: (\d+ % of the packets were lost for \d+ ms|its pictures came \d+ ms late, each later than the last)$/,
    );
    const { presented, moves } = await watcher.moving(moved.at + 1_000, 20);
    figure('network cut to half: longest gap between frames', longestGapMs(presented, at));
    expect(moves.at(-1)).to.include({ quality: '360p' });
    expect(await linesOf(watcher)).to.equal(360);
  });

  it('has his rung again when the gateway is killed that made it', async () => {
    const killedAt = await group.kill('gateway');
    // Its ladder ends with it: meanwhile it is the camera's own picture, or another leg that his player opens.
    const isKnown = async () => {
      const { state, quality } = await shown().catch(() => ({}));
      return state === 'watching' && quality === '360p';
    };
    await until('his rung to be known', isKnown, 30_000);
    await until('his rung on screen', async () => (await linesOf(watcher)) === 360, 20_000);
    const { presented } = await watcher.moving(Date.now(), 20);
    expect(await linesOf(watcher)).to.equal(360);
    figure('gateway killed, on a thin line: longest gap between frames', longestGapMs(presented, killedAt));
  });

  it('gets a picture that is encoded for him alone when it carries no rung', async () => {
    const at = Date.now();
    for (const one of [shaper, adaptiveShaper]) one.narrow(250_000);
    const moved = await events.next('viewer.moved', `viewer/${session}`, at, 30_000);
    figure('network cut below the lowest rung: adaptive peer on screen after', moved.at - at);
    expect(moved.data).to.include({ kind: 'rung', from_quality: '360p', quality: 'adaptive', ladder: false });
    expect(moved.data.why.reason).to.be.oneOf(['collapsed', 'strained']);
    await watcher.moving(moved.at + 1_000, 20, 30_000);
    expect(await linesOf(watcher)).to.be.at.most(360);
  });

  it('goes up again, rung by rung, when it is wide', async () => {
    let at = Date.now();
    for (const one of [shaper, adaptiveShaper]) one.narrow(undefined);
    for (const [from_quality, quality] of [
      ['adaptive', '360p'],
      ['360p', '480p'],
    ]) {
      const moved = await events.next('viewer.moved', `viewer/${session}`, at, 40_000);
      figure(`network wide again: from ${from_quality} to ${quality} after`, moved.at - at);
      expect(moved.data).to.include({ kind: 'rung', from_quality, quality });
      expect(moved.data.why).to.include({ reason: 'recovered' });
      at = moved.at + 1;
    }
    await watcher.moving(at, 10);
    await until('nobody to be counted for the ladder', async () => (await shown()).quality === '480p');
  });

  it('gets the rung that he chose, and keeps it', async () => {
    const own = await watchCamera(browser, group, 'north', { query: 'quality=360p' });
    await own.moving(0, 5);
    const id = String((await own.watched()).sessions.at(-1));
    expect((await group.api('GET', `/api/v1/sessions/${id}`)).body).to.include({ quality: '360p', state: 'watching' });
    expect(await linesOf(own)).to.equal(360);
    await own.close();
  });

  it('goes no way up that his network has no room for: it is tried unseen, and the log tells so', async () => {
    const { webrtcUdp = 0 } = group.group.relays.find(({ role }) => role === 'delivery') ?? {};
    const line = await startShaper(webrtcUdp);
    const own = await watchCamera(browser, group, 'north', { prepare: (page) => throughShaper(page, webrtcUdp, line) });
    try {
      await own.moving(0, 20);
      const id = String((await own.watched()).sessions.at(-1));
      const at = Date.now();
      line.narrow(750_000);
      const down = await events.next('viewer.moved', `viewer/${id}`, at, 20_000);
      expect(down.data.quality).to.equal('360p');
      const isTried = ({ subject, data }: HeardEvent) => subject === `viewer/${id}` && data.why?.reason === 'no-room';
      const tried = await until('a way up to be tried', () => events.heard.find(isTried), 30_000);
      expect(tried.data.why.text).to.match(/^360p stays: beside it the network had no room for 480p/);
      const { presented } = await own.moving(tried.at + 1_000, 20, 20_000);
      figure(
        'a way up without room, tried unseen: longest gap between frames',
        longestGapMs(presented, down.at + 1_000),
      );
      expect(await linesOf(own)).to.equal(360);
      const moved = events.heard.filter(({ type, subject }) => type === 'viewer.moved' && subject === `viewer/${id}`);
      expect(moved.map(({ data }) => data.quality)).to.deep.equal(['360p']);
    } finally {
      await own.close();
      await line.close();
    }
  });

  describe('in a browser without H.264', () => {
    let own: Watcher;
    let id: string;
    const ofPeer = async () => (await group.api('GET', `/api/v1/sessions/${id}`)).body;
    /** The decoders of the adaptive peers: none where nobody has one. */
    const decoders = async () => descendants(await group.pid('peers'));

    before(async () => {
      own = await watchCamera(browser, group, 'north', { prepare: withoutH264 });
      await own.moving(0, 20);
      id = String((await own.watched()).sessions.at(-1));
    });
    after(() => own?.close());

    it('gets VP8 at once, in which the clock can be read', async () => {
      expect(await ofPeer()).to.include({ quality: 'adaptive', state: 'watching' });
      const { frames, states } = await own.watched();
      figure('without H.264: first frame', states.find(({ firstFrameMs }) => firstFrameMs)?.firstFrameMs ?? Number.NaN);
      figure('without H.264: glass to glass, median', median(frames.map(({ latency_ms }) => latency_ms)));
      expect(await decoders()).to.have.length(1);
    });

    it('is politely refused, and shown another way, while all such pictures are taken', async () => {
      const refused = await group.api('GET', '/live/north/webrtc?quality=adaptive');
      expect(refused.status).to.equal(503);
      expect(refused.headers.get('retry-after')).to.equal('10');
      expect(refused.body).to.include({ reason: 'full', error: 'all 1 adaptive peers are taken' });
      expect((await group.api('GET', '/live/north?h264=false')).body).to.include({ protocol: 'hls' });
    });

    it('is told when the process that encodes it is killed, and has its picture back', async () => {
      const before = await group.pid('peers');
      const at = await group.signal('peers', 'SIGKILL');
      await group.restarted('peers', before);
      // Either the player is told first, or its session hears first that the relay has let go.
      const TOLD: Record<string, string> = { 'viewer.moving': 'peer-lost', 'viewer.connecting': 'seat-left' };
      const ofSession = ({ type, subject, at: when }: HeardEvent) =>
        subject === `viewer/${id}` && when >= at && type in TOLD;
      const told = await until('the session to be told', () => events.heard.find(ofSession));
      expect(told.data.why).to.include({ reason: TOLD[told.type] });
      // On a slow machine the player does not wait for the next one, and shows HLS meanwhile.
      const { presented } = await own.moving(told.at, 20, 30_000);
      figure('adaptive peers killed: longest gap between frames', longestGapMs(presented, at));
      await until(
        'an adaptive peer again',
        async () => {
          id = String((await own.watched()).sessions.at(-1));
          const { quality, state } = await ofPeer();
          return quality === 'adaptive' && state === 'watching';
        },
        40_000,
      );
    });

    it('sees no more when its session is revoked, and nothing more is encoded', async () => {
      const at = Date.now();
      expect((await group.api('DELETE', `/api/v1/sessions/${id}`)).status).to.be.within(200, 204);
      await until('no decoder to run', async () => (await decoders()).length === 0, 5_000);
      const { presented } = await own.watched();
      figure('session revoked: last frame after', Math.max(0, (presented.at(-1) ?? at) - at));
      expect((presented.at(-1) ?? at) - at).to.be.lessThan(5_000);
    });
  });

  it('has a journal from which a replay reaches his state', async () => {
    expect((await replayAgainstTheLiving(group)).faults).to.deep.equal([]);
  });
});
