import { expect } from 'chai';
import type { Page } from 'playwright-core';
import { startCamera } from '../../fixtures/camera.ts';
import { openPage } from '../../fixtures/chromium.ts';
import { startMediamtx, type TestMediamtx } from '../../fixtures/mediamtx.ts';
import { type Running, until } from '../../fixtures/process.ts';
import { type BuiltPages, openBuiltPages } from './built-pages.ts';
import type { StubGateway } from './stub-gateway.ts';
import { furnish, type StubHouse, stubCamera } from './stub-house.ts';

const OFFLINE = { trigger: 'probe.failed', reason: 'refused', text: 'nothing answers at its address' };
const LIVE = { trigger: 'source.flowing', text: 'its picture arrives' };

describe('dashboard in Chromium', function () {
  this.timeout(60_000);
  let pages: BuiltPages;
  let relay: TestMediamtx;
  let camera: Running;
  let gateway: StubGateway;
  let house: StubHouse;

  before(async () => {
    [pages, relay] = await Promise.all([openBuiltPages(), startMediamtx()]);
    camera = startCamera(relay.rtsp('cam'), { gopSeconds: 1, fps: 15 });
    await until('the camera to publish', async () => (await relay.api('GET', '/v3/paths/get/cam')).ready);
  });
  beforeEach(async () => {
    gateway = await pages.serve(() => `http://127.0.0.1:${relay.ports.whep}/cam/whep`);
  });
  afterEach(() => pages.clear());
  after(async () => {
    await pages?.close();
    await camera?.stop();
    await relay?.close();
  });

  const wall = async (states: string[], viewport?: { width: number; height: number }) => {
    house = furnish(
      gateway,
      states.map((state, index) => stubCamera(index + 1, state)),
    );
    const opened = await openPage(pages.browser, viewport);
    await opened.page.goto(gateway.url);
    await opened.page.waitForSelector('.tile');
    await until('the event stream', () => house.streams() > 0);
    return opened;
  };
  const tile = (page: Page, id: string) => page.locator(`.tile[data-camera=${id}]`);

  it('shows each camera moving, with its state, name, zone, latency and viewers', async () => {
    const { page, faults } = await wall(['live', 'live', 'offline']);
    const first = tile(page, 'cam_001');
    await until('a latency', async () => /\d+ ms/.test((await first.locator('.latency').textContent()) ?? ''), 15_000);
    const text = await first.locator('.caption').textContent();
    expect(text).to.contain('Live').and.to.contain('Center, east entrance').and.to.contain('hcm/center');
    const dark = await tile(page, 'cam_003').locator('.veil').textContent();
    expect(dark).to.match(/Offline.*for 2 min 1\d s.*Nothing answers.*comes back by itself/);
    expect(await tile(page, 'cam_003').locator('video').count(), 'a dark camera is not asked for').to.equal(0);
    expect(faults).to.deep.equal([]);
  });

  it('turns a tile within a second of the event, and gives the picture back when the camera returns', async () => {
    const { page } = await wall(['offline']);
    house.become('cam_001', 'live', LIVE, { recover_ms: 8_300 });
    await until('the tile to say so', () => tile(page, 'cam_001').locator('.badge:has-text("Live")').count(), 1_000);
    await until('the picture', () => tile(page, 'cam_001').locator('.latency').count(), 15_000);
    house.become('cam_001', 'offline', OFFLINE);
    await until('the reason', () => tile(page, 'cam_001').locator('.why:has-text("Nothing answers")').count(), 1_000);
    expect(await page.locator('[aria-live=polite]').textContent()).to.contain('Offline. nothing answers');
  });

  it('takes the events up again after the last one it saw', async () => {
    const { page } = await wall(['idle', 'idle']);
    house.become('cam_001', 'connecting', LIVE);
    await until('the first event', () => tile(page, 'cam_001').locator('.badge:has-text("Connecting")').count());
    house.cutStreams();
    house.become('cam_002', 'quarantined', OFFLINE);
    await until('a new stream', () => house.resumed.length > 1);
    expect(house.resumed.at(-1)).to.equal('1');
    await until('what was missed', () => tile(page, 'cam_002').locator('.badge:has-text("Quarantined")').count());
  });

  it('follows the events and shows its cameras again when it comes back from the browser’s cache', async () => {
    const { page } = await wall(['live']);
    await until('the picture', () => tile(page, 'cam_001').locator('.latency').count(), 15_000);
    const kept = (name: string) =>
      page.evaluate(`void dispatchEvent(new PageTransitionEvent('${name}', { persisted: true }))`);
    await kept('pagehide');
    await until('its stream to be left', () => house.streams() === 0);
    await kept('pageshow');
    await until('a stream again', () => house.streams() === 1);
    await until('the picture again', () => tile(page, 'cam_001').locator('.latency').count(), 15_000);
    house.become('cam_001', 'offline', OFFLINE);
    await until('what happens now', () => tile(page, 'cam_001').locator('.badge:has-text("Offline")').count());
  });

  it('shares one event stream between the windows of a browser', async () => {
    const { page } = await wall(['idle']);
    const second = await page.context().newPage();
    await second.goto(gateway.url);
    await second.waitForSelector('.tile');
    house.become('cam_001', 'offline', OFFLINE);
    for (const window of [page, second]) {
      await until('the event', () => tile(window, 'cam_001').locator('.badge:has-text("Offline")').count());
    }
    expect(house.streams()).to.equal(1);
  });

  it('follows the events without a shared worker, too', async () => {
    house = furnish(gateway, [stubCamera(1, 'idle')]);
    const { page } = await openPage(pages.browser);
    await page.addInitScript('delete window.SharedWorker');
    await page.goto(gateway.url);
    await until('the event stream', () => house.streams() > 0);
    await page.waitForSelector('.tile');
    house.become('cam_001', 'offline', OFFLINE);
    await until('the event', () => tile(page, 'cam_001').locator('.badge:has-text("Offline")').count());
  });

  it('says that the gateway is away, and what that means', async () => {
    const { page } = await wall(['idle']);
    await gateway.stop();
    await until('the banner', () => page.locator('.away').count());
    expect(await page.locator('.away').textContent()).to.contain('The gateway does not answer. Pictures go on');
    await gateway.start();
    await until('the banner to go', async () => (await page.locator('.away').count()) === 0);
  });

  it('keeps a second connection ready for a camera that is marked, tells a move on its tile, and remembers the mark', async () => {
    const { page } = await wall(['live']);
    await page.locator('.star').click();
    await until('its player', () => gateway.said.some(({ type }) => type === 'playing'));
    gateway.tell({ type: 'standby', relay: 'relay-2', token: 'pass-2', ttl_ms: 60_000 });
    await until('the second connection', () => gateway.said.some((one) => one.standby_token === 'pass-2'));
    gateway.tell({ type: 'move', leg: 'b', relay: 'relay-2', reason: 'draining', why: 'it is drained' });
    await until('the move on the tile', async () =>
      /^Moved to relay-2: its relay is being drained, (\d+ ms|without a gap)$/.test(
        (await page.locator('.note.moved').textContent()) ?? '',
      ),
    );
    await page.reload();
    await until('the mark', async () => (await page.locator('.star').getAttribute('aria-pressed')) === 'true');
  });

  it('tells on a telephone, in full, why a picture has another quality', async () => {
    const { page } = await wall(['live'], { width: 390, height: 844 });
    await until('its player', () => gateway.said.some(({ type }) => type === 'playing'));
    gateway.tell({
      type: 'move',
      leg: 'b',
      relay: 'relay-1',
      quality: '360p',
      reason: 'bandwidth',
      why: 'it is short',
    });
    const note = page.locator('.note.moved');
    await until('the move on the tile', () => note.count(), 15_000);
    expect(await note.textContent()).to.match(/^Now 360p: its relay has not enough for all, /);
    const cutOff = await note.evaluate((one) => [
      one.scrollWidth - one.clientWidth,
      one.scrollHeight - one.clientHeight,
    ]);
    expect(cutOff).to.deep.equal([0, 0]);
  });

  it('shows one camera large without breaking its picture, with its statechart and its past', async () => {
    const { page, faults } = await wall(['live', 'idle']);
    house.become('cam_001', 'stalled', { trigger: 'source.silent', text: 'connected, but it sends nothing' });
    house.become('cam_001', 'live', LIVE, { recover_ms: 1_200 });
    await until('the picture', () => tile(page, 'cam_001').locator('.latency').count(), 15_000);
    const admitted = gateway.admissions();
    await tile(page, 'cam_001').locator('.open').focus();
    await page.keyboard.press('Enter');
    await page.waitForSelector('.detail .chart');
    expect(await page.locator('.chart .present').textContent()).to.contain('live');
    expect(await page.locator('.chart .arrow.last title').textContent()).to.equal('stalled → live on source.flowing');
    const events = await page.locator('.events').textContent();
    expect(events).to.contain('Connected, but it sends nothing.').and.to.contain('picture away for 1.2 s');
    expect(await page.locator('.sources').textContent()).to.contain('rtsp://10.0.0.7/stream1');
    await page.keyboard.press('ArrowRight');
    await until('the next camera', async () => (await page.locator('.detail h1').textContent()) === 'North gate');
    await page.keyboard.press('Escape');
    await until('the wall', async () => (await page.locator('.detail').count()) === 0);
    expect(await tile(page, 'cam_001').locator('.latency').count()).to.equal(1);
    expect(gateway.admissions()).to.equal(admitted);
    expect(faults).to.deep.equal([]);
  });

  it('keeps the pictures of tiles that are moved, kept as a wall and shown on it', async () => {
    const { page, faults } = await wall(['live', 'live']);
    for (const id of ['cam_001', 'cam_002']) {
      await until('the picture', () => tile(page, id).locator('.latency').count(), 15_000);
    }
    const admitted = gateway.admissions();
    await page.evaluate(`window.stops = 0; for (const video of document.querySelectorAll('video'))
      for (const type of ['pause', 'emptied']) video.addEventListener(type, () => window.stops++)`);
    await page.locator('.layouts summary').click();
    await page.getByText('New wall from this…').click();
    await tile(page, 'cam_001').getByRole('button', { name: 'Move to the place after' }).click();
    await until(
      'the other first',
      async () => (await page.locator('.tile').first().getAttribute('data-camera')) === 'cam_002',
    );
    await page.getByLabel('Name', { exact: true }).fill('Gates');
    await page.keyboard.press('Enter');
    await until('it to be kept', async () => (await page.locator('.cover').count()) === 0);
    expect(await tile(page, 'cam_001').locator('.latency').count()).to.equal(1);
    expect(await page.evaluate('window.stops'), 'no video stopped').to.equal(0);
    expect(gateway.admissions()).to.equal(admitted);
    expect(faults).to.deep.equal([]);
  });

  it('reads the past of a camera that changed before the page was opened', async () => {
    house = furnish(gateway, [stubCamera(1, 'live')]);
    house.become('cam_001', 'offline', OFFLINE);
    const { page } = await openPage(pages.browser);
    await page.goto(`${gateway.url}/#/camera/cam_001`);
    await until('the past', () => page.locator('.events:has-text("Nothing answers at its address.")').count());
  });

  it('pulls a demo camera’s plug', async () => {
    const { page } = await wall(['live']);
    await page.locator('.plug[data-source="1"]').click();
    await until('the plug to be pulled', () => house.plugs.length > 0);
    expect(house.plugs).to.deep.equal([{ camera: 'cam_001', source: 1, plugged: false }]);
    house.become('cam_001', 'live', OFFLINE, { type: 'source', source: '1', source_state: 'offline' });
    await page.locator('.plug:has-text("Plug in")').click();
    await until('the plug to be put in', () => house.plugs.length > 1);
    expect(house.plugs[1]).to.deep.equal({ camera: 'cam_001', source: 1, plugged: true });
  });

  it('draws a switch on the tile, and a return: to which source, why, and how long the picture was away', async () => {
    const { page } = await wall(['live']);
    const text = 'on the backup (1), because the preferred source (0) ended (67 ms gap)';
    const why = { trigger: 'source.ended', reason: 'ended', text };
    house.become('cam_001', 'live', why, { type: 'switched', from_source: '0', active_source: '1', recover_ms: 67 });
    const note = page.locator('.note.switch');
    await until('the note', () => note.count());
    expect(await note.textContent()).to.match(
      /67 ms without a picture. On the backup \(1\), because the preferred source/,
    );
    expect(await page.locator('.caption').textContent(), 'which lasts longer than the note').to.contain('On backup 1');
    const heightOf = async (what: string) => (await page.locator(what).boundingBox())?.height ?? 0;
    await page.setViewportSize({ width: 390, height: 844 });
    const share = (await heightOf('.note.switch')) / (await heightOf('.tile .picture'));
    expect(share, 'of a small picture that it covers').to.be.within(0.01, 0.2);
    const ends = await page.evaluate<[number, number]>(`(() => {
      const note = document.querySelector('.note.switch');
      const range = document.createRange();
      range.setStart(note.querySelector('span').firstChild, 0);
      range.setEnd(note.querySelector('span').firstChild, 'on the backup (1), because the preferred source (0) ended'.length);
      return [range, note].map((one) => one.getBoundingClientRect().bottom);
    })()`);
    expect(ends[0], 'the cause is read on a phone too').to.be.at.most(ends[1]);
    house.become('cam_001', 'holding', { trigger: 'program.holding', text: 'signal lost; asking its sources' });
    await until('the slate', () => page.locator('.state-holding .veil:has-text("Signal lost")').count());
    expect(await note.count()).to.equal(0);
    expect(await page.locator('.caption').textContent(), 'nothing feeds it').to.not.contain('backup');
    const back = { trigger: 'program.switched', text: 'its picture arrives' };
    house.become('cam_001', 'live', back, { active_source: '1', recover_ms: 12_345 });
    await until('the note', () => note.count());
    expect(await note.textContent()).to.contain('12 s without a picture. Its picture arrives.');
  });

  it('lets an operator choose the source that is shown', async () => {
    house = furnish(gateway, [stubCamera(1, 'live')]);
    const { page } = await openPage(pages.browser);
    await page.goto(`${gateway.url}/#/camera/cam_001`);
    await page.locator('.sources li:has-text("stream2") button').click();
    await until('the choice', () => house.chosen.length > 0);
    expect(house.chosen).to.deep.equal([{ camera: 'cam_001', source: '1' }]);
  });

  it('walks from tile to tile with the arrow keys and explains itself with ?', async () => {
    const { page } = await wall(['idle', 'idle', 'idle', 'idle']);
    const focused = () => page.evaluate('document.activeElement.closest(".tile")?.dataset.camera');
    await page.keyboard.press('ArrowRight');
    expect(await focused()).to.equal('cam_001');
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowDown');
    expect(await focused()).to.equal('cam_004');
    await page.keyboard.press('?');
    expect(await page.locator('dialog').textContent()).to.contain('the picture stands still');
    await page.keyboard.press('Escape');
    await until('the help to close', async () => (await page.locator('dialog').count()) === 0);
  });

  it('frames the cameras of an emergency, counts down, and lights a lamp for each push, also on a phone', async () => {
    const { page, faults } = await wall(['live', 'offline', 'idle']);
    const fire = {
      ...{ id: 'inc_1', zone: '', cameras: ['cam_001', 'cam_002'], reason: 'fire in hall 2', by: 'hoa' },
      ...{ until: Date.now() + 3_600_000, drill: false, why: { trigger: 'incident.raised', text: 'it runs' } },
    };
    house.alert('incident', { ...fire, state: 'active' });
    const ribbon = (id: string) => tile(page, id).locator('.ribbon');
    await until('the frame', () =>
      page
        .locator('.tile.emergency')
        .count()
        .then((count) => count === 2),
    );
    expect(await ribbon('cam_001').textContent()).to.match(/^Emergencyfire in hall 2(59 min \d\d s|1 h 00 min)$/);
    expect(await tile(page, 'cam_002').locator('.open .unseen').textContent()).to.contain(
      'Emergency, fire in hall 2. North',
    );
    const push = { id: 'cam_001--city-tv', camera: 'cam_001', destination: 'city-tv', picture: true };
    house.alert('broadcast', { ...push, state: 'on-air', why: { trigger: 'push.flowing', text: 'bytes arrive' } });
    const lamp = tile(page, 'cam_001').locator('.lamps li');
    await until('the lamp', async () => (await lamp.textContent().catch(() => ''))?.includes('city-tv on air'));
    const refused = { trigger: 'push.refused', text: 'the push failed: connection refused' };
    house.alert('broadcast', { ...push, state: 'retrying', why: refused });
    await until('the reason', async () => (await lamp.textContent())?.includes('the push failed'));
    await page.setViewportSize({ width: 390, height: 844 });
    await until('one column', async () => ((await page.locator('.tile').first().boundingBox())?.width ?? 0) > 360);
    const offline = tile(page, 'cam_002');
    const [veil, plug] = await Promise.all([
      offline.locator('.picture').boundingBox(),
      offline.locator('.plug').first().boundingBox(),
    ]);
    expect(plug?.y, 'the plugs stand below the picture').to.be.at.least((veil?.y ?? 0) + (veil?.height ?? 0));
    expect(await page.evaluate('document.documentElement.scrollWidth')).to.equal(390);
    house.alert('broadcast', { ...push, state: 'stopped' });
    house.alert('incident', { ...fire, state: 'closed' });
    await until('all of it to be gone', () =>
      page
        .locator('.emergency, .urgent')
        .count()
        .then((count) => count === 0),
    );
    expect(faults).to.deep.equal([]);
  });

  it('declares an emergency by keyboard alone, on a phone, with whom it lets in and until when', async () => {
    const { page, faults } = await wall(['live', 'live']);
    await page.setViewportSize({ width: 390, height: 844 });
    for (const button of ['.more-button', '.declare-button']) {
      await page.locator(button).focus();
      await page.keyboard.press('Enter');
    }
    const dialog = page.locator('dialog.declare');
    await until('the dialog', () => dialog.isVisible());
    expect(await dialog.textContent()).to.contain('within five seconds of its end');
    await page.keyboard.press('Enter');
    await page.keyboard.type('fire in hall 2');
    await page.keyboard.press('Enter');
    // Nothing is declared without a place: the browser leads there.
    expect(await page.evaluate('document.activeElement.name')).to.equal('zone');
    expect(house.declared).to.deep.equal([]);
    await page.keyboard.type('hcm/*');
    for (const key of ['Tab', 'Tab']) await page.keyboard.press(key);
    await page.keyboard.type('minh, lan');
    for (const key of ['Tab', 'Tab', 'Space']) await page.keyboard.press(key);
    const box = await dialog.boundingBox();
    expect([box?.x, box?.width].every((edge) => edge !== undefined && edge <= 390)).to.equal(true);
    expect(await dialog.evaluate((it) => it.scrollWidth <= it.clientWidth), 'nothing is cut off').to.equal(true);
    await page.keyboard.press('Enter');
    await until('it to be declared', () => house.declared.length > 0);
    expect(house.declared).to.deep.equal([
      {
        ...{ zone: 'hcm/*', reason: 'fire in hall 2', minutes: 60, drill: false },
        grants: { subjects: ['minh', 'lan'], roles: ['operator'] },
      },
    ]);
    await until('the dialog to close', async () => (await dialog.count()) === 0);
    expect(faults).to.deep.equal([]);
  });

  it('leads from a push to where its station shows what it receives', async () => {
    const { page } = await wall(['live']);
    await page.goto(`${gateway.url}/#/camera/cam_001`);
    const link = page.locator('.broadcasts a');
    await until('the destination', async () => (await page.locator('.broadcasts li').count()) === 1);
    expect(await link.count(), 'nothing is pushed').to.equal(0);
    house.alert('broadcast', { id: 'cam_001--city-tv', camera: 'cam_001', destination: 'city-tv', state: 'on-air' });
    await until('the link', async () => (await link.count()) === 1);
    expect(await link.getAttribute('href')).to.equal('http://tv:81/monitor/#cam_001');
  });

  it('prolongs an emergency with one press, and closes it with two', async () => {
    const { page } = await wall(['live']);
    const fire = { id: 'inc_1', zone: 'hcm/*', cameras: ['cam_001'], reason: 'fire', by: 'hoa', drill: false };
    house.alert('incident', { ...fire, until: Date.now() + 200_000, state: 'expiring' });
    const banner = page.locator('.incident');
    await until('the banner', async () => (await banner.textContent().catch(() => ''))?.includes('ends in'));
    await page.getByText('One more hour').click();
    await until('it to be prolonged', () => String(house.acted) === 'PATCH inc_1');
    await page.getByText('Close it…').focus();
    for (const key of ['Enter', 'Enter']) await page.keyboard.press(key);
    expect(house.acted, 'a double press keeps it').to.deep.equal(['PATCH inc_1']);
    await page.getByText('Close it…').click();
    await page.getByText('Close it now').click();
    await until('it to be closed', () => house.acted.includes('DELETE inc_1'));
  });

  it('signs somebody in with a pasted token or link, where they wanted to be', async () => {
    house = furnish(gateway, [stubCamera(1, 'idle')]);
    house.layouts.push({ id: 'lay_1', name: 'Hall', cameras: ['cam_001'], big: false, owner: 'ops', yours: true });
    const { page } = await openPage(pages.browser);
    for (const pasted of ['  a.b.c  ', 'https://stream.example.com/?login=one-time']) {
      house.signedIn = false;
      await page.goto(`${gateway.url}/?refused=state&layout=lay_1#/camera/cam_001`);
      await page.locator('.sign-in summary').click();
      await page.locator('textarea').fill(pasted);
      await page.locator('button:has-text("Sign in with it")').click();
      await page.waitForSelector('.tile');
      expect(page.url()).to.equal(`${gateway.url}/?layout=lay_1#/camera/cam_001`);
    }
    expect(house.logins).to.deep.equal(['a.b.c', 'one-time']);
    await until('the events of the person signed in', () => house.streams() > 0);
  });

  for (const count of [1, 3, 9, 16]) {
    it(`fills the screen with ${count} tiles, and fits a phone`, async () => {
      const { page } = await wall(Array.from({ length: count }, () => 'idle'));
      const boxes = await Promise.all((await page.locator('.tile').all()).map((found) => found.boundingBox()));
      for (const box of boxes) {
        expect((box?.x ?? -1) >= 0 && (box?.x ?? 0) + (box?.width ?? 0) <= 1440, 'inside the width').to.equal(true);
        expect((box?.y ?? 0) + (box?.height ?? 0), 'no scrolling').to.be.lessThanOrEqual(900);
      }
      const covered = boxes.reduce((sum, box) => sum + (box?.width ?? 0) * (box?.height ?? 0), 0);
      expect(covered / (1440 * 900)).to.be.greaterThan(0.6);
      await page.setViewportSize({ width: 390, height: 844 });
      await until('one column', async () => ((await page.locator('.tile').first().boundingBox())?.width ?? 0) > 360);
      expect(await page.evaluate('document.documentElement.scrollWidth')).to.equal(390);
    });
  }

  it('shows hostile names as text', async () => {
    const hostile = '<img src=x onerror="window.broken=1"><script>window.broken=1</script>';
    house = furnish(gateway, [
      {
        ...stubCamera(1, 'offline'),
        name: hostile,
        zone: hostile,
        why: { trigger: hostile, text: hostile, guard: { x: hostile } },
      },
    ]);
    const { page, faults } = await openPage(pages.browser);
    await page.goto(`${gateway.url}/#/camera/cam_001`);
    await page.waitForSelector('.detail h1');
    house.become('cam_001', 'quarantined', { trigger: hostile, text: hostile });
    await until('the event', () => page.locator('.detail .now:has-text("Quarantined")').count());
    expect(await page.locator('.detail h1').textContent()).to.equal(hostile);
    expect(await page.evaluate('window.broken')).to.equal(undefined);
    expect(faults).to.deep.equal([]);
  });
});
