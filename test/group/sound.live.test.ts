import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import type { Browser, Page } from 'playwright-core';
import { openPage, startChromium } from '../fixtures/chromium.ts';
import { beepsAfterFlashes, noteClaps, startClapper } from '../fixtures/clapper.ts';
import type { Follower } from '../fixtures/events.ts';
import { figure } from '../fixtures/figures.ts';
import { startTestGroup, type TestGroup } from '../fixtures/group.ts';
import { descendants } from '../fixtures/launcher/start.ts';
import { type Running, until } from '../fixtures/process.ts';
import { type Site, startSite } from '../fixtures/site.ts';
import { longestGapMs, median, signIn, type Watcher, watchCamera } from '../fixtures/watcher.ts';
import { openWhepPage } from '../fixtures/whep-page.ts';

/** Keeps what each connection of a page receives within reach. */
const KEEP = `
  const kept = [];
  window.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(...given) { super(...given); kept.push(this); }
  };
  window.energy = async () => {
    const open = kept.filter(({ connectionState }) => connectionState !== 'closed');
    const reports = await Promise.all(open.map((one) => one.getStats()));
    const heard = reports.flatMap((report) => [...report.values()])
      .filter(({ type, kind }) => type === 'inbound-rtp' && kind === 'audio');
    return Math.max(0, ...heard.map(({ totalAudioEnergy }) => totalAudioEnergy ?? 0));
  };
`;

const keep = async (page: Page): Promise<void> => {
  await page.addInitScript(KEEP);
};

const argumentsOf = (pid: number): string => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return ''; // it has just ended
  }
};

