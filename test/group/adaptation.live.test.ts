import { expect } from 'chai';
import type { Browser } from 'playwright-core';
import { startChromium } from '../fixtures/chromium.ts';
import type { Follower } from '../fixtures/events.ts';
import { figure } from '../fixtures/figures.ts';
import { startTestGroup, type TestGroup } from '../fixtures/group.ts';
import { replayAgainstTheLiving } from '../fixtures/journal.ts';
import { until } from '../fixtures/process.ts';
import { type Shaper, startShaper, throughShaper } from '../fixtures/shaper.ts';
import { type Site, startSite } from '../fixtures/site.ts';
import { longestGapMs, type Watcher, watchCamera } from '../fixtures/watcher.ts';

/** How high the picture in front is. */
const linesOf = ({ page }: Watcher): Promise<number> =>
  page.evaluate(`document.querySelector('video.sbx-front').videoHeight`);

/** Somebody watches over a network that becomes narrow, and wide again. */
describe('a viewer whose network changes', function () {
  this.timeout(90_000);
  let site: Site;
  let group: TestGroup;
  let browser: Browser;
  let events: Follower;
  let shaper: Shaper;
  let watcher: Watcher;
  let session: string;

  before(async () => {
    const picture = { width: 640, height: 480, fps: 25, gopSeconds: 2, bitrateBps: 1_500_000 };
    [site, browser] = await Promise.all([startSite(['north'], {}, picture), startChromium()]);
    const [[name, camera]] = Object.entries(site.cameras()) as [[string, object]];
    const cameras = { [name]: { ...camera, ladder: ['480p', '360p'], keep: 'warm' } };
    group = await startTestGroup({ cameras });
    events = group.follow(0);
    const { webrtcUdp = 0 } = group.group.relays.find(({ role }) => role === 'delivery') ?? {};
    shaper = await startShaper(webrtcUdp);
    await events.next('rendition.running', 'rendition/north', 0, 30_000);
    watcher = await watchCamera(browser, group, 'north', {
      prepare: (page) => throughShaper(page, webrtcUdp, shaper),
    });
    await watcher.moving(0, 20);
    session = String((await watcher.watched()).sessions.at(-1));
  });
  after(async () => {
    await watcher?.close();
    await shaper?.close();
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
    expect(moved.data.why.text).to.match(/^360p instead of 480p: \d+ % of the packets were lost for \d+ ms$/);
    const { presented, moves } = await watcher.moving(moved.at + 1_000, 20);
    figure('network cut to half: longest gap between frames', longestGapMs(presented, at));
    expect(moves.at(-1)).to.include({ quality: '360p' });
    expect(await linesOf(watcher)).to.equal(360);
  });

  it('goes up again when it is wide', async () => {
    const at = Date.now();
    shaper.narrow(undefined);
    const moved = await events.next('viewer.moved', `viewer/${session}`, at, 20_000);
    figure('network wide again: better rung on screen after', moved.at - at);
    expect(moved.data).to.include({ kind: 'rung', from_quality: '360p', quality: '480p' });
    expect(moved.data.why).to.include({ reason: 'recovered' });
    await watcher.moving(moved.at, 10);
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

  it('has a journal from which a replay reaches his state', async () => {
    expect((await replayAgainstTheLiving(group)).faults).to.deep.equal([]);
  });
});
