import { expect } from 'chai';
import type { Page } from 'playwright-core';
import { startCamera } from '../../fixtures/camera.ts';
import { openPage } from '../../fixtures/chromium.ts';
import { startMediamtx, type TestMediamtx } from '../../fixtures/mediamtx.ts';
import { type Running, until } from '../../fixtures/process.ts';
import { type BuiltPages, openBuiltPages } from './built-pages.ts';
import { type Seen, seenOn, watchOn } from './player-page.ts';
import type { StubGateway } from './stub-gateway.ts';

describe('player in Chromium', function () {
  this.timeout(60_000);
  let pages: BuiltPages;
  let relay: TestMediamtx;
  let camera: Running;
  let gateway: StubGateway;

  before(async () => {
    [pages, relay] = await Promise.all([openBuiltPages(), startMediamtx()]);
    camera = startCamera(relay.rtsp('cam_001'), { gopSeconds: 0.5 });
    await until('the camera to publish', async () => (await relay.api('GET', '/v3/paths/get/cam_001')).ready);
    gateway = await pages.serve((name) => `http://127.0.0.1:${relay.ports.whep}/${name}/whep`);
  });
  after(async () => {
    await pages?.close();
    await camera?.stop();
    await relay?.close();
  });

  const seen = seenOn;
  const watch = (query = '?clock=every-frame'): Promise<{ page: Page; faults: string[] }> => {
    gateway.said.length = 0;
    return watchOn(pages.browser, gateway, query);
  };
  const playing = (page: Page): Promise<unknown> =>
    until('a moving picture with a readable clock', async () => (await seen(page)).frames.length >= 5, 15_000);
  const longestGap = ({ presented }: Pick<Seen, 'presented'>, from = 0): number => {
    const times = presented.filter((at) => at >= from);
    return Math.max(...times.slice(1).map((at, index) => at - (times[index] ?? at)));
  };

  for (const via of ['websocket', 'whep']) {
    it(`shows a real camera over ${via}, with its latency read from the picture`, async () => {
      const { page, faults } = await watch(`?clock=every-frame&via=${via}`);
      await playing(page);
      const { frames, states } = await seen(page);
      for (const { latency_ms } of frames) expect(latency_ms).to.be.within(0, 2_000);
      expect(states[0]).to.include({ name: 'playing' });
      expect(states[0]?.firstFrameMs).to.be.within(1, 10_000);
      await until('the latency on screen', async () =>
        /\d+ ms/.test((await page.locator('.sbx-age').textContent()) ?? ''),
      );
      expect(await page.locator('.sbx-message').isHidden()).to.equal(true);
      expect(faults).to.deep.equal([]);
      await page.context().close();
    });
  }

  it('tells the gateway when the picture came and how it is, once a second', async () => {
    const { page } = await watch();
    await playing(page);
    await until('three reports', () => gateway.said.filter(({ type }) => type === 'stats').length >= 3);
    const [report] = gateway.said.filter(({ type }) => type === 'stats').slice(-1);
    expect(report).to.include({ leg: 'a' });
    expect(report.fps).to.be.within(5, 60);
    expect(report.kbps).to.be.greaterThan(50);
    expect(report.latency_ms).to.be.within(0, 2_000);
    const started = gateway.said.find(({ type }) => type === 'playing');
    expect(started.first_frame_ms).to.be.within(1, 10_000);
    expect(gateway.said[0]).to.include({ type: 'hello', stream_token: 'stream-token', leg: 'a' });
    await page.context().close();
  });

  it('keeps the picture moving while the gateway is away, and rejoins the same session', async () => {
    const { page } = await watch();
    await playing(page);
    const before = await seen(page);
    const from = (await page.evaluate('performance.now()')) as number;
    const admitted = gateway.admissions();
    await gateway.stop();
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    gateway.said.length = 0;
    await gateway.start();
    await until('the player to say hello again', () => gateway.said.find(({ type }) => type === 'stats'));
    const after = await seen(page);
    const later = after.states.slice(before.states.length).map(({ name }) => name);
    expect(later).to.not.include('reconnecting').and.to.not.include('connecting');
    expect(longestGap(after, from), 'the gateway was away for longer').to.be.lessThan(1_000);
    expect(gateway.said[0]).to.include({ type: 'hello', stream_token: 'stream-token' });
    expect(gateway.said.filter(({ type }) => type === 'offer')).to.deep.equal([]);
    expect(gateway.admissions()).to.equal(admitted);
    await page.context().close();
  });

  it('moves to another leg without a black frame', async () => {
    const { page } = await watch();
    await playing(page);
    // Two reports later there are enough frames to know how this machine usually presents them.
    await until('two reports', () => gateway.said.filter(({ type }) => type === 'stats').length >= 2);
    const from = (await page.evaluate('performance.now()')) as number;
    gateway.tell({ type: 'move', leg: 'b', relay: 'relay-2', why: 'relay-1 is drained' });
    await until('leg a to be closed', () => gateway.said.find(({ type, leg }) => type === 'close' && leg === 'a'));
    await until('reports of leg b', () => gateway.said.find(({ type, leg }) => type === 'stats' && leg === 'b'));
    const { presented } = await seen(page);
    const usual = longestGap({ presented: presented.filter((at) => at < from) });
    expect(longestGap({ presented }, from)).to.be.lessThan(Math.max(200, 2 * usual));
    expect(gateway.said.find(({ type, leg }) => type === 'playing' && leg === 'b')).to.not.equal(undefined);
    await page.context().close();
  });

  it('stops for good when the gateway says so, and tells why', async () => {
    const { page } = await watch();
    await playing(page);
    const admitted = gateway.admissions();
    gateway.tell({ type: 'end', reason: 'revoked', text: 'Your right to watch was withdrawn.', retry: false });
    await until('the end', async () => (await seen(page)).states.at(-1)?.name === 'ended');
    expect(await page.locator('.sbx-message').textContent()).to.contain('Your right to watch was withdrawn.');
    expect(await page.locator('video').count()).to.equal(0);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(gateway.admissions()).to.equal(admitted);
    await page.context().close();
  });

  it('asks for a new session when the gateway ended the old one and allows it', async () => {
    const { page } = await watch();
    await playing(page);
    const admitted = gateway.admissions();
    gateway.tell({ type: 'end', reason: 'expired', retry: true });
    await until('a new session', () => gateway.admissions() > admitted);
    await until('the picture of the new session', () =>
      gateway.said.find(({ type, leg }) => type === 'playing' && leg !== 'a'),
    );
    await page.context().close();
  });

  it('does not ask again when it may not watch', async () => {
    gateway.refuse = { status: 403, body: { error: 'Access denied', reason: 'camera' } };
    const { page } = await watch();
    await until('the refusal', async () => (await seen(page)).states.at(-1)?.name === 'ended');
    const admitted = gateway.admissions();
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(gateway.admissions()).to.equal(admitted);
    expect(await page.locator('.sbx-message').textContent()).to.contain('You may not watch this camera.');
    gateway.refuse = undefined;
    await page.context().close();
  });

  it('shows the poster at once, until the picture comes', async () => {
    const poster = await openPage(pages.browser, { width: 640, height: 360 }).then(async ({ page }) => {
      const jpeg = await page.screenshot({ type: 'jpeg' });
      await page.context().close();
      return jpeg;
    });
    gateway.route('GET /api/v1/cameras/cam_001/poster.jpg', () => ({
      body: poster,
      headers: { 'content-type': 'image/jpeg' },
    }));
    const { page } = await watch();
    await playing(page);
    const [shownMs, firstFrameMs] = (await page.evaluate(`(async () => {
      const began = performance.now();
      const { firstFrameMs } = seen.states[0];
      const frame = document.createElement('iframe');
      frame.src = location.href;
      document.body.append(frame);
      const shown = () => frame.contentDocument?.querySelector('.sbx-poster.sbx-there');
      let created;
      while (!shown()) {
        created ??= frame.contentDocument?.querySelector('.sbx-poster') && performance.now();
        await new Promise((done) => setTimeout(done, 4));
      }
      return [performance.now() - (created ?? began), firstFrameMs];
    })()`)) as [number, number];
    expect(shownMs).to.be.lessThan(500);
    expect(firstFrameMs).to.be.greaterThan(0);
    await page.context().close();
  });

  it('plays sound when the person asks for it, and pauses only on this screen', async () => {
    const { page } = await watch();
    await playing(page);
    const muted = () => page.evaluate('document.querySelector(".sbx-front").muted');
    expect(await muted(), 'starts without sound').to.equal(true);
    await page.keyboard.press('m');
    expect(await muted()).to.equal(false);
    await page.keyboard.press(' ');
    await until('the pause', async () => (await seen(page)).states.at(-1)?.name === 'paused');
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect((await seen(page)).states.at(-1)?.name, 'a paused picture is not a fault').to.equal('paused');
    await page.keyboard.press(' ');
    await until('the picture to go on', async () => (await seen(page)).states.at(-1)?.name === 'playing');
    await page.context().close();
  });

  it('takes itself out of the relay when a WHEP page is left', async () => {
    const readers = async (): Promise<string[]> => {
      const { items } = await relay.api('GET', '/v3/webrtcsessions/list');
      return items.flatMap(({ id, state }: { id: string; state: string }) => (state === 'read' ? [id] : []));
    };
    // Pages that were closed before may still be there until the relay gives them up.
    const others = new Set(await readers());
    const { page } = await watch('?clock=every-frame&via=whep');
    await playing(page);
    const own = (await readers()).filter((reader) => !others.has(reader));
    expect(own).to.have.length(1);
    gateway.asked.length = 0;
    await page.goto('about:blank');
    await until('the session to be deleted', () => gateway.asked.find(({ method }) => method === 'DELETE'));
    await until('the relay to have it no more', async () => !(await readers()).includes(own[0] as string));
    await page.context().close();
  });

  it('waits as long as a busy gateway asks for, then comes in', async () => {
    gateway.refuse = { status: 503, body: { error: 'No relay can carry viewers just now.', reason: 'no-relay' } };
    const { page } = await watch();
    await until('the player to wait', async () => (await seen(page)).states.at(-1)?.name === 'reconnecting');
    expect(await page.locator('.sbx-message').textContent()).to.contain('No relay can carry viewers just now.');
    gateway.refuse = undefined;
    await playing(page);
    await page.context().close();
  });

  it('comes back when its relay is killed and started again', async () => {
    const { page } = await watch();
    await playing(page);
    await relay.kill();
    await until('the picture to stand', async () => (await seen(page)).states.find(({ name }) => name === 'stalled'));
    await camera.stop();
    await relay.start();
    camera = startCamera(relay.rtsp('cam_001'), { gopSeconds: 0.5 });
    await until('the picture to come back', async () => (await seen(page)).states.at(-1)?.name === 'playing', 25_000);
    await page.context().close();
  });

  it('says within a second that the picture stands, and comes back by itself', async () => {
    const { page } = await watch();
    await playing(page);
    const killedAt = Date.now();
    await camera.stop();
    await until('the picture to be called stalled', async () =>
      (await seen(page)).states.find(({ name }) => name === 'stalled'),
    );
    const stalled = (await seen(page)).states.find(({ name }) => name === 'stalled');
    expect((stalled?.at ?? 0) - killedAt).to.be.lessThan(2_500);
    camera = startCamera(relay.rtsp('cam_001'), { gopSeconds: 0.5 });
    await until('the camera to publish', async () => (await relay.api('GET', '/v3/paths/get/cam_001')).ready);
    gateway.tell({ type: 'state', camera: 'cam_001', state: 'live', why: 'its picture arrives' });
    await until('the picture to move again', async () => (await seen(page)).states.at(-1)?.name === 'playing', 15_000);
    await page.context().close();
  });
});
