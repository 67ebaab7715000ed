import type { Browser, Page } from 'playwright-core';
import { startCamera } from '../../fixtures/camera.ts';
import { startChromium } from '../../fixtures/chromium.ts';
import { startTestGroup, type TestGroup } from '../../fixtures/group.ts';
import { startMediamtx, type TestMediamtx } from '../../fixtures/mediamtx.ts';
import { until } from '../../fixtures/process.ts';
import { openWatched } from './frames.ts';

/** One camera, shown by our group and by a stock mediamtx, each pulling it for itself. */
export interface Stage {
  group: TestGroup;
  stock: TestMediamtx;
  browser: Browser;
  /** @param script runs before the page's own */
  openOurs(script?: string): Promise<Page>;
  openStock(script?: string): Promise<Page>;
  close(): Promise<void>;
}

/** Sets the stage: a 720p camera at 30 frames/s, 3 Mb/s, a key frame every 2 s. */
export async function setStage(): Promise<Stage> {
  const camera = await startMediamtx();
  const encoder = startCamera(camera.rtsp('picture'), { width: 1280, height: 720, bitrateBps: 3_000_000 });
  await until('the camera', async () => (await camera.api('GET', '/v3/paths/get/picture')).available, 15_000);
  const source = camera.rtsp('picture');
  const stock = await startMediamtx({ paths: { cam: { source, rtspTransport: 'tcp' } } });
  const group = await startTestGroup({ cameras: { cam: { name: 'Bench', sources: [source] } } });
  const browser = await startChromium();
  await until(
    'our camera to be live',
    async () => (await group.api('GET', '/api/v1/cameras/cam')).body.state === 'live',
    20_000,
  );
  await until('the stock path', async () => (await stock.api('GET', '/v3/paths/get/cam')).available, 15_000);
  const cookie = { name: `signalbox-${group.group.http.port}`, value: group.token() };
  return {
    group,
    stock,
    browser,
    openOurs: (script) => openWatched(browser, `${group.url}/watch/cam`, cookie, script),
    openStock: (script) => openWatched(browser, `http://127.0.0.1:${stock.ports.whep}/cam/`, undefined, script),
    async close() {
      await browser.close();
      await group.stop();
      await stock.close();
      await encoder.stop();
      await camera.close();
    },
  };
}