describe('the sound of a camera in the player', function () {
  this.timeout(60_000);
  let site: Site;
  let group: TestGroup;
  let browser: Browser;
  let events: Follower;
  const open: Watcher[] = [];
  const claps: Running[] = [];

  before(async () => {
    [site, browser] = await Promise.all([startSite([]), startChromium()]);
    const small = { width: 320, height: 180, bitrateBps: 300_000 };
    await Promise.all([
      site.join('aac', { ...small, audio: 'aac' }),
      site.join('alaw', { ...small, audio: 'pcm_alaw' }),
      site.join('mute', small),
    ]);
    claps.push(
      startClapper(site.server.rtsp('clap-aac'), 'aac'),
      startClapper(site.server.rtsp('clap-alaw'), 'pcm_alaw'),
    );
    const camera = (name: string) => ({ zone: 'hcm/test', sources: [site.server.rtsp(name)] });
    const names = ['aac', 'alaw', 'mute', 'clap-aac', 'clap-alaw'];
    group = await startTestGroup({ cameras: Object.fromEntries(names.map((name) => [name, camera(name)])) });
    events = group.follow(0);
    for (const name of names) await events.next('camera.live', `camera/${name}`, 0, 20_000);
  });
  afterEach(async () => {
    for (const watcher of open.splice(0)) await watcher.close();
  });
  after(async () => {
    events?.close();
    await browser?.close();
    await group?.stop();
    for (const one of claps) await one.stop();
    await site?.close();
  });

  const watch = async (camera: string, options: Parameters<typeof watchCamera>[3] = {}): Promise<Watcher> => {
    const watcher = await watchCamera(browser, group, camera, {
      ...options,
      prepare: keep,
    });
    open.push(watcher);
    await watcher.moving();
    return watcher;
  };
  const soundIs = (watcher: Watcher, name: string) =>
    watcher.page.waitForSelector(`#watch[data-sound="${name}"]`, { state: 'attached', timeout: 20_000 });
  const energy = (watcher: Watcher): Promise<number> => watcher.page.evaluate('energy()');
  const grows = async (watcher: Watcher): Promise<void> => {
    const before = await energy(watcher);
    await until('more to be heard', async () => (await energy(watcher)) > before, 20_000);
  };

  it('is turned on: AAC comes as Opus beside the picture, which goes on untouched, and is let go when turned off', async () => {
    const watcher = await watch('aac');
    const at = Date.now();
    await watcher.page.keyboard.press('m');
    await soundIs(watcher, 'own');
    figure('sound: from turning it on to hearing it', Date.now() - at);
    await grows(watcher);
    const { presented, states } = await watcher.watched();
    figure('sound: longest gap of the picture meanwhile', longestGapMs(presented, at));
    // It may only just be going on from its departure path.
    expect(states.filter((one) => one.at >= at && one.name !== 'playing')).to.deep.equal([]);
    const running = await events.next('sound.running', 'sound/aac', at);
    expect(running.data).to.include({ listeners: 1, zone: 'hcm/test' });
    expect((await group.api('GET', '/api/v1/cameras/aac')).body.sound.state).to.equal('running');
    await watcher.page.keyboard.press('m');
    await soundIs(watcher, 'off');
    await events.next('sound.lingering', 'sound/aac', at);
    expect(watcher.faults).to.deep.equal([]);
  });

  it('is turned on in the dashboard’s large view too, and off when the camera becomes small', async () => {
    const { page, faults } = await openPage(browser, { width: 1100, height: 700 });
    await signIn(page, group);
    await keep(page);
    await page.goto(`${group.url}/#/camera/aac`);
    await page.waitForSelector('.tile.in-large video.sbx-front', { timeout: 20_000 });
    const heard = () => page.evaluate<number>('energy()');
    await page.locator('.tile.in-large').hover();
    await page.getByRole('button', { name: 'Sound on' }).click();
    await page.waitForSelector('.in-large [data-sound="own"]', { timeout: 20_000 });
    const before = await heard();
    await until('more to be heard', async () => (await heard()) > before, 20_000);
    expect(await page.getByRole('button', { name: 'Sound off' }).count()).to.equal(1);
    await page.keyboard.press('Escape');
    await page.waitForSelector('.tile.in-wall[data-camera="aac"] video.sbx-front');
    expect(await page.getByRole('button', { name: /^Sound o/ }).count()).to.equal(0);
    const muted = () => page.evaluate('document.querySelector("[data-camera=aac] .sbx-front").muted');
    expect(await muted()).to.equal(true);
    expect(faults).to.deep.equal([]);
    await page.context().close();
  });

  it('is had by a plain WHEP client too, as Opus over a connection beside that of its picture', async () => {
    const [picture, sound] = await Promise.all([openWhepPage(browser), openWhepPage(browser)]);
    try {
      const url = `${group.url}/live/aac/whep`;
      const token = group.token({ sub: 'radio', role: 'viewer' });
      expect((await picture.open(url, token)).status).to.equal(201);
      await picture.moving();
      const { status, frames } = await sound.open(`${url}?sound=only`, token);
      expect([status, frames]).to.deep.equal([201, []]);
      const came = await sound.audioBytes();
      await until('the sound', async () => (await sound.audioBytes()) > came + 2_000, 20_000);
      expect(await picture.audioBytes(), 'AAC, which no browser plays over WebRTC').to.equal(0);
      expect([await sound.leave(), await picture.leave()]).to.deep.equal([200, 200]);
    } finally {
      await Promise.all([picture.close(), sound.close()]);
    }
  });

  it('comes back by itself when its encoder is killed', async () => {
    const watcher = await watch('aac');
    await watcher.page.keyboard.press('m');
    await soundIs(watcher, 'own');
    const gateway = await group.pid('gateway');
    const at = Date.now();
    const encoder = descendants(gateway).find((pid) => argumentsOf(pid).includes('libopus'));
    expect(encoder, 'its FFmpeg').to.be.a('number');
    process.kill(encoder as number, 'SIGKILL');
    const fallen = await events.next('sound.waiting', 'sound/aac', at);
    expect(fallen.data.why.reason).to.be.oneOf(['exited', 'source']);
    await events.next('sound.running', 'sound/aac', at, 20_000);
    await soundIs(watcher, 'none');
    expect(await watcher.page.textContent('.sbx-sound')).to.contain('Trying again.');
    await soundIs(watcher, 'own');
    await grows(watcher);
  });

  it('comes beside a picture that is encoded for one viewer alone, too', async () => {
    const watcher = await watch('aac', { query: 'quality=adaptive' });
    await watcher.page.keyboard.press('m');
    await soundIs(watcher, 'own');
    await grows(watcher);
  });

  it('comes with the picture where the camera sends G.711, which browsers play', async () => {
    const watcher = await watch('alaw');
    await watcher.page.keyboard.press('m');
    await soundIs(watcher, 'with-picture');
    await grows(watcher);
    expect((await group.api('GET', '/api/v1/cameras/alaw')).body).to.not.have.property('sound');
  });

  for (const [camera, how] of [
    ['clap-aac', 'own'],
    ['clap-alaw', 'with-picture'],
  ] as const) {
    it(`is heard when what makes it is seen: sound ${how}`, async () => {
      const watcher = await watchCamera(browser, group, camera, { prepare: noteClaps });
      open.push(watcher);
      await until('a picture', async () => (await watcher.watched()).presented.length > 30, 20_000);
      await watcher.page.keyboard.press('m');
      await soundIs(watcher, how);
      const apart = await until(
        'seven claps',
        async () => {
          const all = await beepsAfterFlashes(watcher.page);
          return all.length >= 7 ? all.slice(2) : undefined;
        },
        40_000,
      );
      figure(`sound ${how}: after its picture, median`, median(apart));
      // Claps are two seconds apart; a busy machine makes the buffers of both longer.
      expect(Math.abs(median(apart)), String(apart.map(Math.round))).to.be.below(500);
    });
  }

  it('is said to be none where the camera sends none, and the picture goes on', async () => {
    const watcher = await watch('mute');
    const at = Date.now();
    await watcher.page.keyboard.press('m');
    await soundIs(watcher, 'none');
    expect(await watcher.page.textContent('.sbx-sound')).to.equal('This camera sends no sound.');
    const none = await events.next('sound.none', 'sound/mute', at);
    expect(none.data.why).to.include({ reason: 'none', text: 'the camera sends no sound' });
    await watcher.moving(Date.now());
  });
});
