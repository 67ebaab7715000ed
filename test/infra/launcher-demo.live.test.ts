import { expect } from 'chai';
import { converse } from '../../infra/launcher/servers.ts';
import { descendants, makeState, openLauncherLink, startGroup, stillRunning } from '../fixtures/launcher/start.ts';
import { run, until } from '../fixtures/process.ts';

/** Whether an RTSP server shows a picture there: 200 to DESCRIBE. */
async function showsPicture(url: string): Promise<boolean> {
  const request = `DESCRIBE ${url} RTSP/1.0\r\nCSeq: 1\r\nAccept: application/sdp\r\n\r\n`;
  return /^RTSP\/1\.0 200/.test(await converse(Number(new URL(url).port), request, /^RTSP\/1\.0 \d+/, 3000));
}

/** What FFmpeg sees of one source for half a second. */
async function look(url: string): Promise<string> {
  const args = ['-hide_banner', '-nostdin', '-rtsp_transport', 'tcp', '-i', url, '-t', '0.5', '-f', 'null', '-'];
  const ffmpeg = run('ffmpeg', args);
  await until('FFmpeg to end', () => ffmpeg.child.exitCode !== null, 15_000);
  return ffmpeg.output();
}

describe('demo cameras', function () {
  this.timeout(120_000);
  let state: ReturnType<typeof makeState>;
  let running: Awaited<ReturnType<typeof startGroup>>;
  let link: ReturnType<typeof openLauncherLink>;
  const sources = (camera: string) => running.group.demoCameras.find(({ id }) => id === camera)?.sources ?? [];
  const processOf = async (name: string) => {
    const { items } = await link.ask({ type: 'processes' });
    return (items as { name: string; pid?: number; state: string }[]).find((item) => item.name === name);
  };
  const plug = (camera: string, source: number, plugged: boolean) =>
    link.ask({ type: 'plug', epoch: 1, camera, source, plugged });

  before(async () => {
    state = makeState();
    running = await startGroup(state.path);
    link = openLauncherLink(running.group.links.launcher);
  });
  after(async () => {
    link?.close();
    await running?.launcher.stop('SIGTERM');
    state.close();
  });

  it('show 720p at 30 frames a second, each from a server of its own', async () => {
    const all = running.group.demoCameras.flatMap((camera) => camera.sources);
    expect(new Set(all).size).to.equal(6);
    const [preferred = ''] = sources('cam_001');
    await until('a picture', () => showsPicture(preferred));
    expect(await look(preferred)).to.match(/h264.*1280x720.*30 fps/);
  });

  it('have a backup that is ready to take over at any moment, smaller so that it costs less', async () => {
    const [, backup = ''] = sources('cam_002');
    await until('a picture', () => showsPicture(backup));
    expect(await look(backup)).to.match(/h264.*640x360.*30 fps/);
  });

  it('are really gone when the plug is pulled, stay away, and are back when it is put in', async () => {
    const name = 'camera:cam_003:0';
    const [url = ''] = sources('cam_003');
    await until('a picture', () => showsPicture(url));
    const { pid = 0 } = (await processOf(name)) ?? {};
    const family = [pid, ...descendants(pid)];
    expect(family.length, 'the server and its FFmpeg').to.be.greaterThan(1);

    const pulledAt = performance.now();
    expect(await plug('cam_003', 0, false)).to.include({ type: 'done' });
    const doneMs = performance.now() - pulledAt;
    await until('server and FFmpeg to be gone', () => stillRunning(family).length === 0, 2000);
    const goneMs = performance.now() - pulledAt;
    const refused = await showsPicture(url).catch((error: NodeJS.ErrnoException) => error.code);
    expect(refused).to.equal('ECONNREFUSED');
    const exited = link.heard.filter((message) => message.type === 'exited' && message.name === name).at(-1);
    expect(exited).to.include({ signal: 'SIGKILL', restart_ms: null });
    expect(await processOf(name)).to.deep.include({ state: 'stopped', restarts: 0 });

    const pluggedAt = performance.now();
    expect(await plug('cam_003', 0, true)).to.include({ type: 'done' });
    await until('a picture again', () => showsPicture(url));
    const backMs = performance.now() - pluggedAt;
    console.log(
      `      answered after ${Math.round(doneMs)} ms, gone after ${Math.round(goneMs)} ms; picture back after ${Math.round(backMs)} ms`,
    );
  });

  it('pulling twice, or a camera that is not there, harms nothing', async () => {
    expect(await plug('cam_001', 1, false)).to.include({ type: 'done' });
    expect(await plug('cam_001', 1, false)).to.include({ type: 'done' });
    expect(await plug('cam_001', 1, true)).to.include({ type: 'done' });
    expect(await plug('cam_001', 1, true)).to.include({ type: 'done' });
    expect(await plug('cam_999', 0, false)).to.include({ type: 'refused', reason: 'unknown' });
    expect(await plug('../etc', 0, false)).to.include({ type: 'refused', reason: 'shape' });
    expect(await link.ask({ type: 'format-disk' })).to.include({ type: 'refused', reason: 'unknown' });
  });
});
