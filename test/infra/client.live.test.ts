import { execFile } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { transform } from 'esbuild';
import type { Browser } from 'playwright-core';
import { id } from '../../bus/identity.ts';
import { ends } from '../fakes/source.ts';
import { openPage, startChromium } from '../fixtures/chromium.ts';
import { type Running, run, until } from '../fixtures/process.ts';
import { type ServedGateway, serveGateway } from '../fixtures/served-gateway.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const SAMPLE = path.join(ROOT, 'infra/samples/dashboard.mjs');
const command = promisify(execFile);
/** As it is before it is built: enough to be framed. */
const PAGE = path.join(ROOT, 'adapters/browser');
const PIXEL_JPEG =
  '/9j/4AAQSkZJRgABAQEASABIAAD/2wBDAP//////////////////////////////////////////////////////////////////////////////////////wAALCAABAAEBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAAA//EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQEAAD8AN//Z';
const camera = { kind: 'camera' as const, id: id('cam_001') };

/** What a program of somebody else gets wrong is told where it is written. */
const MISTAKES = `
import { connect, type Answer, type Told } from 'signalbox-client';
const signalbox = connect({ url: 'http://127.0.0.1:1', token: async () => 'none' });
// @ts-expect-error no such route
void signalbox.ask('GET /api/v1/camera');
// @ts-expect-error the camera is missing
void signalbox.ask('GET /api/v1/cameras/{camera_id}');
// @ts-expect-error zones are texts
void signalbox.ask('POST /api/v1/incidents', { body: { reason: 'fire', zone: 7 } });
// @ts-expect-error a list has no such field
void signalbox.ask('GET /api/v1/cameras').then(({ itmes }) => itmes);
export const stateOf = (list: Answer<'GET /api/v1/cameras'>): string[] => list.items.map(({ state }) => state);
// @ts-expect-error no camera is ever so
export const isBroken = (list: Answer<'GET /api/v1/cameras'>): boolean => list.items.some(({ state }) => state === 'broken');
export function read(event: Told): number | undefined {
  if (event.type === 'gap') return undefined;
  // @ts-expect-error no event is called so
  if (event.type === 'signalbox.camera.alive') return 0;
  if (event.type === 'signalbox.camera.switched') return event.data.recover_ms;
  // @ts-expect-error no relay is ever so
  if (event.type === 'signalbox.relay.dead' && event.data.state === 'live') return 0;
  return event.sequence;
}
`;

/** What the package's README shows, one part after the other: a program. */
function exampleIn(folder: string): string {
  const blocks = [...readFileSync(path.join(folder, 'README.md'), 'utf8').matchAll(/```ts\n([\s\S]*?)```/g)];
  return blocks.map(([, text = '']) => text).join('\n');
}

