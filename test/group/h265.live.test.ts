import { expect } from 'chai';
import type { Browser } from 'playwright-core';
import { startChromium } from '../fixtures/chromium.ts';
import { figure } from '../fixtures/figures.ts';
import { startTestGroup, type TestGroup } from '../fixtures/group.ts';
import { type Site, startSite } from '../fixtures/site.ts';
import { median, type Watcher, watchCamera } from '../fixtures/watcher.ts';

describe('a camera that sends H.265', function () {
  this.timeout(60_000);
  let site: Site;
  let group: TestGroup;
  let browser: Browser;
  let watcher: Watcher | undefined;

  before(async () => {
    const picture = { width: 640, height: 480, codec: 'H265' } as const;
    [site, browser] = await Promise.all([startSite(['gate'], {}, picture), startChromium()]);
    const { gate } = site.cameras();
    group = await startTestGroup({ cameras: { gate: { ...gate, ladder: ['480p', '360p'], keep: 'warm' } } });
    await group.follow(0).next('rendition.running', 'rendition/gate', 0, 30_000);
  });
  after(async () => {
    await watcher?.close();
    await browser?.close();
    await group?.stop();
    await site?.close();
  });

  it('is shown over WebRTC where the browser takes none: in the best of its rungs, and with no seconds in between', async () => {
    watcher = await watchCamera(browser, group, 'gate');
    const { frames } = await watcher.moving(0, 40, 30_000);
    const { sessions } = await watcher.watched();
    const { body } = await group.api('GET', `/api/v1/sessions/${sessions.at(-1)}`);
    expect(body).to.include({ protocol: 'webrtc', quality: '480p', state: 'watching' });
    const latency = median(frames.slice(-20).map(({ latency_ms }) => latency_ms));
    figure('H.265 made H.264 for WebRTC: glass to glass, median', latency);
    expect(latency).to.be.below(1_000);
    expect(watcher.faults).to.deep.equal([]);
  });
});
