import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import type { Browser, Page } from 'playwright-core';
import { type IdentityProvider, openidProvider } from '../../../adapters/identity.openid-client.ts';
import { id } from '../../../bus/identity.ts';
import { buildPages } from '../../adapters/browser/stub-gateway.ts';
import { type FakeGateway, fakeGateway } from '../../fakes/http.ts';
import { openPage, startChromium } from '../../fixtures/chromium.ts';
import { startIdentityProvider, type TestProvider } from '../../fixtures/identity-provider.ts';

const CALLBACK = '/api/v1/login/oidc/callback';
const RIGHTS = [
  { claim: 'groups', value: 'control-room', role: 'operator' as const, cameras: [], zones: ['hcm/*'] },
  { claim: 'groups', value: 'staff', role: 'viewer' as const, cameras: ['cam_001'], zones: [] },
];

describe('http: signing in at a real OpenID Connect provider', function () {
  this.timeout(60_000);
  const pages = mkdtempSync(path.join(tmpdir(), 'sbx-oidc-pages-'));
  let browser: Browser;
  let gateway: FakeGateway;
  let provider: TestProvider;
  let base: string;

  before(async () => {
    gateway = await fakeGateway({ page: pages });
    await gateway.camera('cam_001', 'hcm/center');
    await gateway.server.listen({ host: '127.0.0.1', port: 0 });
    base = `http://127.0.0.1:${(gateway.server.server.address() as AddressInfo).port}`;
    [browser, provider] = await Promise.all([
      startChromium(),
      startIdentityProvider(base + CALLBACK, `${base}/`),
      buildPages(pages),
    ]);
    const { issuer, clientId, secret } = provider;
    const scopes = ['openid', 'profile'];
    gateway.services.config.auth.oidc = { issuer, clientId, scopes, name: 'Town hall', rights: RIGHTS };
    gateway.services.identity = openidProvider({ issuer, clientId, scopes, secret: () => secret });
  });
  afterEach(() => Promise.all(browser.contexts().map((context) => context.close())));
  after(async () => {
    await browser?.close();
    await provider?.close();
    await gateway?.close();
    rmSync(pages, { recursive: true, force: true });
  });

  /** Signs in on the provider's own pages. */
  const signInThere = async (page: Page, user: string) => {
    await page.locator('input[name=login]').fill(user);
    await page.locator('input[name=password]').fill('any');
    await page.locator('button[type=submit]').click();
    await page.locator('button[type=submit]:has-text("Continue")').click();
  };
  const begin = async (at = '/') => {
    const opened = await openPage(browser);
    opened.page.setDefaultTimeout(8_000);
    await opened.page.goto(base + at);
    await opened.page.locator('a:has-text("Sign in with Town hall")').click();
    return opened;
  };
  const whoIs = (page: Page) =>
    // biome-ignore lint/suspicious/noExplicitAny: the test reads what it knows is there
    page.evaluate("fetch('/api/v1/login').then((answer) => answer.json())") as Promise<any>;
  /** Signs in, but what the browser brings back is changed on its way. */
  const comingBack = async (page: Page, change: (back: URL) => void) => {
    const real = gateway.services.identity as IdentityProvider;
    gateway.services.identity = {
      ...real,
      finish(back, kept) {
        change(back);
        return real.finish(back, kept);
      },
    };
    try {
      await signInThere(page, 'lan');
      await page.waitForURL(/refused=|\/$/);
      return new URL(page.url()).searchParams.get('refused');
    } finally {
      gateway.services.identity = real;
    }
  };

  it('gives the rights that the first fitting rule grants, on the wall that was asked for, on a screen and on a phone', async () => {
    const wall = { id: 'lay_1', name: 'Gates', owner: 'oidc:lan', cameras: [], big: false, since: 1 };
    gateway.services.layouts.add({ ...wall, id: id(wall.id) });
    const asked = '/?layout=lay_1#/camera/cam_001';
    const { page, faults } = await begin(asked);
    await signInThere(page, 'lan');
    await page.waitForSelector('.person');
    expect(page.url()).to.equal(base + asked);
    await page.locator('.layouts summary:text-is("Gates")').waitFor();
    expect(await whoIs(page)).to.include({ sub: 'oidc:lan', name: 'Lan', role: 'operator' });
    expect((await whoIs(page)).zones).to.deep.equal(['hcm/*']);
    await page.setViewportSize({ width: 390, height: 844 });
    expect(await page.evaluate('document.documentElement.scrollWidth')).to.equal(390);
    const names = (await page.context().cookies(base)).map(({ name }) => name);
    expect(
      names.filter((name) => name.endsWith('-oidc')),
      'the cookie of the way there',
    ).to.deep.equal([]);
    expect(faults).to.deep.equal([]);
  });

  it('tells somebody whom no rule lets in, and lets them in nowhere', async () => {
    const { page } = await begin('/?layout=lay_1');
    await signInThere(page, 'eve');
    await page.locator('.failure:has-text("nobody has given you rights")').waitFor();
    expect(page.url()).to.equal(`${base}/?layout=lay_1&refused=no-rights`);
    expect((await whoIs(page)).reason).to.equal('missing');
  });

  it('signs out here and there: the next sign-in asks for a name again', async () => {
    const { page } = await begin();
    await signInThere(page, 'minh');
    await page.locator('.person summary').click();
    await page.locator('button:text-is("Sign out")').click();
    await page.locator('button[name=logout]').click();
    await page.locator('a:has-text("Sign in with Town hall")').click();
    await page.locator('input[name=login]').waitFor();
  });

  it('refuses another state, another issuer, and what was begun in another browser', async () => {
    for (const [name, value] of [
      ['state', 'of-somebody-else'],
      ['iss', 'https://evil.example.com'],
      ['code', 'made-up'],
    ] as const) {
      const { page } = await begin();
      expect(await comingBack(page, (back) => back.searchParams.set(name, value)), name).to.equal('provider');
      expect((await whoIs(page)).reason).to.equal('missing');
    }
    const elsewhere = await openPage(browser);
    await elsewhere.page.goto(`${base}${CALLBACK}?code=x&state=y&iss=${encodeURIComponent(provider.issuer)}`);
    expect(new URL(elsewhere.page.url()).searchParams.get('refused')).to.equal('state');
  });

  it('refuses a token that answers another nonce', async () => {
    const { page } = await begin();
    const [cookie] = (await page.context().cookies(base)).filter(({ name }) => name.endsWith('-oidc'));
    const state = JSON.parse(Buffer.from(String(cookie?.value), 'base64url').toString());
    const other = Buffer.from(JSON.stringify({ ...state, nonce: 'of-another-sign-in' })).toString('base64url');
    if (cookie) await page.context().addCookies([{ ...cookie, value: other }]);
    await signInThere(page, 'lan');
    await page.locator('.failure:has-text("not to be believed")').waitFor();
    expect(gateway.log.join('')).to.match(/"nonce"|nonce/);
    expect((await whoIs(page)).reason).to.equal('missing');
  });

  it('refuses a code that was used already, even with everything else in place', async () => {
    const { page } = await begin();
    const [cookie] = (await page.context().cookies(base)).filter(({ name }) => name.endsWith('-oidc'));
    let back = '';
    page.on('request', (request) => {
      if (request.url().includes(CALLBACK)) back = request.url();
    });
    await signInThere(page, 'lan');
    await page.waitForSelector('.person');
    const thief = await openPage(browser);
    if (cookie) await thief.page.context().addCookies([cookie]);
    await thief.page.goto(back);
    expect(new URL(thief.page.url()).searchParams.get('refused')).to.equal('provider');
    expect((await whoIs(thief.page)).reason).to.equal('missing');
  });

  it('says that the provider is away, and goes on by itself when it is back', async () => {
    const { clientId } = provider;
    const present = gateway.services.identity;
    gateway.services.identity = openidProvider({ issuer: 'http://127.0.0.1:9', clientId, scopes: ['openid'] });
    const { page } = await openPage(browser);
    for (const [asked, lands] of [
      ['/?layout=lay_1', '/?layout=lay_1&refused=provider-away'],
      ['//evil.example.com/', '/?refused=provider-away'],
    ] as const) {
      await page.goto(`${base}/api/v1/login/oidc?to=${encodeURIComponent(asked)}`);
      await page.locator('.failure:has-text("does not answer")').waitFor();
      expect(page.url()).to.equal(base + lands);
    }
    if (present) gateway.services.identity = present;
    await page.locator('a:has-text("Sign in with Town hall")').click();
    await page.locator('input[name=login]').waitFor();
  });

  it('writes no code, token or secret into the log', () => {
    const log = gateway.log.join('');
    expect(log).to.contain('signed in at the identity provider');
    for (const secret of [provider.secret, 'code=', 'eyJ']) expect(log).to.not.contain(secret);
  });
});
