import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import type { Page } from 'playwright-core';
import { openPageIn, type ShownChromium, showChromium } from '../../fixtures/chromium.ts';
import { type Desktop, type Place, startDesktop, whyNoDesktop } from '../../fixtures/monitors.ts';
import { until } from '../../fixtures/process.ts';
import { buildPages, type StubGateway, startStubGateway } from './stub-gateway.ts';
import { furnish, stubCamera } from './stub-house.ts';

describe('walls over several monitors, in Chromium on an X server', function () {
  this.timeout(60_000);
  const pages = mkdtempSync(path.join(tmpdir(), 'sbx-pages-'));
  let desktop: Desktop;
  let chromium: ShownChromium;
  let gateway: StubGateway;

  before(async function () {
    const why = whyNoDesktop();
    if (why) {
      console.log(`      left out: ${why}`);
      this.skip();
    }
    [desktop] = await Promise.all([
      startDesktop([
        { width: 1280, height: 800 },
        { width: 1024, height: 768 },
      ]),
      buildPages(pages),
    ]);
    chromium = await showChromium(desktop.display);
    gateway = await startStubGateway(pages, () => 'http://127.0.0.1:1/none/whep');
    const house = furnish(
      gateway,
      [1, 2, 3].map((number) => stubCamera(number, 'offline')),
    );
    house.layouts.push({ id: 'lay_1', name: 'Gates', cameras: ['cam_002'], big: false, owner: 'ops', yours: true });
  });
  after(async () => {
    await chromium?.close();
    await gateway?.stop();
    await desktop?.close();
    rmSync(pages, { recursive: true, force: true });
  });
  const open = async () => {
    const opened = await openPageIn(chromium.context);
    await opened.page.goto(`${gateway.url}/?layout=lay_1`);
    await opened.page.waitForSelector('.tile');
    return opened;
  };
  /** What a person answers when the browser asks whether the page may know the screens. */
  const answer = async (setting: 'granted' | 'denied') => {
    const session = await chromium.browser.newBrowserCDPSession();
    const permission = { name: 'window-management' };
    await session.send('Browser.setPermission', { permission, setting, origin: gateway.url });
  };
  const choose = async (page: Page) => {
    await page.locator('.layouts summary').click();
    await page.locator('.layouts .menu').getByText('On another screen…').click();
  };
  /** Where a page believes that its window is, and how large what it may draw on. */
  const placeOf = (page: Page) =>
    page.evaluate<Place & { innerWidth: number; innerHeight: number }>(
      '({ x: screenX, y: screenY, width: outerWidth, height: outerHeight, innerWidth, innerHeight })',
    );
  /** Whether it is there with its middle: its frame may reach over an edge. */
  const isOn = (monitor: Place, { x, y, width, height }: Place): boolean => {
    const [right, down] = [x + width / 2 - monitor.x, y + height / 2 - monitor.y];
    return right > 0 && right < monitor.width && down > 0 && down < monitor.height;
  };
  const isSame = (one: Place, other: Place): boolean =>
    one.x === other.x && one.y === other.y && one.width === other.width && one.height === other.height;
  /** The windows that the X server shows on a monitor. */
  const windowsOn = (monitor: Place) => desktop.windows(/Signalbox/).filter((one) => isOn(monitor, one));

  it('open on the monitor that is chosen, and each fills its own at a key', async () => {
    const [left, right] = desktop.monitors as [Place, Place];
    const { page, faults } = await open();
    await answer('granted');
    expect(await page.evaluate('screen.isExtended')).to.equal(true);
    await choose(page);
    const screens = page.locator('.layouts .acts').getByText(/^On screen/);
    await until('both screens', async () => (await screens.count()) === 2);
    const [here, there] = await screens.allTextContents();
    expect(here).to.match(/^On screen 1.* \(this one\)$/);
    expect(there)
      .to.match(/^On screen 2/)
      .and.not.contain('this one');

    const [other] = await Promise.all([page.waitForEvent('popup'), screens.nth(1).click()]);
    await other.waitForSelector('.tile[data-camera=cam_002]');
    expect(other.url()).to.equal(`${gateway.url}/?layout=lay_1`);
    await until('its window on the other monitor', async () => isOn(right, await placeOf(other)));
    await until(
      'the X server to show one on each',
      () => windowsOn(left).length === 1 && windowsOn(right).length === 1,
    );
    const opened = windowsOn(right)[0] as Place;
    expect(opened.width, 'it takes the whole width').to.be.greaterThan(right.width - 20);

    for (const [one, monitor] of [
      [other, right],
      [page, left],
    ] as const) {
      await one.bringToFront();
      await one.keyboard.press('f');
      await until('the whole screen', () => one.evaluate<boolean>('document.fullscreenElement !== null'));
      await until('it to fill its monitor', async () => {
        const { innerWidth, innerHeight } = await placeOf(one);
        return innerWidth === monitor.width && innerHeight === monitor.height;
      });
      await until('the X server to say so', () => windowsOn(monitor).some((window) => isSame(window, monitor)));
    }
    for (const monitor of [left, right])
      expect(windowsOn(monitor).filter((one) => isSame(one, monitor))).to.have.length(1);
    expect(await other.locator('.tile[data-camera=cam_002]').isVisible()).to.equal(true);
    await other.keyboard.press('f');
    await until('what was before', () => windowsOn(right).some((one) => one.height < right.height));
    expect(
      windowsOn(left).some((one) => isSame(one, left)),
      'the other one stays',
    ).to.equal(true);
    expect(faults).to.deep.equal([]);
  });

  it('say what to do where a person does not let the browser tell which screens there are', async () => {
    const { page, faults } = await open();
    await answer('denied');
    await choose(page);
    await page.getByText('The browser may not tell which screens there are. Open it in a window').waitFor();
    expect(faults).to.deep.equal([]);
  });
});
