import { expect } from 'chai';
import { openPage } from '../../fixtures/chromium.ts';
import { until } from '../../fixtures/process.ts';
import { type BuiltPages, openBuiltPages } from './built-pages.ts';
import type { StubGateway } from './stub-gateway.ts';
import { furnish, stubCamera } from './stub-house.ts';

describe('the guided start in Chromium', function () {
  this.timeout(60_000);
  let pages: BuiltPages;
  let gateway: StubGateway;

  before(async () => {
    pages = await openBuiltPages();
    gateway = await pages.serve();
  });
  after(() => pages?.close());

  it('shows a newcomer around, sees what they do, and never comes again by itself once it was dismissed', async () => {
    const house = furnish(gateway, [stubCamera(1, 'idle'), stubCamera(2, 'idle')]);
    const { page, faults } = await openPage(pages.browser, { width: 390, height: 844 }, { isNew: true });
    await page.goto(gateway.url);
    const guide = page.getByRole('complementary', { name: 'Guided start' });
    await guide.getByText('What a tile says').waitFor();
    expect(await guide.textContent()).to.contain('Step 1 of 3');
    await until('the event stream', () => house.streams() > 0);
    await guide.getByRole('button', { name: 'Next' }).click();
    const why = { trigger: 'source.ended', text: 'on the backup (1)' };
    house.become('cam_001', 'idle', why, { type: 'switched', from_source: '0', active_source: '1', recover_ms: 67 });
    await guide.getByText('There it is: on its backup.').waitFor();
    await guide.getByRole('button', { name: 'Next' }).click();
    await page.keyboard.press('t');
    await guide.getByText('This is all that happened.').waitFor();
    expect(await page.evaluate('document.documentElement.scrollWidth')).to.equal(390);
    await guide.getByRole('button', { name: 'Done' }).click();
    await page.goto(`${gateway.url}/#/`);
    await page.reload();
    await page.waitForSelector('.tile');
    await until('who looks to be known', () => page.locator('.person').count());
    expect(await guide.count()).to.equal(0);
    await page.keyboard.press('?');
    await page.getByRole('button', { name: 'Show me around' }).click();
    await guide.getByText('What a tile says').waitFor();
    expect(faults).to.deep.equal([]);
  });
});
