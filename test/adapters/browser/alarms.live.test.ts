import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import type { Browser } from 'playwright-core';
import { openPage, startChromium } from '../../fixtures/chromium.ts';
import { until } from '../../fixtures/process.ts';
import { buildPages, type StubGateway, startStubGateway } from './stub-gateway.ts';
import { furnish, stubCamera } from './stub-house.ts';

const OFFLINE = { trigger: 'probe.failed', reason: 'refused', text: 'nothing answers at its address' };
const BACK = { trigger: 'camera.configured', text: 'nobody watches' };
/** Counts the notes that are really started; two make one alarm. */
const COUNT_NOTES = `window.notes = 0;
  const start = OscillatorNode.prototype.start;
  OscillatorNode.prototype.start = function (...when) { window.notes++; return start.apply(this, when); };`;

describe('alarms in Chromium', function () {
  this.timeout(60_000);
  const pages = mkdtempSync(path.join(tmpdir(), 'sbx-pages-'));
  let browser: Browser;
  let gateway: StubGateway;

  before(async () => {
    [browser] = await Promise.all([startChromium(), buildPages(pages)]);
    gateway = await startStubGateway(pages, () => 'http://127.0.0.1:1/none/whep');
  });
  after(async () => {
    await browser?.close();
    await gateway?.stop();
    rmSync(pages, { recursive: true, force: true });
  });

  it('are listed with the newest first, marked on the tile, heard only where permitted, and muted for a time', async () => {
    const house = furnish(gateway, [stubCamera(1, 'idle'), stubCamera(2, 'offline'), stubCamera(3, 'idle')]);
    const { page, faults } = await openPage(browser, { width: 390, height: 844 });
    await page.addInitScript(COUNT_NOTES);
    const notes = () => page.evaluate<number>('window.notes');
    const causes = () =>
      page.locator('.alarms li').evaluateAll((items) => items.map((item) => item.getAttribute('data-cause')).join(' '));
    const marks = () => page.locator('.tile .alarm-mark').count();
    await page.goto(gateway.url);
    await until('the alarm of the camera that is away', async () => (await causes()) === 'camera/cam_002');
    await until('the event stream', () => house.streams() > 0);

    house.become('cam_001', 'offline', OFFLINE);
    await until('the newest on top', async () => (await causes()) === 'camera/cam_001 camera/cam_002');
    expect(await marks()).to.equal(2);
    expect(await page.locator('.tile[data-camera=cam_003] .alarm-mark').count()).to.equal(0);
    expect(await notes(), 'nobody permitted a sound').to.equal(0);

    await page.locator('.alarms summary').click();
    const menu = await page.locator('.alarms .menu').boundingBox();
    expect(menu?.x, 'fits a phone').to.be.at.least(0);
    expect((menu?.x ?? 0) + (menu?.width ?? 0)).to.be.at.most(390);
    await page.getByRole('button', { name: 'Sound new alarms' }).click();
    expect(await notes(), 'a trial').to.equal(2);
    house.become('cam_003', 'offline', OFFLINE);
    await until('the alarm to be heard', async () => (await notes()) === 4);

    await page.getByRole('button', { name: '15 min' }).click();
    await until('the mute', () => page.getByText(/Muted for 1[45] min/).count());
    house.become('cam_001', 'idle', BACK);
    await until('what is over to leave', async () => (await causes()) === 'camera/cam_003 camera/cam_002');
    house.become('cam_001', 'offline', OFFLINE);
    await until('a new one', async () => (await causes()) === 'camera/cam_001 camera/cam_003 camera/cam_002');
    expect(await notes(), 'muted').to.equal(4);
    expect(faults).to.deep.equal([]);
  });
});
