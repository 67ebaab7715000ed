import { expect } from 'chai';
import type { Browser } from 'playwright-core';
import { startChromium } from '../fixtures/chromium.ts';
import type { Follower } from '../fixtures/events.ts';
import { figure } from '../fixtures/figures.ts';
import { startTestGroup, type TestGroup } from '../fixtures/group.ts';
import { until } from '../fixtures/process.ts';
import { type Shaper, startShaper, throughShaper } from '../fixtures/shaper.ts';
import { type Site, startSite } from '../fixtures/site.ts';
import { longestGapMs, median, type Watcher, watchCamera } from '../fixtures/watcher.ts';

const IPHONE =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1';

/** The one player page, on devices and in networks of different kinds. */
describe('a player that can not, or should not, use WebRTC', function () {
  this.timeout(90_000);
  let site: Site;
  let group: TestGroup;
  let browser: Browser;
  let events: Follower;
  let shaper: Shaper;
  const open: Watcher[] = [];
  let webrtcUdp = 0;

  before(async () => {
    const picture = { width: 640, height: 480, fps: 25, gopSeconds: 1, bitrateBps: 800_000 };
    [site, browser] = await Promise.all([startSite(['north'], {}, picture), startChromium()]);
    const [[name, camera]] = Object.entries(site.cameras()) as [[string, object]];
    // Adaptive peers would carry who has no H.264, and go around the way that is blocked here.
    const limits = { adaptive_peers: 0 };
    group = await startTestGroup({
      cameras: { [name]: { ...camera, ladder: ['480p', '360p'], keep: 'warm' } },
      limits,
    });
    events = group.follow(0);
    webrtcUdp = group.group.relays.find(({ role }) => role === 'delivery')?.webrtcUdp ?? 0;
    shaper = await startShaper(webrtcUdp);
    await events.next('rendition.running', 'rendition/north', 0, 30_000);
  });
  afterEach(async () => {
    for (const watcher of open.splice(0)) await watcher.close();
  });
  after(async () => {
    await shaper?.close();
    events?.close();
    await browser?.close();
    await group?.stop();
    await site?.close();
  });

  const watch = async (options: Parameters<typeof watchCamera>[3]): Promise<Watcher> => {
    const watcher = await watchCamera(browser, group, 'north', options);
    open.push(watcher);
    return watcher;
  };
  const sessions = async (protocol: string): Promise<{ quality: string; state: string }[]> => {
    const { items } = (await group.api('GET', '/api/v1/sessions')).body;
    return items.filter((one: { protocol: string; state: string }) => one.protocol === protocol);
  };
  const overHls = (watcher: Watcher): Promise<boolean> =>
    watcher.page.evaluate(`document.querySelector('video.sbx-front')?.srcObject === null`);

  it('is a phone: it gets a small picture over HLS at once, seconds behind', async () => {
    const phone = await watch({ device: { userAgent: IPHONE, isMobile: true } });
    const { frames } = await phone.moving(0, 20, 25_000);
    expect(await overHls(phone)).to.equal(true);
    const latency = median(frames.map(({ latency_ms }) => latency_ms));
    figure('the player over HLS: glass to glass, median', latency);
    expect(latency).to.be.within(1_500, 6_000);
    const watching = async () => (await sessions('hls')).find(({ state }) => state === 'watching');
    expect(await until('its session to watch', watching)).to.include({ quality: 'auto' });
    expect(phone.faults).to.deep.equal([]);
  });

  it('is a browser without H.264, where nothing else is offered: HLS, and the same when somebody asks for it', async () => {
    const without = `{
      const { getCapabilities } = RTCRtpReceiver;
      RTCRtpReceiver.getCapabilities = (kind) => {
        const { codecs, ...more } = getCapabilities.call(RTCRtpReceiver, kind);
        return { ...more, codecs: codecs.filter(({ mimeType }) => !/h264/i.test(mimeType)) };
      };
    }`;
    const poor = await watch({
      prepare: async (page) => {
        await page.addInitScript(without);
      },
    });
    await poor.moving(0, 10, 25_000);
    expect(await overHls(poor)).to.equal(true);
    const asked = await watch({ query: 'protocol=hls' });
    await asked.moving(0, 10, 25_000);
    expect(await overHls(asked)).to.equal(true);
  });

  it('is in a network that lets no media through: HLS after some seconds, and WebRTC when it does', async () => {
    shaper.narrow(0);
    const startedAt = Date.now();
    const blocked = await watch({ prepare: (page) => throughShaper(page, webrtcUdp, shaper) });
    const before = await blocked.moving(0, 20, 30_000);
    figure('WebRTC blocked: first frame over HLS after', (before.presented[0] ?? 0) - startedAt);
    expect(await overHls(blocked)).to.equal(true);
    shaper.narrow(undefined);
    const climbed = async () => (await blocked.watched()).moves.find(({ over }) => over === 'webrtc');
    const back = await until('the way back to WebRTC', climbed, 45_000);
    const { presented } = await blocked.moving(back.at + 500, 10);
    const gap = longestGapMs(presented, before.presented.at(-1) ?? 0);
    figure('back from HLS to WebRTC: longest gap between frames', gap);
    expect(gap).to.be.lessThan(2_500);
    expect(await overHls(blocked)).to.equal(false);
    expect(await blocked.page.locator('.sbx-moved').textContent()).to.match(
      /^Now over WebRTC: it shows a picture again/,
    );

    shaper.narrow(0);
    const fell = async () => (await blocked.watched()).moves.findLast(({ over }) => over === 'hls');
    const down = await until('the way to HLS, from a picture that was there', fell, 30_000);
    await blocked.moving(down.at, 10, 15_000);
    expect(down.reason).to.match(/^WebRTC has shown nothing for [5-9] s$/);
    shaper.narrow(undefined);
  });
});
