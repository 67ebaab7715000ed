import type { Browser, Page } from 'playwright-core';
import { startCamera } from '../../fixtures/camera.ts';
import { startChromium } from '../../fixtures/chromium.ts';
import type { Follower } from '../../fixtures/events.ts';
import { startTestGroup, type TestGroup } from '../../fixtures/group.ts';
import { startMediamtx, type TestMediamtx } from '../../fixtures/mediamtx.ts';
import { freeze, type Running, until } from '../../fixtures/process.ts';
import { openWhepPage, type WhepPage } from '../../fixtures/whep-page.ts';
import { openWatched } from '../screen/frames.ts';
import type { Frame } from './gaps.ts';

/** A camera that can be killed, hung and brought back: an encoder publishing to an RTSP server of its own. */
export interface Camera {
  url: string;
  /** Resolves to the epoch ms of the kill. */
  kill(): Promise<number>;
  hang(): Promise<number>;
  wake(): void;
  /** Starts it (again); resolves to the epoch ms at which its server has the picture. */
  start(): Promise<number>;
  close(): Promise<void>;
}

/** Something that shows the camera. */
export interface Screen {
  /** Waits until this many frames came after an instant (epoch ms). Resolves to them and to those of the ten seconds before it. */
  moving(after: number, frames?: number, timeoutMs?: number): Promise<Frame[]>;
  close(): Promise<void>;
}

/** One camera with a backup in our group, and the preferred one in a stock mediamtx with its own page. */
export interface Stage {
  preferred: Camera;
  backup: Camera;
  group: TestGroup;
  events: Follower;
  stock: TestMediamtx;
  /** Has the preferred source feed the program: either may have come first, or a busy machine may have starved it. */
  preferredOnAir(): Promise<void>;
  /** @param query of our player page, for instance `hot=1` */
  openOurs(query?: string): Promise<Screen>;
  openPlain(): Promise<Screen>;
  openStock(): Promise<Screen>;
  close(): Promise<void>;
}

/** Small pictures: the machine shall have time to spare, or the gaps are the machine's. */
const PICTURE = { width: 640, height: 360, fps: 30, gopSeconds: 2, bitrateBps: 1_000_000 };

async function setUpCamera(): Promise<Camera> {
  const server = await startMediamtx();
  const url = server.rtsp('picture');
  let encoder: Running;
  const start = async () => {
    encoder = startCamera(url, PICTURE);
    const ready = async () => (await server.api('GET', '/v3/paths/get/picture')).ready;
    await until('the camera to send', () => ready().catch(() => false), 15_000, 5);
    return Date.now();
  };
  await start();
  return {
    url,
    start,
    async kill() {
      const at = Date.now();
      await encoder.stop('SIGKILL');
      return at;
    },
    async hang() {
      const at = Date.now();
      await freeze(encoder);
      return at;
    },
    wake: () => void encoder.child.kill('SIGCONT'),
    async close() {
      await encoder.stop();
      await server.close();
    },
  };
}

/** What is told of the time before the instant that was waited for. */
const LOOK_BACK_MS = 10_000;

/** A screen over the frames that a page showed after an instant. */
function screenOf(shownAfter: (after: number) => Promise<Frame[]>, close: () => Promise<void>): Screen {
  return {
    async moving(after, count = 20, timeoutMs = 30_000) {
      // Not all that it ever showed: to hand that over again and again would starve what is measured.
      const come = async () => (await shownAfter(after)).length >= count;
      await until(`${count} frames on screen`, come, timeoutMs, 50);
      return shownAfter(after - LOOK_BACK_MS);
    },
    close,
  };
}

async function openScreen(open: Promise<Page>): Promise<Screen> {
  const page = await open;
  return screenOf(
    (after) => page.evaluate(`framesAfter(${after})`),
    () => page.context().close(),
  );
}

async function openPlain(browser: Browser, group: TestGroup): Promise<Screen> {
  const whep: WhepPage = await openWhepPage(browser);
  await whep.open(`${group.url}/live/cam/whep`, group.token());
  const shownAfter = (after: number): Promise<Frame[]> =>
    whep.page.evaluate(`whep.frames.filter(({ at }) => at > ${after})
      .map(({ at, latency_ms }) => ({ at, ...(latency_ms === undefined ? {} : { latencyMs: latency_ms }) }))`);
  return screenOf(shownAfter, whep.close);
}

/** Sets it up; our camera is live on its preferred source. @param config more of our configuration */
export async function setStage(config: object = {}): Promise<Stage> {
  const [preferred, backup, browser] = await Promise.all([setUpCamera(), setUpCamera(), startChromium()]);
  const stock = await startMediamtx({ paths: { cam: { source: preferred.url, rtspTransport: 'tcp' } } });
  const cam = { name: 'Bench', sources: [preferred.url, backup.url], keep: 'warm' };
  const group = await startTestGroup({ cameras: { cam }, ...config });
  const events = group.follow(0);
  await events.next('camera.live', 'camera/cam', 0, 20_000);
  await until('the stock path', async () => (await stock.api('GET', '/v3/paths/get/cam')).ready, 15_000);
  const cookie = { name: `signalbox-${group.group.http.port}`, value: group.token() };
  return {
    preferred,
    backup,
    group,
    events,
    stock,
    async preferredOnAir() {
      const route = '/api/v1/cameras/cam';
      const choose = (source: string) => group.api('POST', `${route}/source`, { source });
      const onAir = async () => (await group.api('GET', route)).body.active_source === '0';
      await choose('0');
      await until('the preferred source to be on air', onAir, 15_000);
      await choose('auto');
    },
    openOurs: (query = '') => openScreen(openWatched(browser, `${group.url}/watch/cam?${query}`, cookie)),
    openPlain: () => openPlain(browser, group),
    openStock: () => openScreen(openWatched(browser, `http://127.0.0.1:${stock.ports.whep}/cam/`)),
    async close() {
      events.close();
      await browser.close();
      await group.stop();
      await stock.close();
      await preferred.close();
      await backup.close();
    },
  };
}
