import { expect } from 'chai';
import type { Browser, Page } from 'playwright-core';
import { openPage, startChromium } from '../fixtures/chromium.ts';
import { figure } from '../fixtures/figures.ts';
import { startTestGroup, type TestGroup } from '../fixtures/group.ts';
import { until } from '../fixtures/process.ts';
import { type Sight, sightsScript } from '../fixtures/sights.ts';
import { type Site, startSite } from '../fixtures/site.ts';
import { signIn, type Watcher, watchCamera } from '../fixtures/watcher.ts';

describe('the past in the player', function () {
  this.timeout(60_000);
  let site: Site;
  let group: TestGroup;
  let browser: Browser;
  let watcher: Watcher;
  let page: Page;
  /** Connections before anybody looked at the past. */
  let begunWith: number;

  before(async () => {
    [site, browser] = await Promise.all([startSite(['main', 'spare']), startChromium()]);
    const { main, spare } = site.cameras();
    const gate = { ...main, name: 'Gate', record: { keep: '1d' } };
    const yard = { ...spare, name: 'Yard' };
    group = await startTestGroup({ cameras: { gate, yard } });
    const prepare = async (opened: Page) => void (await opened.addInitScript(await sightsScript()));
    watcher = await watchCamera(browser, group, 'gate', { prepare });
    page = watcher.page;
    await watcher.moving(0, 10);
    await recordedFor(16_000);
    begunWith = (await watcher.watched()).peers.length;
  });
  after(async () => {
    await watcher?.close();
    await browser?.close();
    await group?.stop();
    await site?.close();
  });

  const recordedFor = (ms: number) =>
    until(
      `${ms} ms to be recorded`,
      async () => {
        const { ranges } = (await group.api('GET', '/api/v1/recordings/gate')).body;
        const last = ranges?.at(-1);
        return last && last.to - last.from >= ms;
      },
      40_000,
    );
  const sights = (): Promise<Sight[]> => page.evaluate('sights');
  /** Those of a picture with a clock since an instant: all that was ever seen is much to send, dozens of times a second. */
  const clocked = (since: number) =>
    page.evaluate<Required<Sight>[]>(`sights.filter(({ at, painted }) => at >= ${since} && painted !== undefined)`);
  /** Which moment the picture on screen says it is. */
  const painted = () => page.evaluate<number>('sights.at(-1)?.painted ?? Number.NaN');
  const past = () => page.locator('[data-past]').getAttribute('data-past');
  const reaches = (state: string) =>
    until(`the player to say ${state}`, async () => (await past()) === state, 15_000, 20);
  const changed = (): Promise<number> => page.evaluate('states.length');
  /** A jump within what is fetched already may be over before anybody has looked: every change is written down. */
  const jumps = (since: number) =>
    until(
      'another moment to play',
      async () => {
        const names: string[] = await page.evaluate(`states.slice(${since}).map(({ name }) => name)`);
        return names.includes('seeking') && names.at(-1) === 'playing';
      },
      15_000,
      20,
    );
  /** The ages of the pictures on screen, once several have been seen since an instant. */
  const ages = async (since: number, count = 8): Promise<number[]> => {
    const read = async () => (await clocked(since)).map(({ at, painted }) => at - painted);
    await until(`${count} pictures with a clock`, async () => (await read()).length >= count, 10_000);
    return read();
  };
  const pressed = async (key: string): Promise<number> => {
    const at = await page.evaluate(() => Date.now());
    await page.keyboard.press(key);
    return at;
  };
  /** From a key to the first picture of an age. */
  const took = async (at: number, fits: (age: number) => boolean): Promise<number> => {
    const first = (await sights()).find(
      (one) => one.at >= at && one.painted !== undefined && fits(one.at - one.painted),
    );
    return (first?.at ?? Number.NaN) - at;
  };
  const old = (age: number) => age > 7_000;

  it('shows what was ten seconds ago at the press of J, says so, and is live again at the press of End', async () => {
    expect(Math.max(...(await ages(Date.now())))).to.be.lessThan(3_000);
    const at = await pressed('j');
    await reaches('playing');
    const [age = 0] = await ages(Date.now());
    expect(age).to.be.within(9_000, 14_000);
    figure('live to 10 s ago: first picture of the past', await took(at, old));
    await until('the moment to be told', async () =>
      /\d s ago/.test((await page.locator('.sbx-when').textContent()) ?? ''),
    );
    expect(await page.locator('.sbx-when strong').textContent()).to.equal('Past, not live');
    const told = Date.parse((await page.locator('.sbx-when time').getAttribute('datetime')) ?? '');
    const shown = await painted();
    figure('past: the clock in the corner, from the one in the picture', told - shown);
    expect(told).to.be.closeTo(shown, 1_500);

    const leftAt = await pressed('End');
    await reaches('live');
    expect(Math.max(...(await ages(Date.now())))).to.be.lessThan(3_000);
    figure('10 s ago to live: first picture of live', await took(leftAt, (one) => one < 3_000));
    expect(await page.locator('.sbx-when').isVisible()).to.equal(false);
  });

  it('says plainly that a camera is not recorded, and stays live', async () => {
    const other = await watchCamera(browser, group, 'yard');
    await other.moving(0, 5);
    expect(await other.page.getByRole('button', { name: '10 seconds back' }).isVisible()).to.equal(false);
    await other.page.keyboard.press('j');
    const told = other.page.locator('.sbx-when strong');
    await until('the reason', async () => (await told.textContent()) === 'This camera is not recorded.');
    await other.moving(Date.now(), 5);
    await other.close();
  });

  for (const [width, height] of [
    [390, 844],
    [1440, 900],
  ] as const) {
    it(`is there in the large view of the wall, ${width} px wide`, async () => {
      const { page: wall, faults } = await openPage(browser, { width, height });
      await signIn(wall, group);
      await wall.goto(`${group.url}/#/camera/gate`);
      await wall.locator('.in-large .sbx-front').waitFor();
      await wall.locator('.in-large').hover();
      await wall.getByRole('button', { name: '10 seconds back' }).click();
      await wall.locator('.in-large .sbx-over').waitFor();
      await until('the moment', async () =>
        /\d s ago/.test((await wall.locator('.in-large .sbx-when').textContent()) ?? ''),
      );
      await wall.getByRole('button', { name: 'Keep this from being deleted' }).click();
      const form = wall.getByRole('form', { name: 'Keep this from being deleted' });
      for (const part of [form, form.getByRole('button', { name: 'Keep' }), wall.locator('.sbx-steps')]) {
        const box = await part.boundingBox();
        expect(box?.x).to.be.at.least(0);
        expect((box?.x ?? 0) + (box?.width ?? width)).to.be.at.most(width);
      }
      const wide = await wall.evaluate('document.documentElement.scrollWidth');
      expect(wide).to.be.at.most(width);
      // The form goes, the large view stays.
      await wall.keyboard.press('Escape');
      await form.waitFor({ state: 'hidden' });
      expect(await wall.locator('.in-large .sbx-over').count()).to.equal(1);
      await wall.keyboard.press('Escape');
      await until('live on the wall', async () => (await wall.locator('.sbx-over').count()) === 0);
      expect(faults).to.deep.equal([]);
      await wall.context().close();
    });
  }

  it('tells where looking back ends for somebody who may not see all, and goes no further', async () => {
    const history = { since: Date.now() - 15_000 };
    const token = group.token({ sub: 'vera', role: 'viewer', zones: ['*'], history });
    const other = await watchCamera(browser, group, 'gate', { token });
    await other.moving(0, 5);
    await other.page.mouse.move(300, 200);
    const ends = other.page.locator('.sbx-ends');
    await ends.waitFor({ timeout: 15_000 });
    expect(await ends.textContent()).to.match(/^You may look back until \d\d:\d\d:\d\d\.$/);
    expect(await other.page.locator('.sbx-closed').count()).to.equal(1);
    expect(await other.page.getByRole('button', { name: 'Keep this', includeHidden: true }).count()).to.equal(0);
    const told = other.page.locator('.sbx-when strong');
    const refused = async () => {
      await other.page.keyboard.press('j');
      return (await told.textContent()) === (await ends.textContent());
    };
    await until('the end of what may be seen', refused, 20_000, 500);
    expect(other.faults).to.deep.equal([]);
    await other.close();
  });

  it('goes further back and on again by its buttons, and stands still when held', async () => {
    await page.mouse.move(300, 200);
    await page.getByRole('button', { name: '10 seconds back' }).click();
    await reaches('playing');
    await recordedFor(30_000);
    let changes = await changed();
    await page.getByRole('button', { name: '10 seconds back' }).click();
    await jumps(changes);
    expect((await ages(Date.now()))[0]).to.be.within(18_500, 25_000);
    await page.keyboard.press('k');
    await reaches('held');
    const from = Date.now();
    await ages(from, 20);
    const stood = (await clocked(from + 200)).map(({ painted }) => painted);
    expect(new Set(stood).size).to.equal(1);
    await page.keyboard.press('k');
    await reaches('playing');
    changes = await changed();
    const at = await pressed('l');
    await jumps(changes);
    expect((await ages(Date.now()))[0]).to.be.within(9_000, 16_000);
    figure('a jump within the past: first picture', await took(at, (one) => one < 17_000));
    await page.keyboard.press('End');
    await reaches('live');
  });

  it('goes picture by picture while held, each way', async () => {
    await page.keyboard.press('j');
    await reaches('playing');
    await ages(Date.now(), 20);
    await page.keyboard.press('.');
    await reaches('held');
    const stepped = async (key: string): Promise<number> => {
      const from = await painted();
      await page.keyboard.press(key);
      await until(`another picture by ${key}`, async () => ![from, Number.NaN].includes(await painted()), 5_000, 20);
      return (await painted()) - from;
    };
    await stepped('.');
    const steps = [];
    for (const key of ['.', '.', '.', ',', ',', '.']) steps.push(await stepped(key));
    // Fifteen pictures a second.
    for (const [n, step] of steps.entries()) expect(Math.abs(step), `step ${n}`).to.be.within(40, 95);
    expect(steps.map(Math.sign)).to.deep.equal([1, 1, 1, -1, -1, 1]);
    await page.keyboard.press('k');
    await reaches('playing');
  });

  /** How much of the past went by in a second of looking. */
  const pace = async (forMs: number): Promise<number> => {
    const from = Date.now();
    const latest = () => page.evaluate<number>('sights.findLast(({ painted }) => painted !== undefined)?.at ?? 0');
    await until('pictures to compare', async () => (await latest()) - from >= forMs, 10_000, 50);
    const all = await clocked(from);
    const [first, last] = [all[0], all.at(-1)];
    return ((last?.painted ?? 0) - (first?.painted ?? 0)) / ((last?.at ?? 0) - (first?.at ?? 0));
  };

  it('plays slower and faster, shows live in the corner meanwhile, and is live when it has caught up', async () => {
    await page.getByRole('combobox', { name: 'Speed' }).selectOption('0.25');
    const slow = await pace(1_500);
    await page.keyboard.press('>');
    await page.keyboard.press('>');
    const plain = await pace(1_500);
    await page.keyboard.press('>');
    const double = await pace(1_500);
    for (const [asked, seen] of [
      [0.25, slow],
      [1, plain],
      [2, double],
    ] as const)
      figure(`the past at ${asked}×, by the clock in the picture`, seen, '×');
    expect(slow).to.be.within(0.1, 0.5);
    expect(plain).to.be.within(0.7, 1.3);
    expect(double).to.be.within(1.5, 2.6);
    const corner = page.locator('.sbx-replaying > .sbx-front');
    const [small, whole] = [await corner.boundingBox(), await page.locator('.sbx-over').boundingBox()];
    expect(small?.width).to.be.lessThan((whole?.width ?? 0) / 3);
    const since = Date.now();
    await until(
      'live to move in the corner',
      async () => (await watcher.watched()).presented.filter((at) => at > since).length > 5,
    );

    for (const key of ['j', 'j', 'j']) {
      const changes = await changed();
      await page.keyboard.press(key);
      await jumps(changes);
    }
    for (const key of ['>', '>', '>']) await page.keyboard.press(key);
    expect(await page.getByRole('combobox', { name: 'Speed' }).inputValue()).to.equal('16');
    const fast = await pace(1_000);
    figure('the past at 16×, by the clock in the picture', fast, '×');
    expect(fast).to.be.within(9, 20);
    await reaches('live');
    expect(Math.max(...(await ages(Date.now())))).to.be.lessThan(3_000);
  });

  it('shows no black frame on any of these ways, on one page, with the connection of live left alone', async () => {
    const all = await sights();
    expect(all.length).to.be.greaterThan(100);
    expect(all.filter(({ bright }) => bright < 40)).to.deep.equal([]);
    const { peers } = await watcher.watched();
    expect(peers).to.have.length(begunWith);
    expect(watcher.faults).to.deep.equal([]);
  });

  /** Which moment the picture itself says it is, once one of the past is on screen. */
  const shown = async (): Promise<number> => {
    await reaches('playing');
    const [age = Number.NaN] = await ages(Date.now(), 1);
    return Date.now() - age;
  };

  it('goes to the moment that is pressed on its line of time', async () => {
    await page.mouse.move(300, 200);
    const line = page.getByRole('slider', { name: 'Moment of the last hour' });
    const box = await line.boundingBox();
    if (!box) throw new Error('there is no line of time');
    await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
    await reaches('playing');
    const [from, to] = await Promise.all(['min', 'max'].map(async (end) => Number(await line.getAttribute(end))));
    const middle = ((from ?? 0) + (to ?? 0)) / 2;
    expect(await shown()).to.be.closeTo(middle, (to ?? 0) - (from ?? 0) > 20_000 ? 6_000 : 3_000);
    expect(await page.locator('.sbx-recorded').count()).to.be.greaterThan(0);
    // What was pressed has a small picture of its own.
    await page.mouse.move(box.x + box.width / 2 + 3, box.y + box.height / 2);
    await page.locator('.sbx-track .sbx-thumb[data-picture=there] img').waitFor({ timeout: 10_000 });
    await page.keyboard.press('End');
    await reaches('live');
  });

  it('stands still under a pointer: what is pressed is what was pointed at, and its right edge is live', async () => {
    const line = page.getByRole('slider', { name: 'Moment of the last hour' });
    await line.hover();
    const ends = () => Promise.all(['min', 'max'].map((end) => line.getAttribute(end)));
    const box = await line.boundingBox();
    if (!box) throw new Error('there is no line of time');
    const begun = await ends();
    const reads: string[] = [];
    page.on('response', (answer) => void (answer.url().includes('/api/v1/timeline?') && reads.push(answer.url())));
    const sweep = async () => {
      for (const share of [0.6, 0.5]) await page.mouse.move(box.x + box.width * share, box.y + box.height / 2);
      return reads.length > 0;
    };
    await until('the line to be read anew', sweep, 25_000, 500);
    const seen = await changed();
    await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
    await reaches('playing');
    const wanted: number[] = await page.evaluate(`states.slice(${seen}).flatMap(({ moment }) => moment ?? [])`);
    const [from = 0, to = 0] = begun.map(Number);
    // One press is one wish.
    expect(wanted).to.have.length(1);
    expect(wanted[0]).to.be.closeTo(from + (to - from) / 2, (to - from) / 50);
    // Nobody points any more: it grows again.
    await until('the line to grow', async () => Number((await ends())[1]) > to, 25_000);
    const isOld = async () => (await sweep()) && Date.now() - Number((await ends())[1]) > 7_000;
    await until('the line to be older than live', isOld, 15_000, 500);
    await page.mouse.click(box.x + box.width - 1, box.y + box.height / 2);
    await reaches('live');
  });

  it('keeps what it shows from being deleted, under a name, at the press of B; not for viewers', async () => {
    await page.keyboard.press('j');
    await reaches('playing');
    const keep = page.getByRole('button', { name: 'Keep this from being deleted' });
    await keep.waitFor({ timeout: 15_000 });
    const [age = 0] = await ages(Date.now(), 1);
    const shownAt = Date.now() - age;
    await page.keyboard.press('b');
    const name = page.getByRole('textbox', { name: 'Keep as' });
    expect(await name.inputValue()).to.match(/^\d\d:\d\d:\d\d$/);
    // Keys of the player are letters of a name meanwhile.
    await page.keyboard.type('Jam at the mill, k');
    await page.getByRole('combobox', { name: 'Before and after' }).selectOption('15 seconds');
    await name.press('Enter');
    const told = () => page.locator('.sbx-when strong').textContent();
    const kept = /Kept as “Jam at the mill, k”: \d\d:\d\d:\d\d to \d\d:\d\d:\d\d, [\d.]+ MB$/;
    await until('it to say what it kept', async () => kept.test((await told()) ?? ''));
    expect(await past()).to.equal('playing');
    expect(await keep.evaluate((one) => one.matches(':focus'))).to.equal(true);
    const { items } = (await group.api('GET', '/api/v1/recordings/gate/bookmarks')).body;
    expect(items).to.have.length(1);
    expect(items[0]).to.include({ name: 'Jam at the mill, k', by: 'tester' });
    expect(items[0].to - items[0].from).to.be.closeTo(30_000, 2);
    expect((items[0].from + items[0].to) / 2).to.be.closeTo(shownAt, 3_000);
    await page.locator('.sbx-kept').waitFor({ state: 'attached', timeout: 15_000 });
    await page.keyboard.press('b');
    await page.keyboard.press('Escape');
    expect(await name.isVisible()).to.equal(false);
    await page.keyboard.press('End');
    await reaches('live');
    const { body } = await group.api('DELETE', `/api/v1/recordings/gate/bookmarks/${items[0].id}`);
    expect(body).to.equal(undefined);
  });

  it('marks what happened to the camera on that line, and goes there at the press of [', async () => {
    const state = async () => (await group.api('GET', '/api/v1/cameras/gate')).body.state;
    const marks = () => page.locator('.sbx-mark').count();
    const before = await marks();
    const since = Date.now();
    site.signal('main', 'SIGSTOP');
    await until('the camera to fall silent', async () => (await state()) !== 'live');
    site.signal('main', 'SIGCONT');
    await until('the camera to be back', async () => (await state()) === 'live', 20_000);
    await watcher.moving(Date.now(), 10);
    // On a busy machine it may have fallen silent before.
    await until('the marks', async () => (await marks()) > Math.max(1, before), 20_000);
    const { items } = (await group.api('GET', `/api/v1/timeline?cameras=gate&types=camera&from=${since}`)).body;
    // The line is read now and then: what was recorded last may not be on it yet.
    const leads = async () => {
      if ((await past()) === 'live') await page.keyboard.press('[');
      return (await past()) !== 'live';
    };
    await until('the key to lead to an event', leads, 25_000, 250);
    const moment = await shown();
    const told = items.map(({ at }: { at: number }) => at - moment);
    expect(
      told.some((ahead: number) => ahead > -2_000 && ahead < 3_500),
      `${told} ms ahead`,
    ).to.equal(true);
    await page.keyboard.press('End');
    await reaches('live');
  });

  it('goes on with the past while a bound that moves passes by where somebody began', async () => {
    const history = { last_ms: 21_000 };
    const token = group.token({ sub: 'vera', role: 'viewer', zones: ['*'], history });
    const prepare = async (opened: Page) => void (await opened.addInitScript(await sightsScript()));
    const other = await watchCamera(browser, group, 'gate', { token, prepare });
    await other.moving(0, 5);
    const lists: string[] = [];
    other.page.on('response', async (answer) => {
      if (answer.url().includes('media.m3u8')) lists.push(await answer.text());
    });
    await other.page.keyboard.press('j');
    const gone = () => Number(lists.at(-1)?.match(/MEDIA-SEQUENCE:(\d+)/)?.[1] ?? 0);
    await until('the past', async () => other.page.evaluate("states.at(-1)?.name === 'playing'"), 15_000);
    const [begun, left] = [Date.now(), gone()];
    // It began eleven seconds behind the bound; until then pieces from before have left.
    const passed = async () => Date.now() - begun > 13_000 && gone() > left;
    await until('the piece where it began to leave the playlist', passed, 30_000);
    const ages: number[] = await other.page.evaluate(
      'sights.filter(({ at, painted }) => at > Date.now() - 2000 && painted).map(({ at, painted }) => at - painted)',
    );
    const { name } = (await other.page.evaluate('states.at(-1)')) as { name: string };
    expect(name).to.equal('playing');
    expect(ages).to.not.deep.equal([]);
    for (const age of ages) expect(age).to.be.within(9_000, 21_000);
    expect(other.faults).to.deep.equal([]);
    await other.close();
  });
});
