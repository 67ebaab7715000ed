import { expect } from 'chai';
import type { Page } from 'playwright-core';
import { openPage } from '../../fixtures/chromium.ts';
import { until } from '../../fixtures/process.ts';
import { type BuiltPages, openBuiltPages } from './built-pages.ts';
import type { StubGateway } from './stub-gateway.ts';
import { furnish, type StubHouse, stubAlarm, stubCamera } from './stub-house.ts';

describe('walls that are kept, in Chromium', function () {
  this.timeout(60_000);
  let pages: BuiltPages;
  let gateway: StubGateway;
  let house: StubHouse;

  before(async () => {
    pages = await openBuiltPages();
  });
  beforeEach(async () => {
    gateway = await pages.serve();
    house = furnish(
      gateway,
      [1, 2, 3, 4].map((number) => stubCamera(number, 'offline')),
    );
  });
  afterEach(() => pages.clear());
  after(() => pages?.close());

  const open = async (at = '/', viewport?: { width: number; height: number }) => {
    const opened = await openPage(pages.browser, viewport);
    await opened.page.goto(gateway.url + at);
    await opened.page.waitForSelector('.tile');
    return opened;
  };
  const order = (page: Page) =>
    page
      .locator('.tile')
      .evaluateAll((tiles) => tiles.map((tile) => tile.getAttribute('data-camera')?.slice(-1)).join(''));
  const menu = async (page: Page, entry: string) => {
    await page.locator('.layouts summary').click();
    await page.locator('.layouts .menu').getByText(entry).click();
  };

  it('are arranged by dragging, by buttons and by keys, and found again under their name by whoever has the link', async () => {
    const { page, faults } = await open();
    await menu(page, 'New wall from this');
    const tile = (id: string) => page.locator(`.tile[data-camera=cam_00${id}]`);
    const [from, to] = await Promise.all([tile('4').boundingBox(), tile('1').boundingBox()]);
    await page.mouse.move((from?.x ?? 0) + 200, (from?.y ?? 0) + 150);
    await page.mouse.down();
    await page.mouse.move((to?.x ?? 0) + 200, (to?.y ?? 0) + 150, { steps: 4 });
    await until('the place to be shown', () => tile('1').locator('.cover.over').count());
    await page.mouse.up();
    await until('it in the first place', async () => (await order(page)) === '4123');
    await tile('3').getByRole('button', { name: 'Take off this wall' }).click();
    await tile('1').getByRole('button', { name: 'Move to the place after' }).click();
    await until('it in the last place', async () => (await order(page)) === '421');
    expect(await page.locator('[role=status]', { hasText: 'place 3 of 3' }).count()).to.equal(1);
    await page.keyboard.press('ArrowLeft');
    await until('it before the other', async () => (await order(page)) === '412');
    expect(await page.evaluate('document.activeElement.closest(".tile")?.dataset.camera')).to.equal('cam_001');
    await page.getByText('First one big').click();
    await until('a big tile', () => page.locator('.tile.in-big[data-camera=cam_004]').count());
    await page.getByLabel('Name', { exact: true }).fill('Gates');
    await page.keyboard.press('Enter');
    await until('it to be kept', () => house.layouts.length > 0);
    expect(house.layouts[0]).to.deep.include({ name: 'Gates', cameras: ['cam_004', 'cam_001', 'cam_002'], big: true });
    await until('the wall', async () => (await page.locator('.cover').count()) === 0);
    expect(page.url()).to.equal(`${gateway.url}/?layout=lay_1`);

    const other = await open('/?layout=lay_1');
    expect(await order(other.page)).to.equal('412');
    expect(await other.page.locator('.layouts summary').textContent()).to.equal('Gates');
    await other.page.goto(`${gateway.url}/?layout=lay_1#/camera/cam_003`);
    await until('a camera that is not on it, large', () =>
      other.page.locator('.in-large[data-camera=cam_003]').count(),
    );
    await menu(other.page, 'All cameras');
    await until('all of them', async () => (await order(other.page)) === '1234');
    await other.page.goBack();
    await until('where one was', async () => (await other.page.locator('.tile').count()) === 4);

    // Of somebody else's wall the menu tells whose it is, by the name that people know.
    const others = { owner: 'lan', owner_name: 'Lan Nguyen', yours: false, shared_with: 'viewer' };
    house.layouts.push({ id: 'lay_9', name: 'Doors', cameras: ['cam_002'], big: false, ...others });
    await other.page.reload();
    await other.page.locator('.layouts summary').click();
    const listed = other.page.locator('.layouts .menu', { hasText: 'for everybody, of Lan Nguyen' });
    await until('whose it is', () => listed.count());
    house.layouts.pop();

    await menu(page, 'Arrange…');
    await page.getByRole('button', { name: 'Delete…' }).click();
    expect(house.layouts, 'nothing is deleted by one press').to.have.length(1);
    await page.getByRole('button', { name: 'Delete it now' }).click();
    await until('all cameras again', async () => (await order(page)) === '1234');
    expect(house.layouts).to.deep.equal([]);
    expect([...faults, ...other.faults]).to.deep.equal([]);
  });

  it('tour through their pages with the time left in sight, and stand still while somebody looks or says so', async () => {
    const grid = { columns: 1, rows: 1, big: false, owner: 'ops', yours: true };
    house.layouts.push(
      {
        id: 'lay_1',
        name: 'Round',
        cameras: ['cam_001', 'cam_002'],
        tour: { every_s: 3, layouts: ['lay_2'] },
        ...grid,
      },
      { id: 'lay_2', name: 'Hall', cameras: ['cam_003'], ...grid },
    );
    const { page, faults } = await open('/?layout=lay_1', { width: 390, height: 844 });
    const which = () => page.locator('.tour .which').textContent();
    const seen = new Set<string>();
    // Both of one moment.
    const sight = `[...document.querySelectorAll('.tile')].map((tile) => tile.dataset.camera.slice(-1)).join('') +
      ' ' + document.querySelector('.tour .which')?.textContent`;
    await until('every page', async () => seen.add(await page.evaluate<string>(sight)).size === 3, 30_000);
    expect([...seen].sort()).to.deep.equal([
      ...['1 Round, page 1 of 3', '2 Round, page 2 of 3', '3 Hall, page 3 of 3'],
    ]);
    const running = () => page.evaluate<string[]>('document.getAnimations().map((one) => one.playState)');
    expect(await running()).to.include('running');
    await page.getByRole('button', { name: 'Pause' }).click();
    await until('it to stand still', async () => !(await running()).includes('running'));
    const held = await which();
    await page.getByRole('button', { name: 'Next page' }).click();
    await until('a step by hand', async () => (await which()) !== held);
    expect(await page.evaluate('document.documentElement.scrollWidth')).to.equal(390);
    await page.getByRole('button', { name: 'Go on' }).click();
    const stepped = await which();
    await until('it to go on', async () => (await which()) !== stepped);
    await page.locator('.tile .open').focus();
    await page.keyboard.press('Enter');
    await until('it large', () => page.locator('.in-large').count());
    expect(await page.locator('.tour').count(), 'nothing changes under who looks').to.equal(0);
    expect(faults).to.deep.equal([]);
  });

  it('fill the screen with pictures at a key, and with alarms alone beside them', async () => {
    house.alarms.push(stubAlarm(stubCamera(1, 'offline')));
    const { page, faults } = await open();
    await until('the alarms', () => page.locator('.alarms.raised').count());
    const before = await page.locator('.wall').boundingBox();
    await page.keyboard.press('f');
    await until('the whole screen', () => page.evaluate<boolean>('document.fullscreenElement !== null'));
    await until(
      'more room',
      async () => ((await page.locator('.wall').boundingBox())?.height ?? 0) > (before?.height ?? 0),
    );
    expect(await page.locator('.clock').isVisible()).to.equal(false);
    expect(await page.locator('.alarms').isVisible()).to.equal(true);
    await page.keyboard.press('f');
    await until('what was before', () => page.locator('.clock').isVisible());
    expect(faults).to.deep.equal([]);
  });

  it('say so when there is none at the link, or none of its cameras is for the looker', async () => {
    house.layouts.push({ id: 'lay_1', name: 'Elsewhere', cameras: ['cam_009'], big: false, owner: 'minh' });
    const { page } = await openPage(pages.browser);
    await page.goto(`${gateway.url}/?layout=lay_1`);
    await page.getByText('This wall has no camera that you may see.').waitFor();
    await page.goto(`${gateway.url}/?layout=lay_9`);
    await page.getByText('There is no such layout.').waitFor();
    await page.getByText('Show all cameras').click();
    await until('all of them', async () => (await page.locator('.tile').count()) === 4);
  });
});
