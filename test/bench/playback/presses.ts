import type { Page } from 'playwright-core';
import { startCamera } from '../../fixtures/camera.ts';
import { openPage, startChromium } from '../../fixtures/chromium.ts';
import { startTestGroup, type TestGroup } from '../../fixtures/group.ts';
import { startMediamtx } from '../../fixtures/mediamtx.ts';
import { until } from '../../fixtures/process.ts';
import { type Sight, sightsScript } from '../../fixtures/sights.ts';

/** How long presses took to be answered on screen, ms each; and what was black meanwhile. */
export interface Presses {
  toPast: number[];
  seeks: number[];
  toLive: number[];
  sights: number;
  black: number;
}

const SECOND_MS = 1_000;
const NEAR_MS = 3_500;
/** The camera's picture has bright parts everywhere. */
const DARK = 40;
const RECORDED_MS = 75_000;
/** Buttons and line are drawn, small pictures under the pointer are there: then a person presses. */
const POINT_MS = 600;
const PRESSED = `
  window.presses = [];
  for (const name of ['pointerdown', 'keydown']) addEventListener(name, () => presses.push(Date.now()), true);
`;

async function recordedFor(group: TestGroup, ms: number): Promise<void> {
  await until(
    `${ms} ms to be recorded`,
    async () => {
      const last = (await group.api('GET', '/api/v1/recordings/cam')).body.ranges?.at(-1);
      return last && last.to - last.from >= ms;
    },
    ms + 40_000,
    500,
  );
}

/** A person in front of the player. */
function handsOn(page: Page) {
  const sights = (): Promise<Sight[]> => page.evaluate('sights');
  /** From the last press to the first picture that fits, by how long before the press it was painted. */
  const answered = async (fits: (beforeMs: number, over: boolean) => boolean): Promise<number> => {
    const pressedAt: number = await page.evaluate('presses.at(-1)');
    const isIt = ({ painted, over }: Sight) => painted !== undefined && fits(pressedAt - painted, over);
    // All of an hour's sights would take the page longer to tell than a press takes.
    const since = (): Promise<Sight[]> => page.evaluate(`sights.filter(({ at }) => at >= ${pressedAt})`);
    const first = await until('the picture', async () => (await since()).find(isIt), 15_000, 50);
    return first.at - pressedAt;
  };
  const rest = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
  return {
    sights,
    rest,
    /** Presses on the line of time where a moment so long ago lies. */
    async goTo(agoMs: number): Promise<number> {
      const line = page.getByRole('slider', { name: 'Moment of the last hour' });
      // It stands still while somebody points at it.
      await line.hover();
      const box = await line.boundingBox();
      if (!box) throw new Error('there is no line of time');
      const [from = 0, to = 0] = await Promise.all(
        ['min', 'max'].map(async (end) => Number(await line.getAttribute(end))),
      );
      const point = async () => {
        const share = ((await page.evaluate(() => Date.now())) - agoMs - from) / (to - from);
        await page.mouse.move(box.x + box.width * share, box.y + box.height / 2);
      };
      await point();
      await rest(POINT_MS);
      await point();
      await page.mouse.down();
      await page.mouse.up();
      return answered((beforeMs, over) => over && Math.abs(beforeMs - agoMs) < NEAR_MS);
    },
    async backToLive(): Promise<number> {
      await page.keyboard.press('End');
      const tookMs = await answered((_beforeMs, over) => !over);
      await until(
        'live',
        async () => (await page.locator('[data-past]').getAttribute('data-past')) === 'live',
        15_000,
        50,
      );
      return tookMs;
    },
  };
}

/**
 * Presses again and again: live, 30 s ago, two other moments, and live again.
 * @param rounds of these four
 */
export async function pressThrough(rounds: number, say: (text: string) => void): Promise<Presses> {
  const camera = await startMediamtx();
  const encoder = startCamera(camera.rtsp('picture'), { width: 1280, height: 720, bitrateBps: 4_000_000 });
  await until('the camera', async () => (await camera.api('GET', '/v3/paths/get/picture')).available, 15_000);
  const sources = [camera.rtsp('picture')];
  const group = await startTestGroup({ cameras: { cam: { name: 'Bench', sources, record: { keep: '1d' } } } });
  const browser = await startChromium();
  try {
    const { page } = await openPage(browser, { width: 1280, height: 760 });
    await page
      .context()
      .addCookies([{ name: `signalbox-${group.group.http.port}`, value: group.token(), url: group.url }]);
    await page.addInitScript(`${await sightsScript()}; ${PRESSED}`);
    await recordedFor(group, RECORDED_MS);
    await page.goto(`${group.url}/watch/cam?clock=off`);
    const person = handsOn(page);
    await page.mouse.move(600, 300);
    await page.locator('.sbx-recorded').first().waitFor({ timeout: 20_000 });
    await until('live to be seen', async () => (await person.sights()).filter(({ painted }) => painted).length > 30);
    const taken: Presses = { toPast: [], seeks: [], toLive: [], sights: 0, black: 0 };
    const begunAt = await page.evaluate(() => Date.now());
    for (let n = 0; n < rounds; n++) {
      taken.toPast.push(await person.goTo(30 * SECOND_MS));
      for (const agoMs of [55 * SECOND_MS, 40 * SECOND_MS]) {
        await person.rest(SECOND_MS);
        taken.seeks.push(await person.goTo(agoMs));
      }
      await person.rest(SECOND_MS);
      taken.toLive.push(await person.backToLive());
      await person.rest(SECOND_MS);
      say(
        `round ${n + 1} of ${rounds}: past ${taken.toPast.at(-1)}, seeks ${taken.seeks.slice(-2).join(' and ')}, live ${taken.toLive.at(-1)} ms`,
      );
    }
    const seen = (await person.sights()).filter(({ at }) => at >= begunAt);
    return { ...taken, sights: seen.length, black: seen.filter(({ bright }) => bright < DARK).length };
  } finally {
    await browser.close();
    await group.stop();
    await encoder.stop();
    await camera.close();
  }
}
