import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import type { Browser } from 'playwright-core';
import { id } from '../../bus/identity.ts';
import { openPage, startChromium } from '../fixtures/chromium.ts';
import { type Running, run, until } from '../fixtures/process.ts';
import { type ServedGateway, serveGateway } from '../fixtures/served-gateway.ts';

const SAMPLE = path.resolve(import.meta.dirname, '../../infra/samples/dashboard.mjs');
const PIXEL_JPEG =
  '/9j/4AAQSkZJRgABAQEASABIAAD/2wBDAP//////////////////////////////////////////////////////////////////////////////////////wAALCAABAAEBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAAA//EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQEAAD8AN//Z';

describe('the sample dashboard', function () {
  this.timeout(60_000);
  let folder: string;
  let gateway: ServedGateway;
  let browser: Browser;
  let sample: Running | undefined;

  before(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'sbx-sample-'));
    [gateway, browser] = await Promise.all([serveGateway(), startChromium()]);
    gateway.services.poster = () => ({ jpeg: Buffer.from(PIXEL_JPEG, 'base64'), at: Date.now() });
    await gateway.makeLive();
  });
  after(async () => {
    await sample?.stop();
    await browser?.close();
    await gateway?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('is under 150 lines, shows pictures, follows events, and keeps its token to itself', async () => {
    expect(readFileSync(SAMPLE, 'utf8').trimEnd().split('\n').length).to.be.lessThan(150);
    const grant = { sub: 'dashboard', role: 'viewer' as const, cameras: ['cam_001'], zones: [] };
    const token = gateway.services.gate.mintLogin(grant, 60);
    writeFileSync(path.join(folder, 'token'), `${token}\n`);
    const words = [
      '--url',
      `http://127.0.0.1:${gateway.port}`,
      '--token-file',
      path.join(folder, 'token'),
      '--port',
      '0',
    ];
    const started = run(process.execPath as `/${string}`, [SAMPLE, ...words]);
    sample = started;
    const url = await until('the dashboard to listen', () => /^http\S+/m.exec(started.output())?.[0], 20_000);

    const { page, faults } = await openPage(browser, { width: 390, height: 844 });
    await page.goto(url);
    await page.locator('figure#cam_001[data-state=live]').waitFor();
    const width = () =>
      page.locator('#cam_001 img').evaluate((image) => (image as unknown as { naturalWidth: number }).naturalWidth);
    await until('its picture', async () => (await width()) === 1, 10_000);

    const camera = { kind: 'camera' as const, id: id('cam_001') };
    await gateway.house.roster.offer(camera, { type: 'source.silent', source: '0', silent_ms: 1_000 });
    const now = gateway.house.roster.view(camera)?.state ?? '';
    expect(now).to.not.equal('live');
    await page.locator(`figure#cam_001[data-state=${now}]`).waitFor();
    expect(await page.locator('#cam_001 figcaption').textContent()).to.contain(now);
    expect(await page.content()).to.not.contain(token);
    expect(faults).to.deep.equal([]);
    expect(started.output().trim()).to.equal(url);
  });
});
