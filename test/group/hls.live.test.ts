import { expect } from 'chai';
import type { Browser } from 'playwright-core';
import { startChromium } from '../fixtures/chromium.ts';
import type { Follower } from '../fixtures/events.ts';
import { figure } from '../fixtures/figures.ts';
import { startTestGroup, type TestGroup } from '../fixtures/group.ts';
import { type HlsPage, openHlsPage } from '../fixtures/hls-page.ts';
import { type Site, startSite } from '../fixtures/site.ts';
import { median } from '../fixtures/watcher.ts';

describe('a camera watched over HLS', function () {
  this.timeout(60_000);
  let site: Site;
  let group: TestGroup;
  let browser: Browser;
  let events: Follower;
  let player: HlsPage;
  let session: string;

  before(async () => {
    const picture = { width: 640, height: 480, audio: 'pcm_alaw' } as const;
    [site, browser] = await Promise.all([startSite(['north'], {}, picture), startChromium()]);
    group = await startTestGroup({ cameras: site.cameras() });
    events = group.follow(0);
    await events.next('camera.live', 'camera/north', 0, 20_000);
  });
  after(async () => {
    await player?.close();
    events?.close();
    await browser?.close();
    await group?.stop();
    await site?.close();
  });

  it('starts a ladder for its first viewer, and tells which rungs it has and why', async () => {
    const askedAt = Date.now();
    const { body, status } = await group.api('GET', '/live/north/hls');
    expect(status).to.equal(200);
    session = body.session_id;
    player = await openHlsPage(browser, body.hls_url);
    const running = await events.next('rendition.running', 'rendition/north', askedAt, 20_000);
    figure('HLS: from asking to a ladder that can be played', running.at - askedAt);
    expect(running.data.rungs.map(({ name, how }: { name: string; how: string }) => `${name} ${how}`)).to.deep.equal([
      ...['480p copied', '360p encoded'],
    ]);
    expect(running.data.why.rejected[0].option).to.equal('720p');
  });

  it('shows it in hls.js two to five seconds after it happened, every rung offered with its codec', async () => {
    const { levels, frames } = await player.moving(0, 40);
    const first = frames[0]?.at ?? 0;
    const settled = (await player.moving(first + 4_000, 40)).frames.filter(({ at }) => at > first + 4_000);
    const latencies = settled.flatMap(({ latency_ms }) => (latency_ms === undefined ? [] : [latency_ms]));
    figure('HLS in hls.js: glass to glass, median', median(latencies));
    expect(median(latencies)).to.be.within(2_000, 5_000);
    expect(levels.map(({ height }) => height).sort()).to.deep.equal([360, 480]);
    for (const { codecs } of levels) expect(codecs).to.match(/^avc1\.[0-9a-f]{6},mp4a\.40\.2$/);
    await events.next('viewer.watching', `viewer/${session}`);
    expect(player.faults).to.deep.equal([]);
  });

  it('plays each rung', async () => {
    for (const height of [360, 480]) {
      const at = Date.now();
      await player.page.evaluate(`hls.nextLevel = hls.levels.findIndex(({ height }) => height === ${height})`);
      const shown = `the ${height} lines`;
      await player.page.waitForFunction(`seen.frames.at(-1).height === ${height}`, undefined, { timeout: 15_000 });
      expect((await player.moving(at)).frames.at(-1)?.height, shown).to.equal(height);
    }
  });

  it('is refused its next playlist when the session is revoked', async () => {
    expect((await group.api('DELETE', `/api/v1/sessions/${session}`)).status).to.be.within(200, 204);
    await player.page.waitForFunction(`seen.errors.some((error) => error.endsWith(' 403'))`, undefined, {
      timeout: 6_000,
    });
    await events.next('rendition.lingering', 'rendition/north', 0, 5_000);
  });
});
