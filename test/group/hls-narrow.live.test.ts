import { expect } from 'chai';
import type { Browser } from 'playwright-core';
import { startChromium } from '../fixtures/chromium.ts';
import { figure } from '../fixtures/figures.ts';
import { startTestGroup, type TestGroup } from '../fixtures/group.ts';
import { type HlsPage, openHlsPage } from '../fixtures/hls-page.ts';
import { type Shaper, startTcpShaper } from '../fixtures/shaper.ts';
import { type Site, startSite } from '../fixtures/site.ts';

/** More than the lower rung needs at its peaks, and less than the copied one does on average. */
const NARROW_BPS = 900_000;

describe('a player of HLS that the gateway has begin in a rung', function () {
  this.timeout(90_000);
  let site: Site;
  let group: TestGroup;
  let browser: Browser;
  let shaper: Shaper;
  let player: HlsPage;

  before(async () => {
    const picture = { width: 640, height: 480, bitrateBps: 1_400_000 };
    [site, browser] = await Promise.all([startSite(['north'], {}, picture), startChromium()]);
    const [[name, camera]] = Object.entries(site.cameras()) as [[string, object]];
    group = await startTestGroup({ cameras: { [name]: { ...camera, ladder: ['480p', '360p'], keep: 'warm' } } });
    shaper = await startTcpShaper(group.group.http.port);
    const events = group.follow(0);
    await events.next('rendition.running', 'rendition/north', 0, 30_000);
    events.close();
  });
  after(async () => {
    await player?.close();
    await shaper?.close();
    await browser?.close();
    await group?.stop();
    await site?.close();
  });

  it('goes down to the one below by itself when its network becomes narrow, and plays on', async () => {
    const way = (await group.api('GET', '/live/north?network_kbps=900')).body;
    expect(way).to.include({ protocol: 'hls', quality: '480p' });
    const { pathname, search } = new URL(way.url);
    const address = new URL((await group.api('GET', pathname + search)).body.hls_url);
    address.host = `127.0.0.1:${shaper.port}`;
    player = await openHlsPage(browser, address.href);
    const before = await player.moving(0, 40);
    expect(before.frames.at(-1)?.height, 'where it began').to.equal(480);
    expect(before.levels.map(({ height }) => height).sort()).to.deep.equal([360, 480]);
    const top = before.levels.find(({ height }) => height === 480);
    expect(top?.bitrate, 'what the upper rung needs').to.be.above(NARROW_BPS);

    shaper.narrow(NARROW_BPS);
    const narrowedAt = Date.now();
    await player.page.waitForFunction('seen.frames.at(-1).height === 360', undefined, { timeout: 40_000 });
    figure('HLS in hls.js: from a network of 900 kb/s to the lower rung', Date.now() - narrowedAt);
    const after = await player.moving(Date.now(), 60, 30_000);
    expect(after.frames.at(-1)?.height, 'where it plays on').to.equal(360);
  });
});
