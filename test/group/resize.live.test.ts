import { readdirSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';
import type { Browser } from 'playwright-core';
import { startChromium } from '../fixtures/chromium.ts';
import type { Follower } from '../fixtures/events.ts';
import { figure } from '../fixtures/figures.ts';
import { startTestGroup, type TestGroup } from '../fixtures/group.ts';
import { startMediamtx, type TestMediamtx } from '../fixtures/mediamtx.ts';
import { run, until } from '../fixtures/process.ts';
import { type ResizingCamera, startResizingCamera } from '../fixtures/resizing-camera.ts';
import { longestGapMs, type Watcher, watchCamera } from '../fixtures/watcher.ts';

describe('a camera that is set to another size while it sends', function () {
  this.timeout(90_000);
  let server: TestMediamtx;
  let camera: ResizingCamera;
  let group: TestGroup;
  let browser: Browser;
  let events: Follower;
  let watcher: Watcher;

  before(async () => {
    [server, browser] = await Promise.all([startMediamtx({}), startChromium()]);
    camera = startResizingCamera(server.rtsp('gate'), ['640x480', '640x360']);
    await until('the camera', async () => (await server.api('GET', '/v3/paths/get/gate')).ready, 20_000);
    const gate = { zone: 'hcm/test', sources: [server.rtsp('gate')], ladder: ['480p', '360p'], keep: 'warm' };
    group = await startTestGroup({ cameras: { gate: { ...gate, record: { keep: '1d' } } } });
    events = group.follow(0);
    await events.next('recording.recording', 'recording/gate', 0, 30_000);
    const running = await events.next('rendition.running', 'rendition/gate', 0, 30_000);
    expect(rungsOf(running.data)).to.deep.equal(['480p copied', '360p encoded']);
    watcher = await watchCamera(browser, group, 'gate');
  });
  after(async () => {
    await watcher?.close();
    events?.close();
    await browser?.close();
    await group?.stop();
    await camera?.close();
    await server?.close();
  });

  const rungsOf = ({ rungs }: { rungs: { name: string; how: string }[] }) =>
    rungs.map(({ name, how }) => `${name} ${how}`);
  const shownLines = (): Promise<number> =>
    watcher.page.evaluate(`document.querySelector('video.sbx-front')?.videoHeight ?? 0`);
  /** The sizes of what was recorded, oldest first, as far as files can be read by now. */
  const recordedSizes = async (): Promise<string[]> => {
    const folder = path.join(group.state, 'recordings/in/gate/0');
    const sizes: string[] = [];
    for (const file of readdirSync(folder).sort()) {
      const looked = run('ffmpeg', ['-i', path.join(folder, file)]);
      await until('a look at a recording', () => looked.child.exitCode !== null, 10_000);
      const size = /Video: .*? (\d{3}x\d{3})/.exec(looked.output())?.[1];
      if (size) sizes.push(size);
    }
    return sizes;
  };

  it('says so, has its ladder made anew, is recorded in a new file, and its viewers go on', async () => {
    await until('the first size on screen', async () => (await shownLines()) === 480, 20_000);
    const at = Date.now();
    camera.resize('640x360');
    const resized = await events.next('camera.resized', 'camera/gate', at, 20_000);
    expect(resized.data).to.include({ state: 'live', width: 640, height: 360 });
    expect(resized.data.why.text).to.equal('its picture is 640×360 now, in mid-stream; it was 640×480');
    const anew = await events.next('rendition.starting', 'rendition/gate', at);
    expect(anew.data.why).to.include({ reason: 'changed', text: 'the picture has changed; looking at it anew' });
    const running = await events.next('rendition.running', 'rendition/gate', at, 30_000);
    expect(rungsOf(running.data)).to.deep.equal(['360p copied']);
    figure('another size: from the event to a ladder of it', running.at - resized.at);
    await until('the other size on screen', async () => (await shownLines()) === 360, 20_000);
    const { presented, states } = await watcher.watched();
    figure('another size: longest gap on screen', longestGapMs(presented, at));
    expect(states.filter((one) => one.at >= at && one.name !== 'playing')).to.deep.equal([]);
    const { body } = await group.api('GET', '/api/v1/cameras/gate');
    expect([body.state, body.width, body.height, body.rungs[0]]).to.deep.equal(['live', 640, 360, '360p']);
    await until('both sizes recorded', async () => (await recordedSizes()).join() === '640x480,640x360', 20_000);
    expect(watcher.faults).to.deep.equal([]);
  });
});
