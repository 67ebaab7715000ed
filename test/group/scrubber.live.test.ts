import { readFileSync, writeFileSync } from 'node:fs';
import { expect } from 'chai';
import type { Browser, Page } from 'playwright-core';
import { openPage, startChromium } from '../fixtures/chromium.ts';
import { command } from '../fixtures/command-line.ts';
import { figure } from '../fixtures/figures.ts';
import { startTestGroup, type TestGroup } from '../fixtures/group.ts';
import { until } from '../fixtures/process.ts';
import { type Site, startSite } from '../fixtures/site.ts';
import { signIn } from '../fixtures/watcher.ts';
import { bundleClock } from '../fixtures/whep-page.ts';

/** What was on screen at one repaint: the scrubber's moment, and which moment each picture itself says it is. */
interface Sight {
  at: number;
  scrubber: number;
  pictures: Record<string, number | undefined>;
}

const LOOK = `
  window.sights = [];
  addEventListener('DOMContentLoaded', () => {
    const readers = new Map();
    const look = () => {
      requestAnimationFrame(look);
      const scrubber = Number(document.querySelector('.lanes canvas')?.getAttribute('aria-valuenow'));
      const pictures = {};
      for (const one of document.querySelectorAll('.recorded-picture[data-picture=shown]')) {
        const video = one.querySelector('.sbx-front');
        if (!readers.has(one)) readers.set(one, Clock.createClockReader());
        if (video) pictures[one.dataset.camera] = readers.get(one).read(video, Date.now());
      }
      if (Object.keys(pictures).length > 0) sights.push({ at: Date.now(), scrubber, pictures });
    };
    look();
  });
`;
/** How long after it was painted each picture of a camera came on screen. Epoch ms. */
function latenesses(sights: readonly Sight[], camera: string): { at: number; late: number }[] {
  const first = sights.filter(({ pictures }, n) => n > 0 && pictures[camera] !== sights[n - 1]?.pictures[camera]);
  return first.map(({ at, pictures }) => ({ at, late: at - (pictures[camera] ?? Number.NaN) }));
}

function nearest<T extends { at: number }>(all: readonly T[], at: number): T {
  return all.reduce((best, one) => (Math.abs(one.at - at) < Math.abs(best.at - at) ? one : best));
}

/** The cameras send fifteen pictures a second. */
const FRAME_MS = 1_000 / 15;