describe('the typed client, made from what a gateway tells of itself', function () {
  this.timeout(120_000);
  let folder: string;
  /** The package as a project has it. */
  let installed: string;
  let gateway: ServedGateway;
  let token: string;
  let browser: Browser;
  const running: Running[] = [];

  before(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'sbx-client-'));
    [gateway, browser] = await Promise.all([serveGateway({ page: PAGE }), startChromium()]);
    gateway.services.poster = () => ({ jpeg: Buffer.from(PIXEL_JPEG, 'base64'), at: Date.now() });
    token = gateway.services.gate.mintLogin({ sub: 'board', role: 'viewer', cameras: ['cam_001'], zones: [] }, 600);
    installed = path.join(folder, 'node_modules/signalbox-client');
    const words = ['--url', `http://127.0.0.1:${gateway.port}`, '--out', path.join(folder, 'client')];
    const made = await command(process.execPath, ['--import', 'tsx', 'infra/client.ts', ...words], { cwd: ROOT });
    writeFileSync(path.join(folder, 'package.json'), '{ "name": "board", "type": "module" }');
    copyFileSync(SAMPLE, path.join(folder, 'dashboard.mjs'));
    await command('npm', ['install', '--offline', '--no-audit', '--no-fund', made.stdout.trim()], { cwd: folder });
  });
  after(async () => {
    for (const one of running) await one.stop();
    await browser?.close();
    await gateway?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('lets programs of others be checked: the example, the dashboard, and their mistakes', async () => {
    writeFileSync(path.join(folder, 'example.ts'), exampleIn(installed));
    writeFileSync(path.join(folder, 'mistakes.ts'), MISTAKES);
    const options = [
      '--noEmit',
      '--strict',
      '--checkJs',
      '--target',
      'es2023',
      '--module',
      'nodenext',
      '--ignoreConfig',
    ];
    const types = ['--types', 'node', '--typeRoots', path.join(ROOT, 'node_modules/@types')];
    const tsc = path.join(ROOT, 'node_modules/.bin/tsc');
    const files = ['example.ts', 'mistakes.ts', 'dashboard.mjs'];
    const checked = await command(tsc, [...options, ...types, ...files], { cwd: folder }).catch((error) => error);
    expect(checked.stdout).to.equal('');
  });

  it('has a README that stands for itself: it lists, has a picture, is refused, and misses nothing while it is away', async () => {
    const { code } = await transform(exampleIn(installed), { loader: 'ts' });
    writeFileSync(path.join(folder, 'example.mjs'), code);
    const env = { ...process.env, TOKEN: token, SIGNALBOX: `http://127.0.0.1:${gateway.port}` };
    const start = () => {
      const started = run(process.execPath as `/${string}`, ['example.mjs'], { cwd: folder, env });
      running.push(started);
      return started;
    };
    const first = start();
    await until('the list of cameras', () => /^cam_001 /m.test(first.output()), 20_000);
    await until('the refusal', () => /^refused: /m.test(first.output()), 20_000);
    expect(readFileSync(path.join(folder, 'cam_001.jpg'))).to.deep.equal(Buffer.from(PIXEL_JPEG, 'base64'));
    // It says nothing when its stream has begun, so the camera comes back until it was heard.
    await until(
      'the event',
      async () => {
        await gateway.house.roster.offer(camera, ends());
        await gateway.makeLive();
        return first.output().includes('camera/cam_001 is live');
      },
      20_000,
    );
    await until('it to note what it has heard', () => existsSync(path.join(folder, 'last-event')));
    await first.stop();
    const told = () => Number(readFileSync(path.join(folder, 'last-event'), 'utf8'));
    const before = told();
    await gateway.house.roster.offer(camera, ends());
    const missed = gateway.house.roster.view(camera)?.state ?? '';
    expect(missed).to.not.equal('live');
    const second = start();
    await until('what happened meanwhile', () => second.output().includes(`camera/cam_001 is ${missed}:`), 20_000);
    await until('it to note that', () => told() > before);
    await second.stop();
    await gateway.makeLive();
  });

  it('misses nothing when its connection breaks, and says when it is no longer let in', async () => {
    const { connect } = await import(pathToFileURL(path.join(installed, 'index.js')).href);
    let holder = token;
    const client = connect({ url: `http://127.0.0.1:${gateway.port}`, token: () => holder });
    const seen: string[] = [];
    let failure: { reason?: string } | undefined;
    const reading = (async () => {
      for await (const event of client.follow({ types: ['camera'], cameras: ['cam_001'] })) seen.push(event.type);
    })().catch((error) => {
      failure = error;
    });
    await until('the stream', () => seen.includes('gap'));
    await gateway.house.roster.offer(camera, ends());
    await until('what happened', () => seen.length > 1);
    const before = seen.length;
    const states = gateway.house.roster.view(camera)?.state;
    gateway.server.server.closeAllConnections();
    await gateway.makeLive();
    await until('what happened meanwhile', () => seen.slice(before).includes('signalbox.camera.live'), 15_000);
    expect(states).to.not.equal('live');
    expect(seen.filter((type) => type === 'gap')).to.have.length(1);

    const refusal = await client
      .ask('GET /api/v1/cameras/{camera_id}', { path: { camera_id: 'cam_009' } })
      .catch((error: { status: number; name: string }) => error);
    expect(refusal).to.include({ name: 'Refused', status: 403 });
    holder = 'not-a-token';
    gateway.server.server.closeAllConnections();
    await reading;
    expect(failure).to.include({ name: 'Refused', status: 401 });
  });

  it('carries a dashboard of under 150 lines: pictures, states, the live picture by a click, and no token in it', async () => {
    expect(readFileSync(SAMPLE, 'utf8').trimEnd().split('\n').length).to.be.lessThan(150);
    writeFileSync(path.join(folder, 'dashboard.token'), `${token}\n`);
    const words = ['--url', `http://127.0.0.1:${gateway.port}`, '--port', '0'];
    const program = ['--token-file', path.join(folder, 'dashboard.token'), ...words];
    const started = run(process.execPath as `/${string}`, [path.join(folder, 'dashboard.mjs'), ...program]);
    running.push(started);
    const url = await until('the dashboard to listen', () => /^http\S+/m.exec(started.output())?.[0], 20_000);
    await gateway.makeLive();

    const { page, faults } = await openPage(browser, { width: 390, height: 844 });
    await page.goto(url);
    await page.locator('figure#cam_001[data-state=live]').waitFor();
    const width = () =>
      page.locator('#cam_001 img').evaluate((image) => (image as unknown as { naturalWidth: number }).naturalWidth);
    await until('its picture', async () => (await width()) === 1, 10_000);

    await gateway.house.roster.offer(camera, ends());
    const now = gateway.house.roster.view(camera)?.state ?? '';
    expect(now).to.not.equal('live');
    await page.locator(`figure#cam_001[data-state=${now}]`).waitFor();
    expect(await page.locator('#cam_001 figcaption').textContent()).to.contain(now);
    expect(await page.content()).to.not.contain(token);
    expect(faults).to.deep.equal([]);
    expect(started.output().trim()).to.equal(url);

    gateway.services.config.http.allowedOrigins.push(new URL(url).origin);
    await page.locator('#cam_001 a').click();
    const frame = await until('the player', () => page.frames().find((one) => one.url().includes('/watch/')), 10_000);
    expect(new URL(frame.url()).port).to.equal(String(gateway.port));
    await frame.locator('body').waitFor({ state: 'attached' });
    expect(await frame.title()).to.contain('Signalbox');
  });
});
