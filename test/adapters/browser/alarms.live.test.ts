import { expect } from 'chai';
import { openPage } from '../../fixtures/chromium.ts';
import { until } from '../../fixtures/process.ts';
import { type BuiltPages, openBuiltPages } from './built-pages.ts';
import type { StubGateway } from './stub-gateway.ts';
import { furnish, stubAlarm, stubCamera } from './stub-house.ts';

/** Counts the notes that are really started; two make one alarm. */
const COUNT_NOTES = `window.notes = 0;
  const start = OscillatorNode.prototype.start;
  OscillatorNode.prototype.start = function (...when) { window.notes++; return start.apply(this, when); };`;

describe('alarms in Chromium', function () {
  this.timeout(60_000);
  let pages: BuiltPages;
  let gateway: StubGateway;

  before(async () => {
    pages = await openBuiltPages();
    gateway = await pages.serve();
  });
  after(() => pages?.close());

  it('are listed, marked on the tile, heard where permitted until somebody takes care of them, and muted for a time', async () => {
    const [gate, beach, hall] = [stubCamera(1, 'offline'), stubCamera(2, 'offline'), stubCamera(3, 'offline')];
    const house = furnish(gateway, [gate, beach, hall]);
    house.alarms.push(stubAlarm(beach, 60_000));
    const [one, other] = [await openPage(pages.browser, { width: 390, height: 844 }), await openPage(pages.browser)];
    const { page, faults } = one;
    await page.addInitScript(COUNT_NOTES);
    const notes = () => page.evaluate<number>('window.notes');
    const alarms = (where = page) =>
      where
        .locator('.alarms li')
        .evaluateAll((items) => items.map((item) => item.getAttribute('data-alarm')).join(' '));
    const summary = (where = page) => where.locator('.alarms summary').textContent();
    await page.goto(gateway.url);
    await other.page.goto(gateway.url);
    await until('the alarm that was there before', async () => (await alarms()) === 'no-source--cam_002');
    await until('the event streams', () => house.streams() > 1);

    house.alert('alarm', stubAlarm(gate));
    await until('the newest on top', async () => (await alarms()) === 'no-source--cam_001 no-source--cam_002');
    expect(await page.locator('.tile .alarm-mark').count()).to.equal(2);
    expect(await page.locator('.tile[data-camera=cam_003] .alarm-mark').count()).to.equal(0);
    expect(await notes(), 'nobody permitted a sound').to.equal(0);

    const [lines, wide] = [await page.locator('.top').boundingBox(), await other.page.locator('.top').boundingBox()];
    expect(lines?.height, 'two lines on a phone').to.be.at.most(2 * (wide?.height ?? 0));
    await page.locator('.alarms summary').click();
    const menu = await page.locator('.alarms .menu').boundingBox();
    expect(menu?.x, 'fits a phone').to.be.at.least(0);
    expect((menu?.x ?? 0) + (menu?.width ?? 0)).to.be.at.most(390);
    const tiles = await Promise.all((await page.locator('.tile').all()).map((tile) => tile.boundingBox()));
    const covered = tiles.filter((tile) => (tile?.y ?? 0) < (menu?.y ?? 0) + (menu?.height ?? 0));
    expect(covered, 'tiles under the menu').to.deep.equal([]);
    await page.getByRole('button', { name: 'Sound alarms' }).click();
    await until('a trial', async () => (await notes()) === 2);
    house.alert('alarm', stubAlarm(hall));
    await until('the alarm to be heard', async () => (await notes()) === 4);

    const item = page.locator('[data-alarm=no-source--cam_003]');
    await until('the button', () => item.getByRole('button', { name: 'Acknowledge' }).count());
    await item.getByRole('button', { name: 'Acknowledge' }).click();
    await item.getByText(/Acknowledged by Night shift, .*: the guard is on the way/).waitFor();
    const taken = 'no-source--cam_001 no-source--cam_002 no-source--cam_003';
    await until('it behind those that nobody takes care of', async () => (await alarms()) === taken);
    await until('the other screen to know', async () => (await alarms(other.page)) === taken);
    expect(await page.locator('.tile[data-camera=cam_003] .alarm-mark').textContent()).to.equal('Alarm, acknowledged');
    expect(await summary(other.page)).to.equal('2 alarms');

    await page.getByRole('button', { name: '15 min' }).click();
    await until('the mute', () => page.getByText(/Muted for 1[45] min/).count());
    const before = await notes();
    house.alert('alarm', { ...stubAlarm(gate), state: 'cleared', since: Date.now() + 1 });
    await until('what is over to leave', async () => (await alarms()) === 'no-source--cam_002 no-source--cam_003');
    house.alert('alarm', { ...stubAlarm(gate), since: Date.now() + 2 });
    await until('a new one', async () => (await alarms()) === taken);
    expect(await notes(), 'muted').to.equal(before);
    expect([...faults, ...other.faults]).to.deep.equal([]);
  });
});
