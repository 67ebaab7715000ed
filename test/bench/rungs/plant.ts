import type { Browser } from 'playwright-core';
import { startChromium } from '../../fixtures/chromium.ts';
import type { Follower } from '../../fixtures/events.ts';
import { startTestGroup, type TestGroup } from '../../fixtures/group.ts';
import { type Shaper, startShaper, throughShaper } from '../../fixtures/shaper.ts';
import { startSite } from '../../fixtures/site.ts';
import { type Watcher, watchCamera } from '../../fixtures/watcher.ts';

/** A camera with a ladder, and a network to it that can be made narrow. */
export interface Plant {
  group: TestGroup;
  browser: Browser;
  events: Follower;
  shaper: Shaper;
  /** Opens the player page through that network; resolves when its picture moves. */
  watch(): Promise<{ watcher: Watcher; session: string }>;
  close(): Promise<void>;
}

/** Starts it: 480 lines at 25 frames/s and 1.5 Mb/s, a key frame every 2 s. @param keep `warm`: the ladder runs always */
export async function startRungs(keep: 'warm' | 'on-demand'): Promise<Plant> {
  const picture = { width: 640, height: 480, fps: 25, gopSeconds: 2, bitrateBps: 1_500_000 };
  const [site, browser] = await Promise.all([startSite(['north'], {}, picture), startChromium()]);
  const camera = site.cameras().north;
  // A camera that names no rungs has the usual ones, made on demand.
  const ladder = keep === 'warm' ? { ladder: ['480p', '360p'], keep } : {};
  const group = await startTestGroup({ cameras: { north: { ...camera, ...ladder } } });
  const events = group.follow(0);
  const { webrtcUdp = 0 } = group.group.relays.find(({ role }) => role === 'delivery') ?? {};
  const shaper = await startShaper(webrtcUdp);
  await events.next('camera.live', 'camera/north', 0, 30_000);
  if (keep === 'warm') await events.next('rendition.running', 'rendition/north', 0, 30_000);
  return {
    ...{ group, browser, events, shaper },
    async watch() {
      const prepare = (page: Watcher['page']) => throughShaper(page, webrtcUdp, shaper);
      const watcher = await watchCamera(browser, group, 'north', { prepare });
      await watcher.moving(0, 30);
      return { watcher, session: String((await watcher.watched()).sessions.at(-1)) };
    },
    async close() {
      await shaper.close();
      events.close();
      await browser.close();
      await group.stop();
      await site.close();
    },
  };
}
