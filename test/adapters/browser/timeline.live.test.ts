import { expect } from 'chai';
import type { Page } from 'playwright-core';
import { quantile } from '../../bench/table.ts';
import { openPage } from '../../fixtures/chromium.ts';
import { until } from '../../fixtures/process.ts';
import { type BuiltPages, openBuiltPages } from './built-pages.ts';
import { drag } from './dragging.ts';
import type { StubGateway } from './stub-gateway.ts';
import { furnish, type StubHouse, stubCamera } from './stub-house.ts';
import { inventPast, remember, type StubEvent, type StubPast } from './stub-past.ts';

const HOUR_MS = 3_600_000;
const DESK = { width: 1440, height: 900 };

describe('time line in Chromium', function () {
  this.timeout(60_000);
  let pages: BuiltPages;
  let gateway: StubGateway;
  let house: StubHouse;
  let past: StubPast;

  before(async () => {
    pages = await openBuiltPages();
  });
  beforeEach(async () => {
    gateway = await pages.serve();
  });
  afterEach(() => pages.clear());
  after(() => pages?.close());

  const look = async (hash: string, events: StubEvent[], cameras = 12, viewport = DESK) => {
    house = furnish(
      gateway,
      Array.from({ length: cameras }, (_, index) => stubCamera(index + 1, 'offline', 30 * HOUR_MS)),
    );
    past = remember(gateway, events);
    const opened = await openPage(pages.browser, viewport);
    await opened.page.goto(gateway.url + hash);
    await opened.page.waitForSelector('.lanes canvas');
    await until(
      'the past',
      async () => /Times in/.test((await opened.page.locator('.reading').textContent()) ?? ''),
      20_000,
    );
    await until('it to hear what happens', () => house.streams() > 0, 20_000);
    return opened;
  };
  const ids = (count: number) =>
    Array.from({ length: count }, (_, index) => `cam_${String(index + 1).padStart(3, '0')}`);
  const spoken = (page: Page) => page.locator('.lanes canvas').getAttribute('aria-valuetext');
  const reads = (page: Page, selector: string, text: RegExp) =>
    until(`${selector} to say ${text}`, async () => text.test((await page.locator(selector).textContent()) ?? ''));

  /** Three events a person can name. */
  const night = (to: number): StubEvent[] => {
    const about = { kind: 'camera', zone: 'hcm/center' };
    const why = (text: string) => ({ trigger: 'source.silent', text });
    return [
      {
        ...about,
        ...{ seq: 1, at: to - 3_000_000, type: 'camera.stalled', id: 'cam_001', camera: 'cam_001', from: 'live' },
        ...{ state: 'stalled', why: why('connected, but it sends nothing'), detect_ms: 412 },
      },
      {
        ...about,
        ...{ seq: 2, at: to - 2_000_000, type: 'camera.offline', id: 'cam_002', camera: 'cam_002', from: 'live' },
        ...{ state: 'offline', why: why('nothing answers at its address') },
      },
      {
        ...about,
        ...{ seq: 3, at: to - 1_000_000, type: 'camera.live', id: 'cam_001', camera: 'cam_001', from: 'stalled' },
        ...{ state: 'live', why: why('its picture arrives'), recover_ms: 2_000_000 },
      },
    ];
  };

  it('steps from event to event, and tells how everything stood and why', async () => {
    const events = night(Date.now());
    const { page, faults } = await look('/#/time', events, 2);
    await page.keyboard.press('ArrowLeft');
    await reads(page, '.happening', /Center, east entrance: Live.*Its picture arrives.*Picture away for 2000.0 s/);
    await page.keyboard.press('ArrowLeft');
    await reads(page, '[data-cell=cam_002]', /Offline.*Nothing answers at its address/);
    await reads(page, '[data-cell=cam_001]', /Stalled.*for 16 min 40 s.*Connected, but it sends nothing/);
    expect(await page.locator('.then .chart .present').textContent()).to.contain('offline');
    await reads(page, '.viewers-then', /ops Center, east entrance: watching/);
    expect(await spoken(page)).to.match(/North gate: Offline\./);
    expect(await page.locator('.time-side').textContent()).to.contain('all of it is the past, nothing here is live');
    await page.keyboard.press('Home');
    await reads(page, '.happening', /Noticed after 412 ms/);
    expect(past.replayed.at(-1), 'the moment of the last stop').to.be.oneOf(events.map(({ at }) => at));
    await page.keyboard.press('Escape');
    await until('the present', async () => (await spoken(page)) === 'now');
    await page.keyboard.press('Escape');
    await page.waitForSelector('.tile');
    expect(faults).to.deep.equal([]);
  });

  it('keeps to the chosen camera, and leads there from its detail', async () => {
    const { page } = await look('/#/time?cameras=cam_001', night(Date.now()), 2);
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('ArrowLeft');
    await reads(page, '.happening', /Center, east entrance: Stalled/);
    await page.goto(`${gateway.url}/#/camera/cam_002`);
    await page.waitForSelector('.detail .now');
    await page.keyboard.press('t');
    await page.waitForSelector('.lane-name[aria-pressed=true]:has-text("North gate")');
    await until('its events', async () => {
      await page.keyboard.press('Home');
      return (await page.locator('.happening').count()) > 0;
    });
    await reads(page, '.happening', /North gate: Offline/);
  });

  it('gives a link that brings somebody else to the same moment', async () => {
    const events = night(Date.now());
    const { page } = await look('/#/time', events, 2);
    await page.locator('.lane-name:has-text("North gate")').click();
    await page.keyboard.press('End');
    await page.keyboard.press('+');
    await reads(page, '.happening', /North gate: Offline/);
    const title = await page.locator('.controls .moment b').textContent();
    await until('the link', () => page.url().includes(`at=${events[1]?.at}`) && page.url().includes('event=2'));
    const other = await openPage(pages.browser);
    await other.page.goto(page.url());
    await reads(other.page, '.happening', /North gate: Offline/);
    expect(await other.page.locator('.controls .moment b').textContent()).to.equal(title);
    const shown = await page.locator('.controls .shown').textContent();
    expect(await other.page.locator('.controls .shown').textContent()).to.equal(shown);
    await other.page.waitForSelector('.lane-name[aria-pressed=true]:has-text("North gate")');
  });

  it('plays what was faster than it was, and stops on space', async () => {
    const { page } = await look(`/#/time?at=${Date.now() - 2_010_000}`, night(Date.now()), 2);
    await reads(page, '[data-cell=cam_001]', /Stalled/);
    await page.keyboard.press('3');
    await until('the fall to be played', () => page.locator('[data-cell=cam_002]:has-text("Offline")').count());
    await page.locator('.lanes canvas').focus();
    await page.keyboard.press(' ');
    await reads(page, '.controls .play', /Play/);
  });

  it('shows what happens while somebody looks', async () => {
    const { page } = await look('/#/time', [], 2);
    house.become('cam_002', 'frozen', { trigger: 'eye.frozen', text: 'the picture stands still' });
    await page.locator('.time-side summary').click();
    await reads(page, '.event-table', /North gate: Frozen. The picture stands still./);
  });

  it('thinks through a loss and says that nothing real is touched', async () => {
    const { page, faults } = await look('/#/time', night(Date.now()), 2);
    await page.locator('.whatif select').selectOption('relay relay-1');
    await page.locator('.whatif button').click();
    await reads(
      page,
      '.answer',
      /2 viewers would be moved, no viewers stranded; 1 camera would be dark.*North gate dark for 1 min 30 s.*serving → dead/,
    );
    expect(past.whatIfs).to.deep.equal([{ lose: { relay: 'relay-1' } }]);
    expect(await page.locator('.whatif').textContent()).to.contain('nothing real is touched');
    expect(faults).to.deep.equal([]);
  });

  it('draws what was thought through on the wall, marked as such, until it is closed', async () => {
    const { page, faults } = await look('/#/time', night(Date.now()), 4);
    await page.locator('.whatif select').selectOption('relay relay-1');
    await page.locator('.whatif button').click();
    await page.locator('.answer a').click();
    await reads(page, '.whatif-banner', /What if.*we lost relay relay-1.*nothing of it is real/);
    await reads(page, '[data-camera=cam_001] .whatif-note', /What if Would be connecting/);
    await reads(page, '[data-camera=cam_002] .whatif-note', /What if Would be dark for 1 min 30 s/);
    await reads(page, '[data-camera=cam_003] .whatif-note', /1 viewer would move from relay-1 to relay-2/);
    await reads(page, '[data-camera=cam_004] .whatif-note', /Unaffected/);
    expect(await page.locator('[data-camera=cam_002] .badge').textContent(), 'the real state stays').to.equal(
      'Offline',
    );
    await page.locator('.whatif-banner button').click();
    await until('the wall as it is', async () => (await page.locator('.whatif-note, .whatif-banner').count()) === 0);
    expect(faults).to.deep.equal([]);
  });

  it('reads what its live stream left out', async () => {
    const { page } = await look('/#/time', night(Date.now()), 2);
    await page.locator('.time-side summary').click();
    const why = { trigger: 'source.flowing', text: 'seen by nobody' };
    const missed = {
      kind: 'camera',
      id: 'cam_002',
      camera: 'cam_002',
      zone: 'hanoi/station',
      type: 'camera.live',
      why,
    };
    past.events.push({ ...missed, seq: 4, at: Date.now() - 1_000, from: 'offline', state: 'live' });
    house.skip();
    await reads(page, '.event-table', /North gate: Live. Seen by nobody./);
  });

  it('says what it cannot read, and goes on when it can', async () => {
    const { page } = await look('/#/time', night(Date.now()), 2);
    gateway.route('GET /api/v1/replay.*', () => ({ status: 503, json: { error: 'The journal is away.' } }));
    await page.keyboard.press('ArrowLeft');
    await reads(page, '.time-side .failure', /could not be replayed: The journal is away./);
    remember(gateway, past.events);
    await page.keyboard.press('ArrowLeft');
    await page.waitForSelector('[data-cell=cam_002]');
  });

  it('stays fluid with 100,000 events of a day', async () => {
    const count = 100_000;
    const { page, faults } = await look(
      '/#/time?last=86400000',
      inventPast(count, ids(16), Date.now() - 500, 24 * HOUR_MS),
      16,
    );
    expect(past.pages).to.be.at.least(count / 20_000);
    const { framesMs, busyMs } = await drag(page, 150, 200);
    expect(1_000 / quantile(framesMs, 0.5)).to.be.at.least(30);
    // At 50 frames a second each may take this long; other work on the same cores delays frames and not this.
    expect(busyMs).to.be.at.most(20);
    await page.mouse.move(700, 300);
    for (let turn = 0; turn < 12; turn++) await page.mouse.wheel(0, -400);
    await until('a closer look', async () => /^\d+ (s|min)/.test((await page.locator('.shown').textContent()) ?? ''));
    expect(faults).to.deep.equal([]);
  });

  it('fits a phone', async () => {
    const { page } = await look('/#/time', inventPast(300, ids(6), Date.now() - 500, HOUR_MS), 6, {
      width: 390,
      height: 844,
    });
    await page.locator('button[aria-label="Event before"]').click();
    await page.waitForSelector('.cells');
    expect(await page.evaluate('document.documentElement.scrollWidth')).to.equal(390);
  });
});
