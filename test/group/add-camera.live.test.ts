import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';
import type { Browser, Page } from 'playwright-core';
import { openPage, startChromium } from '../fixtures/chromium.ts';
import { command } from '../fixtures/command-line.ts';
import { startTestGroup, type TestGroup } from '../fixtures/group.ts';
import { type OnvifDevice, startOnvifDevice } from '../fixtures/onvif-device.ts';
import { until } from '../fixtures/process.ts';
import { type Site, startSite } from '../fixtures/site.ts';

const LOGIN = { username: 'operator', password: 'correct[horse]' };

describe('a camera that is found on the network and added in the page', function () {
  this.timeout(90_000);
  let site: Site;
  let device: OnvifDevice;
  let group: TestGroup;
  let browser: Browser;

  before(async () => {
    // Only who knows the password sees its streams.
    const authInternalUsers = [
      { user: 'any', permissions: [{ action: 'publish' }, { action: 'api' }] },
      { user: LOGIN.username, pass: LOGIN.password, permissions: [{ action: 'read' }] },
    ];
    [site, browser] = await Promise.all([startSite(['main', 'sub'], { authInternalUsers }), startChromium()]);
    device = await startOnvifDevice({
      ...LOGIN,
      urn: 'urn:uuid:gate',
      streams: { main: site.server.rtsp('main'), sub: site.server.rtsp('sub') },
    });
    group = await startTestGroup({ cameras: {}, discovery: { on: ['127.0.0.1'] } });
  });
  after(async () => {
    await browser?.close();
    await group?.stop();
    await device?.close();
    await site?.close();
  });

  const signedIn = async (role: 'admin' | 'operator', viewport?: { width: number; height: number }) => {
    const opened = await openPage(browser, viewport);
    const token = group.token({ sub: `a-${role}`, name: 'Anna', role, cameras: [], zones: ['*'] });
    await opened.page.goto(group.url);
    await opened.page.evaluate(`fetch('/api/v1/login', { method: 'POST', headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ token: '${token}' }) })`);
    await opened.page.reload();
    await opened.page.waitForSelector('.person', { state: 'attached' });
    return opened;
  };
  const alert = async (page: Page) => (await page.locator('.add-camera [role=alert]').textContent()) ?? '';

  it('is found by the command line, too', async () => {
    const { out, code } = await command(['camera', 'find', '--state', group.state]);
    expect(code).to.equal(0);
    expect(out).to.include('North gate').and.to.include(device.url);
  });

  it('is no business of an operator', async () => {
    const { page } = await signedIn('operator');
    await page.waitForSelector('.declare-button');
    expect(await page.locator('.add-button').count()).to.equal(0);
    await page.context().close();
  });

  it('is told in plain English when the password is wrong, then shown, named, and on the wall with its backup', async () => {
    const { page, faults } = await signedIn('admin');
    await page.locator('.add-button').click();
    await page.locator('text=Find cameras').click();
    await page.locator('.found button', { hasText: 'North gate' }).click();
    await page.fill('[name=username]', LOGIN.username);
    await page.fill('[name=password]', 'wr0ng');
    await page.locator('text=Look at it').click();
    await page.waitForSelector('.add-camera [role=alert]');
    expect(await alert(page)).to.match(/does not accept this user and password\. Check user and password/);
    await page.fill('[name=password]', LOGIN.password);
    await page.locator('text=Look at it').click();
    await page.waitForSelector('.preview img', { timeout: 20_000 });
    const width = await page
      .locator('.preview img')
      .evaluate((image) => (image as unknown as { naturalWidth: number }).naturalWidth);
    expect(width).to.equal(640);
    expect(await page.inputValue('[name=name]')).to.equal('North gate');
    await page.fill('[name=zone]', 'hcm/airport');
    await page.fill('[name=days]', '14');
    expect(await page.isChecked('text=Always, kept for')).to.equal(true);
    await page.locator('text=Add it').click();
    await page.waitForSelector('.tile[data-camera=north_gate].in-large.state-live', { timeout: 20_000 });
    await until('the picture to move', () => page.locator('.tile .latency').count(), 20_000);
    const { body } = await group.api('GET', '/api/v1/cameras/north_gate');
    expect(body).to.include({ name: 'North gate', zone: 'hcm/airport', keep: 'warm', origin: 'overlay' });
    expect(body.record).to.deep.equal({ keep_ms: 14 * 86_400_000 });
    const recorded = async () => (await group.api('GET', '/api/v1/recordings/north_gate')).body.state === 'recording';
    await until('its picture to be on the disk', recorded, 20_000);
    expect(body.sources.map(({ url }: { url: string }) => url)).to.deep.equal([
      site.server.rtsp('main'),
      site.server.rtsp('sub'),
    ]);
    expect(faults).to.deep.equal([]);
    await page.context().close();
  });

  it('is told as being on the wall already, and fits on a phone', async () => {
    const { page, faults } = await signedIn('admin', { width: 390, height: 844 });
    await page.getByRole('button', { name: 'More' }).click();
    await page.locator('.add-button').click();
    await page.locator('text=Find cameras').click();
    const found = page.locator('.found button');
    await found.waitFor();
    expect(await found.textContent()).to.include('on the wall already: north_gate');
    await found.click();
    await page.fill('[name=username]', LOGIN.username);
    await page.fill('[name=password]', LOGIN.password);
    await page.locator('text=Look at it').click();
    await page.waitForSelector('.preview img', { timeout: 20_000 });
    const tooWide =
      'document.documentElement.scrollWidth > innerWidth || document.querySelector("dialog").scrollWidth > innerWidth';
    expect(await page.evaluate(tooWide)).to.equal(false);
    expect(faults).to.deep.equal([]);
    await page.context().close();
  });

  it('is moved by an operator, stops by itself, and every move stands in the log with who and why', async () => {
    const [lan, minh] = (['Lan', 'Minh'] as const).map((name) =>
      group.token({ sub: name.toLowerCase(), name, role: 'operator', cameras: [], zones: ['hcm/*'] }),
    );
    const ptz = '/api/v1/cameras/north_gate/ptz';
    expect((await group.api('GET', '/api/v1/cameras/north_gate')).body.ptz).to.equal(true);
    const moved = await group.api('POST', `${ptz}/move`, { pan: 1, tilt: -0.5, for_ms: 1_500 }, lan);
    expect([moved.status, moved.body.state]).to.deep.equal([202, 'moving']);
    await until('it to move', () => device.moving());
    expect(device.moving()).to.deep.equal({ pan: 1, tilt: -0.5, zoom: 0 });
    expect((await group.api('POST', `${ptz}/move`, { pan: -1 }, minh)).body).to.include({ reason: 'held' });
    await until('it to stand still', () => device.moving() === undefined);
    await until('that to be known', async () => (await group.api('GET', ptz)).body.state === 'still');
    const { body: presets } = await group.api('GET', `${ptz}/presets`, undefined, lan);
    expect(presets.items.map(({ name }: { name: string }) => name)).to.deep.equal(['Gate', 'Car park']);
    expect((await group.api('POST', `${ptz}/preset`, { preset: '2' }, lan)).status).to.equal(202);
    await until('it to go there', () => device.preset() === '2');
    const { body } = await group.api('GET', '/api/v1/timeline');
    const told = body.items.filter(({ kind }: { kind: string }) => kind === 'ptz');
    const lines = told.map(({ type, why }: { type: string; why: { text: string } }) => `${type}: ${why.text}`);
    expect(lines).to.include('ptz.moving: Lan moves it').and.to.include('ptz.going: Lan sends it to Car park');
    expect(lines.find((line: string) => line.startsWith('ptz.refused: Lan moves it; it is free'))).to.be.a('string');
  });

  it('moves in the page while a key or a finger holds, stops when it is let go, and remembers where it looks', async () => {
    const { page, faults } = await signedIn('operator', { width: 390, height: 844 });
    await page.goto(`${group.url}/#/camera/north_gate`);
    await page.locator('.presets button').first().waitFor();
    const pad = (name: string) => page.locator('.pad').getByRole('button', { name, exact: true });
    // Who moved it last keeps it for three seconds.
    const own = group.token({ sub: 'a-operator', role: 'operator', cameras: [], zones: ['*'] });
    const nudge = () => group.api('POST', '/api/v1/cameras/north_gate/ptz/move', { pan: 1, for_ms: 100 }, own);
    await until('it to be free', async () => (await nudge()).status === 202);
    await pad('Right').focus();
    await page.keyboard.down('ArrowUp');
    await page.keyboard.down('ArrowRight');
    await until('it to go slantwise', () => device.moving()?.pan === 0.45 && device.moving()?.tilt === 0.45);
    expect(page.url(), 'the wall has the arrow keys elsewhere').to.match(/north_gate$/);
    const stops = device.stopped.length;
    await page.keyboard.up('ArrowUp');
    await page.keyboard.up('ArrowRight');
    await until('it to be told to stop', () => device.stopped.length > stops);
    expect(device.stopped.at(-1)).to.equal('told');
    await page.locator('.pad select').selectOption('Fast');
    const zoom = await pad('Zoom in').boundingBox();
    await page.mouse.move((zoom?.x ?? 0) + 10, (zoom?.y ?? 0) + 10);
    await page.mouse.down();
    await until('it to zoom', () => device.moving()?.zoom === 1);
    await page.mouse.up();
    await until('it to stand still', () => device.moving() === undefined);
    await page.getByLabel('Name of the position').fill('Dock');
    await page.keyboard.press('Enter');
    await until('it among the positions', () => page.locator('.presets button:has-text("Dock")').count());
    expect([...device.presets.values()]).to.deep.equal(['Gate', 'Car park', 'Dock']);
    const minh = group.token({ sub: 'minh', name: 'Minh', role: 'admin', cameras: [], zones: [] });
    await group.api('POST', '/api/v1/cameras/north_gate/ptz/move', { pan: -1, for_ms: 2_000 }, minh);
    await pad('Left').press('Enter');
    await page.locator('.ptz [role=alert]:has-text("Not now: Minh moves it")').waitFor();
    expect(await page.evaluate('document.documentElement.scrollWidth')).to.equal(390);
    expect(faults).to.deep.equal([]);
    await page.context().close();
  });

  it('leaves its password in no log, event or list', async () => {
    const { text: journal } = await group.api('GET', '/api/v1/journal?limit=1000');
    const { text: cameras } = await group.api('GET', '/api/v1/cameras');
    const overlay = readFileSync(path.join(group.state, 'cameras.json'), 'utf8');
    for (const place of [group.logs(), journal, cameras, overlay]) {
      expect(place).to.not.match(/correct(\[|%5B)horse|wr0ng/i);
    }
    expect(journal).to.include('north_gate');
  });
});