describe('one scrubber for picture and log', function () {
  this.timeout(90_000);
  let site: Site;
  let group: TestGroup;
  let browser: Browser;
  let page: Page;
  let faults: string[];
  /** Of the second camera. */
  let gap: { from: number; to: number };

  before(async () => {
    [site, browser] = await Promise.all([startSite(['gate', 'yard']), startChromium()]);
    const { gate, yard } = site.cameras();
    const keep = { record: { keep: '1d' } };
    const roof = { ...gate, name: 'Roof' };
    group = await startTestGroup({ cameras: { gate: { ...gate, ...keep }, yard: { ...yard, ...keep }, roof } });
    await recordedFor('yard', 14_000);
    await site.leave('yard');
    await until('the gap', async () => (await recorded('yard')).gaps.some(lasts(6_000)), 30_000);
    await site.join('yard');
    await until('its end', async () => (await recorded('yard')).ranges.length > 1, 30_000);
    await recordedFor('yard', 16_000);
    gap = (await recorded('yard')).gaps.find(lasts(6_000));
    ({ page, faults } = await openPage(browser, { width: 1440, height: 900 }));
    await signIn(page, group);
    const clock = await bundleClock();
    await page.addInitScript(`${clock}; window.Clock = Clock; ${LOOK}`);
  });
  after(async () => {
    await browser?.close();
    await group?.stop();
    await site?.close();
  });

  const lasts =
    (ms: number) =>
    ({ from, to }: { from: number; to: number }): boolean =>
      to - from >= ms;
  const recorded = async (camera: string) => {
    const { body } = await group.api('GET', `/api/v1/recordings/${camera}`);
    return { ranges: body.ranges ?? [], gaps: body.gaps ?? [] };
  };
  const recordedFor = (camera: string, ms: number) =>
    until(
      `${ms} ms of ${camera} to be recorded`,
      async () => {
        const last = (await recorded(camera)).ranges.at(-1);
        return last !== undefined && lasts(ms)(last);
      },
      60_000,
    );
  /** Opens the time line at a moment, as a link would. */
  const stand = async (at: number, cameras: string): Promise<void> => {
    await page.goto('about:blank');
    await page.goto(`${group.url}/#/time?at=${Math.round(at)}&cameras=${cameras}&last=180000`);
  };
  const says = (camera: string, state: string) =>
    page.locator(`.recorded-picture[data-camera=${camera}][data-picture=${state}]`).waitFor({ timeout: 20_000 });
  const sights = (): Promise<Sight[]> => page.evaluate('sights');
  /** The clock in a picture is behind the recording's by what camera, relay and recorder took. */
  const behind = ({ scrubber, pictures }: Sight, camera: string): number => scrubber - (pictures[camera] ?? Number.NaN);
  /** The picture that stays, once nothing else was seen for half a second of repaints. */
  const resting = async (camera: string): Promise<Sight> => {
    let recent: Sight[] = [];
    await until(
      'a picture to stand',
      async () => {
        const all = await sights();
        const last = all.at(-1);
        recent = all.filter(({ at }) => at > (last?.at ?? 0) - 500);
        const seen = new Set(recent.map(({ scrubber, pictures }) => `${scrubber} ${pictures[camera]}`));
        return recent.length > 10 && seen.size === 1 && last?.pictures[camera] !== undefined;
      },
      20_000,
      40,
    );
    return recent.at(-1) as Sight;
  };

  it('shows what the chosen camera showed at the moment of the scrubber, wherever it is set', async () => {
    const [range] = (await recorded('gate')).ranges;
    const first = range.from + 5_000;
    await stand(first, 'gate');
    await says('gate', 'shown');
    const offs = [];
    offs.push(behind(await resting('gate'), 'gate'));
    const canvas = page.locator('.lanes canvas');
    for (const back of [20_000, 9_000, 14_000]) {
      const moment = range.from + back;
      await page.evaluate(`location.hash = '#/time?at=${Math.round(moment)}&cameras=gate&last=180000'`);
      await until(
        'the scrubber',
        async () => Math.abs(Number(await canvas.getAttribute('aria-valuenow')) - moment) < 2,
      );
      await until('the picture to follow', async () => {
        const one = (await sights()).at(-1);
        return one !== undefined && Math.abs(behind(one, 'gate')) < 1_500;
      });
      offs.push(behind(await resting('gate'), 'gate'));
    }
    const least = Math.min(...offs);
    for (const off of offs) figure('scrubber: the clock in the picture is behind by', off);
    // A picture stands for as long as a frame; what lies between camera and recorder is the same for all.
    for (const off of offs) expect(off - least).to.be.at.most(FRAME_MS + 25);
    expect(least).to.be.within(-200, 1_000);
  });

  it('plays log and picture together, and the scrubber follows at every speed', async () => {
    const [range] = (await recorded('gate')).ranges;
    for (const speed of ['0.25', '1', '4', '16']) {
      await stand(range.from + 2_000, 'gate');
      await says('gate', 'shown');
      await page.getByRole('combobox', { name: 'Speed' }).selectOption(speed);
      await page.keyboard.press(' ');
      const from = (await sights()).length;
      const moved = () => sights().then((all) => all.slice(from + 5));
      await until(
        `the picture to run at ${speed}×`,
        async () => {
          const seen = (await moved()).filter(({ pictures }) => pictures.gate !== undefined);
          const [first, last] = [seen[0], seen.at(-1)];
          if (!first || !last || last.at - first.at < 1_200) return false;
          return true;
        },
        20_000,
      );
      const seen = (await moved()).filter(({ pictures }) => pictures.gate !== undefined);
      const [first, last] = [seen[0] as Sight, seen.at(-1) as Sight];
      const pace = ((last.pictures.gate ?? 0) - (first.pictures.gate ?? 0)) / (last.at - first.at);
      const scrubbed = (last.scrubber - first.scrubber) / (last.at - first.at);
      figure(`log and picture at ${speed}×: the picture went`, pace, '×');
      figure(`log and picture at ${speed}×: the scrubber went`, scrubbed, '×');
      expect(pace / Number(speed)).to.be.within(0.5, 1.4);
      await page.keyboard.press(' ');
    }
  });

  it('plays two cameras within a frame of one another', async () => {
    const [, second] = (await recorded('yard')).ranges;
    await stand(second.from + 2_000, 'gate,yard');
    await says('gate', 'shown');
    await says('yard', 'shown');
    await page.keyboard.press(' ');
    const both = async () =>
      (await sights()).filter(({ pictures }) => pictures.gate !== undefined && pictures.yard !== undefined);
    const from = (await both()).length;
    await until('both to have played for a while', async () => (await both()).length > from + 200, 30_000);
    await page.keyboard.press(' ');
    const played = (await both()).slice(from + 40);
    // Pictures stand for a frame each, and the two change by turns: so each is judged by how late it came on screen.
    const [gate, yard] = [latenesses(played, 'gate'), latenesses(played, 'yard')];
    const apart = gate.map(({ at, late }) => Math.abs(late - nearest(yard, at).late));
    const sorted = apart.sort((a, b) => a - b);
    const at = (share: number) => sorted[Math.floor((sorted.length - 1) * share)] ?? Number.NaN;
    figure('two cameras on one clock: median apart', at(0.5));
    figure('two cameras on one clock: p95 apart', at(0.95));
    figure('two cameras on one clock: most apart', at(1));
    expect(gate.length, 'they played').to.be.greaterThan(20);
    // Clocks that drift apart stay so; a busy page is late with one of the two now and then.
    expect(at(0.5)).to.be.at.most(FRAME_MS / 2);
    expect(at(0.9)).to.be.at.most(FRAME_MS);
  });

  it('goes picture by picture, two cameras together, each way and over the edge of a piece', async () => {
    const [, second] = (await recorded('yard')).ranges;
    await stand(second.from + 4_000, 'gate,yard');
    await says('gate', 'shown');
    await says('yard', 'shown');
    let before = await resting('gate');
    const steps = [];
    const apart = [];
    // More than the pictures of a piece of two seconds: back, and on again.
    for (const key of [...Array(32).fill(','), '.', '.', '.']) {
      await page.keyboard.press(key);
      await until(`picture ${steps.length + 1}`, async () => {
        const { scrubber, pictures } = (await sights()).at(-1) ?? before;
        return scrubber !== before.scrubber && pictures.gate !== undefined && pictures.gate !== before.pictures.gate;
      });
      const after = (await sights()).at(-1) ?? before;
      steps.push((after.pictures.gate ?? Number.NaN) - (before.pictures.gate ?? Number.NaN));
      apart.push(Math.abs((after.pictures.gate ?? Number.NaN) - (after.pictures.yard ?? Number.NaN)));
      before = after;
    }
    expect(steps.map(Math.sign)).to.deep.equal([...Array(32).fill(-1), 1, 1, 1]);
    // The camera itself paints its clock a frame early or late on busy cores; what is left out would add up.
    const back = steps.slice(0, 32).reduce((sum, step) => sum - step, 0);
    expect(back / FRAME_MS).to.be.within(30.5, 33.5);
    figure('picture by picture: two cameras most apart', Math.max(...apart));
    const near = apart.filter((one) => one <= 2 * FRAME_MS);
    expect(near.length / apart.length, 'the other camera goes along').to.be.greaterThan(0.8);
  });

  it('goes the steps that were pressed before the picture was there', async () => {
    const [range] = (await recorded('gate')).ranges;
    const at = Math.round(range.from + 6_000);
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const LOOKS = /\/recordings\/gate$/;
    await page.route(LOOKS, async (route) => {
      await held;
      await route.continue();
    });
    await stand(at, 'gate');
    const scrubber = page.locator('.lanes canvas');
    await until('the time line', async () => Number(await scrubber.getAttribute('aria-valuenow')) === at);
    await page.locator('.recorded-picture[data-camera=gate][data-picture=opening]').waitFor();
    for (const key of [',', ',', ',']) await page.keyboard.press(key);
    expect(Number(await scrubber.getAttribute('aria-valuenow')), 'it is not known yet whereto').to.equal(at);
    release();
    // To the middle of a picture: three of them back, from anywhere in one.
    const least = at - 3.6 * FRAME_MS;
    await until(
      'three pictures back',
      async () => Number(await scrubber.getAttribute('aria-valuenow')) <= at - 2.4 * FRAME_MS,
      20_000,
    );
    const rested = await resting('gate');
    expect(rested.scrubber).to.be.at.least(least);
    await page.unroute(LOOKS);
  });

  it('says why there is no picture at a gap, plays the others on, and the camera joins again', async () => {
    await stand(gap.from - 2_000, 'gate,yard');
    await says('yard', 'shown');
    await says('gate', 'shown');
    await page.getByRole('combobox', { name: 'Speed' }).selectOption('2');
    await page.keyboard.press(' ');
    await says('yard', 'missing');
    const text = await page.locator('.recorded-picture[data-camera=yard] .picture-said').textContent();
    expect(text).to.match(/^Not recorded: .+\.$/);
    expect(await page.locator('.recorded-picture[data-camera=yard] .picture-host').isVisible()).to.equal(false);
    await says('gate', 'shown');
    await says('yard', 'shown');
    const joined = (await sights()).at(-1);
    expect(joined?.scrubber).to.be.within(gap.to - 200, gap.to + 10_000);
  });

  it('says plainly that a camera is not recorded, and takes up to four by hand and by keys', async () => {
    const [range] = (await recorded('gate')).ranges;
    await stand(range.from + 3_000, 'roof');
    await says('roof', 'missing');
    expect(await page.locator('.picture-said').textContent()).to.equal('This camera is not recorded.');
    await page.getByRole('combobox', { name: 'Show another camera beside' }).selectOption('gate');
    await says('gate', 'shown');
    await page.getByRole('button', { name: 'Do not show Roof' }).click();
    await until('one picture', async () => (await page.locator('.recorded-picture').count()) === 1);
    expect(faults).to.deep.equal([]);
  });

  it('gives out what is shown of two cameras as one signed package, which is proved and whose log is replayed', async () => {
    await stand(gap.from - 4_000, 'gate,yard');
    await says('gate', 'shown');
    await page.getByText('Export video and log…').click();
    await page.getByRole('checkbox', { name: 'gate' }).waitFor();
    const ticked = await page
      .getByRole('checkbox')
      .evaluateAll((boxes: { checked: boolean }[]) => boxes.map(({ checked }) => checked));
    expect(ticked, 'the chosen cameras that are recorded').to.deep.equal([true, true]);
    const saved = page.waitForEvent('download', { timeout: 60_000 });
    await page.getByRole('button', { name: 'Make the package' }).click();
    const file = await (await saved).path();
    const state = ['--state', group.state];
    const proved = await command(['verify', file, '--json', ...state]);
    expect(proved.code, proved.err).to.equal(0);
    const { manifest } = JSON.parse(proved.out);
    expect(manifest.cameras).to.deep.equal(['gate', 'yard']);
    expect(manifest.to - manifest.from).to.be.within(150_000, 181_000);
    const videos = manifest.parts.flatMap(({ video }: { video?: { camera: string } }) => video?.camera ?? []);
    expect(videos).to.include.members(['gate', 'yard']);
    const holds = ({ camera, from, to }: { camera: string; from: number; to: number }): boolean =>
      camera === 'yard' && from < gap.to && to > gap.from;
    expect(manifest.gaps.some(holds), 'the gap is told').to.equal(true);

    const replayed = await command(['replay', '--file', file, '--json', ...state]);
    expect(replayed.code, replayed.err).to.equal(0);
    expect(JSON.parse(replayed.out).hash).to.equal(manifest.log_state);
    const bytes = readFileSync(file);
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
    writeFileSync(file, bytes);
    const altered = await command(['replay', '--file', file, ...state]);
    expect(altered.code).to.equal(1);
    expect(altered.err).to.contain('is altered');
  });

  it('shows a small picture of the moment under the pointer on a lane, and the reason of a gap', async () => {
    await stand(gap.from - 6_000, 'gate');
    await says('gate', 'shown');
    const canvas = page.locator('.lanes canvas');
    const box = await canvas.boundingBox();
    const row = await page.locator('.lane-name:has-text("yard")').boundingBox();
    if (!box || !row) throw new Error('there is no lane');
    // The window ends a little after the present, see `window.ts`.
    const point = (moment: number) =>
      page
        .evaluate(() => Date.now())
        .then(async (now) => {
          const x = box.x + box.width * (1.0 - (now + 180_000 * 0.02 - moment) / 180_000);
          await page.mouse.move(x, row.y + row.height / 2);
        });
    const card = page.locator('body > .sbx-thumb');
    await point(gap.from - 4_000);
    await page.locator('body > .sbx-thumb[data-picture=there]').waitFor({ timeout: 10_000 });
    expect(await card.textContent()).to.contain('Recorded as 640×360, H.264.');
    await until('it to be a picture', () =>
      card.locator('img').evaluate((image: { naturalWidth: number }) => image.naturalWidth > 0),
    );
    await point((gap.from + gap.to) / 2);
    await page.locator('body > .sbx-thumb[data-picture=none]').waitFor();
    expect(await card.textContent()).to.match(/Not recorded: /);
    await page.mouse.move(5, 5);
    expect(await card.isVisible()).to.equal(false);
  });

  it('says where looking back ends for somebody who may not see all', async () => {
    const [range] = (await recorded('gate')).ranges;
    const history = { since: range.from + 6_000 };
    const theirs = await openPage(browser, { width: 1440, height: 900 });
    await signIn(theirs.page, group, group.token({ sub: 'vera', role: 'viewer', zones: ['*'], history }));
    await theirs.page.goto(`${group.url}/#/time?at=${Math.round(range.from + 2_000)}&cameras=gate&last=180000`);
    await theirs.page.locator('.recorded-picture[data-picture=missing]').waitFor();
    expect(await theirs.page.locator('.picture-said').textContent()).to.match(/^You may look back until .*\d\d\.$/);
    expect(theirs.faults).to.deep.equal([]);
    await theirs.page.context().close();
  });

  it('fits a phone', async () => {
    const phone = await openPage(browser, { width: 390, height: 844 });
    await signIn(phone.page, group);
    const [range] = (await recorded('gate')).ranges;
    await phone.page.goto(`${group.url}/#/time?at=${Math.round(range.from + 4_000)}&cameras=gate,yard&last=180000`);
    await phone.page.locator('.recorded-picture[data-picture=shown]').first().waitFor();
    expect(await phone.page.evaluate('document.documentElement.scrollWidth')).to.equal(390);
    await phone.page.context().close();
  });
});
