import http from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { expect } from 'chai';
import { build } from 'esbuild';
import type { Browser, Frame, Page } from 'playwright-core';
import { openPage, startChromium } from '../fixtures/chromium.ts';
import { startTestGroup, type TestGroup } from '../fixtures/group.ts';
import { until } from '../fixtures/process.ts';
import { type Site, startSite } from '../fixtures/site.ts';

/** A site of somebody else: one page, with a frame at whatever address it was told. */
async function startForeignSite(): Promise<{ origin: string; frame(src: string): void; close(): void }> {
  let src = '';
  const server = http.createServer((_request, response) => {
    response.setHeader('content-type', 'text/html');
    response.end(`<!doctype html><title>a site</title><iframe width="640" height="360" src="${src}"></iframe>`);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  // By name, as the gateway is known by number: to a browser these are two sites, and the frame is a third party.
  const origin = `http://localhost:${port}`;
  return {
    origin,
    frame: (next) => {
      src = next;
    },
    close: () => server.close(),
  };
}

/** A page with the player in a frame, what was answered to them, and what the browser's console says of errors. */
interface Shown {
  page: Page;
  frame: Frame;
  faults: string[];
  answers: { status: number; url: string }[];
  complaints: string[];
}

describe('the player on a page of another site, in Chromium', function () {
  this.timeout(90_000);
  let site: Site;
  let group: TestGroup;
  let browser: Browser;
  let ours: Awaited<ReturnType<typeof startForeignSite>>;
  let foreign: typeof ours;
  let program: { id: string; token: string };

  before(async () => {
    [site, browser, ours, foreign] = await Promise.all([
      startSite(['north', 'south']),
      startChromium(),
      startForeignSite(),
      startForeignSite(),
    ]);
    const { north, south } = site.cameras();
    const cameras = { north, south: { ...south, record: { keep: '1d' } } };
    group = await startTestGroup({ http: { allowed_origins: [ours.origin] }, cameras });
    const events = group.follow(0);
    for (const camera of ['north', 'south']) await events.next('camera.live', `camera/${camera}`, 0, 20_000);
    events.close();
    program = await makeProgram();
  });
  after(async () => {
    ours?.close();
    foreign?.close();
    await browser?.close();
    await group?.stop();
    await site?.close();
  });

  const makeProgram = async (): Promise<typeof program> => {
    const wish = { name: 'a site', role: 'viewer', cameras: ['north', 'south'], expires_in: 600 };
    return (await group.api('POST', '/api/v1/service-tokens', wish)).body;
  };
  const address = async (camera = 'north'): Promise<string> => {
    const wish = { camera, origin: ours.origin, visitor: 'lan' };
    const { body } = await group.api('POST', '/api/v1/embed', wish, program.token);
    return body.url;
  };
  const show = async (where: typeof ours, src: string): Promise<Shown> => {
    where.frame(src);
    const { page, faults } = await openPage(browser);
    const answers: Shown['answers'] = [];
    const complaints: string[] = [];
    page.on('response', (response) => answers.push({ status: response.status(), url: response.url() }));
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
    await page.goto(where.origin);
    const frame = await until('the frame', () => page.frames()[1], 10_000);
    return { page, frame, faults, answers, complaints };
  };
  const frames = (frame: Frame) =>
    frame.evaluate(
      `document.querySelector('video.sbx-front')?.getVideoPlaybackQuality().totalVideoFrames ?? 0`,
    ) as Promise<number>;
  const said = (frame: Frame) => frame.locator('.sbx-message').textContent();

  it('moves where the configuration names the site, without a cookie, and ends when its program is taken back', async () => {
    const src = await address();
    const { page, frame, faults } = await show(ours, src);
    await until('its picture to move', async () => (await frames(frame)) > 10, 30_000);
    expect(frame.url(), 'the code is gone from its address').to.equal(src.split('?')[0]);
    expect(await page.context().cookies()).to.deep.equal([]);
    expect(faults).to.deep.equal([]);

    const again = await show(ours, src);
    await until('to be told', async () => (await said(again.frame))?.includes('used already'), 10_000);
    expect(await frames(again.frame)).to.equal(0);
    await again.page.context().close();

    await group.api('DELETE', `/api/v1/service-tokens/${program.id}`);
    await until('the picture to end', async () => (await said(frame))?.startsWith('Ended'), 5_000);
    expect((await group.api('POST', '/api/v1/embed', {}, program.token)).status).to.equal(401);
    await page.context().close();
    program = await makeProgram();
  });

  it('asks for nothing that its visitor may not have, whether its camera is recorded or not', async () => {
    for (const camera of ['north', 'south']) {
      const poster = () => group.api('GET', `/api/v1/cameras/${camera}/poster.jpg`);
      await until(`a still picture of ${camera}`, async () => (await poster()).status === 200, 20_000);
    }
    const recorded = async () => (await group.api('GET', '/api/v1/recordings/south')).body.ranges?.length > 0;
    await until('something to be recorded', recorded, 20_000);
    for (const [camera, hasPast] of [
      ['north', false],
      ['south', true],
    ] as const) {
      const { page, frame, answers, complaints } = await show(ours, await address(camera));
      await until('its picture to move', async () => (await frames(frame)) > 10, 30_000);
      const asked = (path: string) => answers.some(({ url }) => new URL(url).pathname.startsWith(path));
      await until('it to have been told what there is', () => asked(`/api/v1/cameras/${camera}`));
      if (hasPast) await frame.locator('.sbx-track').waitFor();
      expect(asked('/api/v1/recordings/'), camera).to.equal(hasPast);
      expect(await frame.getByRole('button', { name: 'Keep this from being deleted' }).count()).to.equal(0);
      expect(answers.filter(({ status }) => status >= 400)).to.deep.equal([]);
      expect(complaints).to.deep.equal([]);
      await page.context().close();
    }
  });

  it('is refused by the browser on any other site, and its code stays good for the right one', async () => {
    const src = await address();
    const { page, frame, faults } = await show(foreign, src);
    await until('the browser to refuse', () => faults.some((fault) => fault.includes('frame-ancestors')), 10_000);
    expect(await frame.locator('video').count()).to.equal(0);
    await page.context().close();
    const right = await show(ours, src);
    await until('its picture to move', async () => (await frames(right.frame)) > 10, 30_000);
    await right.page.context().close();
  });

  it('need not be the player: the client package shows a camera in a video element of the site, and leaves again', async () => {
    const bundled = await build({
      entryPoints: [path.resolve(import.meta.dirname, '../../infra/client/runtime/connect.ts')],
      ...{ bundle: true, write: false, format: 'iife', globalName: 'Signalbox', logLevel: 'silent' },
    });
    const { page } = await openPage(browser);
    await page.goto(ours.origin);
    await page.addScriptTag({ content: bundled.outputFiles?.[0]?.text ?? '' });
    const options = JSON.stringify({ url: group.url, token: program.token });
    await page.evaluate(`(async () => {
      globalThis.video = document.body.appendChild(Object.assign(document.createElement('video'), { muted: true }));
      globalThis.heard = [];
      const client = Signalbox.connect(${options});
      globalThis.watching = await client.watch('north', video, { playing: () => heard.push('playing') });
    })()`);
    const shown = () => page.evaluate('video.getVideoPlaybackQuality().totalVideoFrames') as Promise<number>;
    await until('its picture to move', async () => (await shown()) > 10, 30_000);
    expect(await page.evaluate('heard')).to.deep.equal(['playing']);

    const sessions = async () => (await group.api('GET', '/api/v1/sessions?camera=north')).body.items;
    const own = async () => (await sessions()).filter((one: { protocol: string }) => one.protocol === 'whep');
    expect(await own()).to.have.length(1);
    await page.evaluate('watching.close()');
    await until('its session to end', async () => (await own()).length === 0, 10_000);

    const refused = await page.evaluate(
      `Signalbox.connect(${options}).watch('nowhere', video).then(() => 'in', (error) => error.name + ' ' + error.status)`,
    );
    expect(refused).to.equal('Refused 403');
    await page.context().close();
  });
});
