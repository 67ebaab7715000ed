import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';
import type { Browser, Page } from 'playwright-core';
import { openPage, startChromium } from '../fixtures/chromium.ts';
import { command } from '../fixtures/command-line.ts';
import { startTestGroup, type TestGroup } from '../fixtures/group.ts';
import { until } from '../fixtures/process.ts';

const FIRST = 'first-of-the-day';
const OWN = 'the gate stays shut';

describe('people who sign in with a password, on a running group', function () {
  this.timeout(60_000);
  let group: TestGroup;
  let browser: Browser;
  const user = (words: string[], input?: string) =>
    command(['user', ...words, '--state', group.state], input === undefined ? {} : { input });

  before(async () => {
    const cameras = { cam_001: { zone: 'hcm/gate', sources: ['rtsp://127.0.0.1:9/none'], name: 'Gate' } };
    [group, browser] = await Promise.all([startTestGroup({ cameras }), startChromium()]);
    await user(['add', 'lan', '--role', 'viewer', '--zone', 'hcm/*', '--name', 'Lan', '--password-stdin'], FIRST);
  });
  after(async () => {
    await browser?.close();
    await group?.stop();
  });

  const type = async (page: Page, fields: Record<string, string>) => {
    for (const [name, text] of Object.entries(fields)) await page.locator(`input[name=${name}]`).fill(text);
    await page.locator('.sign-in form').first().locator('button[type=submit]').click();
  };
  const wholeWidth = (page: Page) =>
    page.evaluate('document.documentElement.scrollWidth <= document.documentElement.clientWidth');

  it('a first password is changed on the page, and then opens the wall, on a screen and on a phone', async () => {
    const { page, faults } = await openPage(browser);
    await page.goto(group.url);
    await type(page, { user: 'lan', password: 'a wrong password' });
    await page.locator('.sign-in .failure:has-text("name or the password is wrong")').waitFor();
    await type(page, { user: 'lan', password: FIRST });
    await page.locator('.sign-in [role=status]:has-text("Choose one of your own")').waitFor();
    await type(page, { new_password: OWN, again: 'something else' });
    await page.locator('.sign-in .failure:has-text("differ")').waitFor();
    for (const [width, height] of [
      [390, 844],
      [1440, 900],
    ] as const) {
      await page.setViewportSize({ width, height });
      expect(await wholeWidth(page), `the form at ${width}`).to.equal(true);
    }
    await type(page, { new_password: OWN, again: OWN });
    await page.waitForSelector('.tile[data-camera=cam_001]');
    expect(await page.locator('.person summary').textContent()).to.equal('Lan');
    const [cookie] = await page.context().cookies();
    expect(cookie).to.include({ httpOnly: true, sameSite: 'Strict' });
    await page.setViewportSize({ width: 390, height: 844 });
    await page.getByRole('button', { name: 'More' }).click();
    await page.locator('.person summary').click();
    expect(await wholeWidth(page), 'the menu at 390').to.equal(true);
    await page.locator('button:text-is("Sign out")').click();
    await page.waitForSelector('.sign-in');
    expect(await page.context().cookies()).to.deep.equal([]);
    expect(faults).to.deep.equal([]);
  });

  it('find the wall that they keep at another desk, also after the gateway was killed', async () => {
    const desk = await openPage(browser);
    await desk.page.goto(group.url);
    await type(desk.page, { user: 'lan', password: OWN });
    await desk.page.locator('.layouts summary').click();
    await desk.page.getByText('New wall from this…').click();
    await desk.page.getByLabel('Name', { exact: true }).fill('Gates');
    await desk.page.keyboard.press('Enter');
    await until('it to be kept', () => desk.page.url().includes('layout='));
    await group.kill('gateway');
    const other = await openPage(browser);
    await until(
      'the gateway to answer',
      () =>
        fetch(`${group.url}/readyz`).then(
          ({ ok }) => ok,
          () => false,
        ),
      20_000,
    );
    await other.page.goto(group.url);
    await type(other.page, { user: 'lan', password: OWN });
    await other.page.locator('.layouts summary').click();
    await other.page.locator('.layouts a', { hasText: 'Gates' }).click();
    await until('the wall', async () => (await other.page.locator('.layouts summary').textContent()) === 'Gates');
    expect(other.page.url()).to.equal(desk.page.url());
    await other.page.waitForSelector('.tile[data-camera=cam_001]');
    const minh = group.token({ sub: 'minh', role: 'viewer' });
    const { body } = await group.api('GET', '/api/v1/layouts', undefined, minh);
    expect(body.items, 'nobody else finds it').to.deep.equal([]);
    expect([...desk.faults, ...other.faults]).to.deep.equal([]);
    await Promise.all([desk, other].map(({ page }) => page.context().close()));
  });

  it('signing out everywhere ends the sign-in of another browser', async () => {
    const [one, other] = await Promise.all([openPage(browser), openPage(browser)]);
    for (const { page } of [one, other]) {
      await page.goto(group.url);
      await type(page, { user: 'lan', password: OWN });
      await page.waitForSelector('.tile');
    }
    await one.page.locator('.person summary').click();
    await one.page.locator('button:has-text("Sign out everywhere")').click();
    await one.page.waitForSelector('.sign-in');
    await other.page.waitForSelector('.sign-in', { timeout: 15_000 });
  });

  it('whoever is removed is out within moments, and what they typed is in no log', async () => {
    const { page } = await openPage(browser);
    await page.goto(group.url);
    await type(page, { user: 'lan', password: OWN });
    await page.waitForSelector('.tile');
    const { code, err } = await user(['remove', 'lan']);
    expect([code, err]).to.deep.equal([0, '']);
    await page.waitForSelector('.sign-in', { timeout: 15_000 });
    await until('the log to tell it', () => /signed in with a password/.test(group.logs()));
    for (const secret of [FIRST, OWN, '$scrypt$']) expect(group.logs()).to.not.contain(secret);
  });

  it('a program comes in with a token of its own, is told of by name, and is out at once when it is revoked', async () => {
    const signalbox = (...words: string[]) => command([...words, '--state', group.state]);
    const added = await signalbox('service', 'add', 'parking board', '--role', 'viewer', '--zone', 'hcm/*');
    expect(added.code, added.err).to.equal(0);
    const token = added.out.trim();
    const asked = await fetch(`${group.url}/api/v1/cameras`, { headers: { authorization: `Bearer ${token}` } });
    const { items } = (await asked.json()) as { items: { id: string }[] };
    expect(items.map(({ id }) => id)).to.deep.equal(['cam_001']);
    const stream = await fetch(`${group.url}/api/v1/events`, { headers: { authorization: `Bearer ${token}` } });
    expect(stream.status).to.equal(200);

    const rights = await signalbox('rights', 'cam_001');
    expect(rights.out).to.match(/parking board \(service:svc_[a-z2-7]{26}\) +service +viewer +watch, review +\d{4}-/);
    const [id = ''] = /svc_[a-z2-7]{26}/.exec(rights.out) ?? [];
    expect((await signalbox('service', 'list')).out).to.match(
      new RegExp(`${id} +active .*signalbox-cli +parking board`),
    );

    expect((await signalbox('service', 'revoke', id)).out).to.contain(`revoked ${id}`);
    // The stream ends by itself: reading it to its end would hang otherwise.
    await stream.text();
    const refused = await fetch(`${group.url}/api/v1/cameras`, { headers: { authorization: `Bearer ${token}` } });
    expect(refused.status).to.equal(401);
    expect(await refused.json()).to.include({ reason: 'revoked' });
    await until('the log to tell it', () => /a service token was revoked/.test(group.logs()));
    expect(group.logs())
      .to.match(/a service token was made/)
      .and.not.contain(token);
    expect(readFileSync(path.join(group.state, 'services.json'), 'utf8')).to.not.contain(token);
  });
});
