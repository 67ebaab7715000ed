import { execFileSync, spawnSync } from 'node:child_process';
import { expect } from 'chai';
import { createEyes, type Eyes } from '../../adapters/eye.ffmpeg.ts';
import { findProgram } from '../../infra/binaries.ts';
import type { EyeReport } from '../../machines/slots.ts';
import { startCamera } from '../fixtures/camera.ts';
import { startMediamtx, type TestMediamtx } from '../fixtures/mediamtx.ts';
import { type Running, run, until } from '../fixtures/process.ts';
import { startSwitcher, type TestSwitcher } from '../fixtures/switcher.ts';

const STILL_MS = 7_500;

/** Width and height in a JPEG's frame header. */
function jpegSize(jpeg: Buffer): string {
  const header = jpeg.indexOf(Buffer.of(0xff, 0xc0));
  return `${jpeg.readUInt16BE(header + 7)}x${jpeg.readUInt16BE(header + 5)}`;
}

/** The FFmpegs that this process runs. */
const decoders = () =>
  spawnSync('pgrep', ['-P', String(process.pid), 'ffmpeg'])
    .stdout.toString()
    .split('\n')
    .filter(Boolean)
    .map(Number);

describe('the eye on a camera', function () {
  this.timeout(60_000);
  let relay: TestMediamtx;
  let switcher: TestSwitcher;
  let eyes: Eyes;
  const heard = new Map<string, { event: EyeReport; atMs: number }[]>();
  const sources: Running[] = [];

  before(async () => {
    [relay, switcher] = await Promise.all([startMediamtx(), startSwitcher()]);
    const programs = switcher.gateway({
      sourceUrl: (camera) => relay.rtsp(`in/${camera}`),
      outputs: () => [],
      onKeyframe: (camera, codec, annexB) => eyes.look(camera, codec, annexB),
      onRates: (items) => eyes.weigh(items),
    });
    eyes = createEyes({ ffmpeg: findProgram('ffmpeg'), watch: programs.watch });
    for (const camera of ['changing', 'noisy', 'reordered', 'other_codec', 'slow_keys'])
      programs.slot({ camera, name: camera, sources: ['0'], silentMs: 900 }, () => {});
  });
  after(async () => {
    eyes.close();
    await Promise.all(sources.map((source) => source.stop()));
    await Promise.all([relay.close(), switcher.close()]);
  });

  const show = (source: Running) => {
    sources.push(source);
    return source;
  };
  const watch = (camera: string, enabled = true) => {
    const reports: { event: EyeReport; atMs: number }[] = [];
    heard.set(camera, reports);
    return eyes.slot({ camera, stillMs: STILL_MS, enabled }, (event) =>
      reports.push({ event, atMs: performance.now() }),
    );
  };
  const clip = (camera: string, picture: string, encoder: string[]) =>
    show(
      run('ffmpeg', [
        ...[
          '-v',
          'error',
          '-fpsprobesize',
          '0',
          '-re',
          '-f',
          'lavfi',
          '-i',
          picture,
          ...encoder,
          '-pix_fmt',
          'yuv420p',
        ],
        ...['-f', 'rtsp', '-rtsp_transport', 'tcp', relay.rtsp(`in/${camera}`)],
      ]),
    );
  const poster = (camera: string) => until(`a poster of ${camera}`, () => eyes.poster(camera), 15_000);

  it('keeps a small poster of the latest picture, also of pictures sent out of order and of H.265', async () => {
    const x264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-g', '15'];
    clip('reordered', 'testsrc2=s=1280x720:r=15', [...x264, '-preset', 'veryfast', '-bf', '3']);
    clip('other_codec', 'testsrc2=s=320x180:r=15', [
      ...['-c:v', 'libx265', '-preset', 'ultrafast', '-g', '15', '-x265-params', 'log-level=none:bframes=0'],
    ]);
    const held = [watch('reordered'), watch('other_codec')];
    expect(jpegSize((await poster('reordered')).jpeg)).to.equal('640x360');
    expect(jpegSize((await poster('other_codec')).jpeg)).to.equal('320x180');
    const running = decoders();
    const first = Date.now();
    for (const camera of ['reordered', 'other_codec'])
      await until('newer posters', () => (eyes.poster(camera)?.at ?? 0) > first + 4_000);
    expect(decoders(), 'the same ones all the time').to.deep.equal(running);
    expect(running, 'a decoder for each camera').to.have.length(2 + sources.length);
    for (const one of held) one.release();
    await Promise.all(sources.splice(0).map((source) => source.stop()));
  });

  it('tells within 10 s that a picture stands still, and that it moves again, but not of sensor noise', async () => {
    const noise = 'color=gray:s=640x360:r=30,drawbox=x=50:y=50:w=200:h=200:color=orange:t=fill,noise=alls=3:allf=t';
    const encoder = ['-c:v', 'libx264', '-preset', 'veryfast', '-bf', '0', '-g', '60', '-b:v', '200k'];
    clip('noisy', noise, [...encoder, '-maxrate', '200k', '-bufsize', '200k']);
    clip('slow_keys', 'color=gray:s=320x180:r=10', ['-c:v', 'libx264', '-preset', 'veryfast', '-g', '70']);
    let camera = startCamera(relay.rtsp('in/changing'));
    watch('changing');
    watch('noisy');
    watch('slow_keys');
    await poster('changing');

    // The camera process is exchanged for one that shows a standing picture: no frame changes from then on.
    await camera.stop();
    camera = show(startCamera(relay.rtsp('in/changing'), { still: true }));
    await until('the standing picture', async () => (await relay.api('GET', '/v3/paths/get/in/changing')).available);
    const frozenAt = performance.now();
    const reports = heard.get('changing') ?? [];
    const frozen = await until('frozen', () => reports.find(({ event }) => event.type === 'eye.frozen'), 15_000);
    expect(frozen.atMs - frozenAt).to.be.within(STILL_MS - 1_000, 10_000);
    expect(frozen.event).to.have.property('still_ms').that.is.within(STILL_MS, 10_000);

    await camera.stop();
    show(startCamera(relay.rtsp('in/changing')));
    await until('moved', () => reports.find(({ event }) => event.type === 'eye.moved'), 10_000);
    expect(reports.map(({ event }) => event.type)).to.deep.equal(['eye.frozen', 'eye.moved']);
    expect(heard.get('noisy'), 'a still scene with noise').to.deep.equal([]);
    expect(heard.get('slow_keys'), 'key frames too rare to tell').to.deep.equal([]);
  });

  it('costs nothing for a camera whose eye is off', async () => {
    const held = watch('off', false);
    eyes.look('off', 'H264', Buffer.from('0000000165', 'hex'));
    expect(eyes.poster('off')).to.equal(undefined);
    held.release();
  });

  for (const signal of ['SIGKILL', 'SIGSTOP'] as const) {
    it(`looks again after its decoder got ${signal}`, async () => {
      const picture = ['-f', 'lavfi', '-i', 'testsrc2=s=320x180', '-frames:v', '1', '-c:v', 'libx264', '-bf', '0'];
      const keyFrame = execFileSync(findProgram('ffmpeg'), ['-v', 'error', ...picture, '-f', 'h264', 'pipe:1']);
      const camera = signal.toLowerCase();
      const others = decoders();
      watch(camera);
      const looking = setInterval(() => eyes.look(camera, 'H264', keyFrame), 100);
      await poster(camera);
      const decoder = decoders().filter((pid) => !others.includes(pid));
      expect(decoder).to.have.length(1);
      process.kill(decoder[0] ?? 0, signal);
      const killedAt = Date.now();
      await until('a poster of a new decoder', () => (eyes.poster(camera)?.at ?? 0) > killedAt + 500, 25_000);
      clearInterval(looking);
    });
  }
});
