import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Browser } from 'playwright-core';
import { startChromium } from '../../fixtures/chromium.ts';
import { buildPages, type StubGateway, startStubGateway } from './stub-gateway.ts';

/** The pages as they are built now, and a Chromium that looks at them. */
export interface BuiltPages {
  browser: Browser;
  /** Starts a gateway that serves them. @param whep where its relays take WHEP; without it nothing answers there */
  serve(whep?: Parameters<typeof startStubGateway>[1]): Promise<StubGateway>;
  /** Closes every page, and stops who served them. */
  clear(): Promise<void>;
  /** The same, for good. */
  close(): Promise<void>;
}

/** Builds the pages and starts a Chromium. */
export async function openBuiltPages(): Promise<BuiltPages> {
  const folder = mkdtempSync(path.join(tmpdir(), 'sbx-pages-'));
  const [browser] = await Promise.all([startChromium(), buildPages(folder)]);
  let gateways: StubGateway[] = [];
  const stop = async () => {
    const stopping = gateways.map((gateway) => gateway.stop());
    gateways = [];
    await Promise.all(stopping);
  };
  return {
    browser,
    async serve(whep = () => 'http://127.0.0.1:1/none/whep') {
      const gateway = await startStubGateway(folder, whep);
      gateways.push(gateway);
      return gateway;
    },
    async clear() {
      await Promise.all(browser.contexts().map((context) => context.close()));
      await stop();
    },
    async close() {
      await browser.close();
      await stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
