import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect } from 'chai';
import type { ProgramSwitchers } from '../../adapters/program.switcher.ts';
import { openPlayer } from '../../adapters/switch.rtp/player.ts';
import { sequenceOf, timestampOf } from '../../adapters/switch.rtp/rtp.ts';
import { findProgram } from '../../infra/binaries.ts';
import type { MeasureReport } from '../../machines/slots.ts';
import { startCamera } from '../fixtures/camera.ts';
import { startMediamtx, type TestMediamtx } from '../fixtures/mediamtx.ts';
import { type Running, run, until } from '../fixtures/process.ts';
import { readProgram } from '../fixtures/program-reader.ts';
import { listen, startSwitcher, type TestSwitcher } from '../fixtures/switcher.ts';

/** What a plain RTSP client finds on a path: `h264,640,360 aac,0,0`. */
async function look(address: string): Promise<string> {
  const ffprobe = findProgram('ffmpeg').replace(/ffmpeg$/, 'ffprobe');
  const { stdout } = await promisify(execFile)(ffprobe, [
    ...[
      '-v',
      'error',
      '-rtsp_transport',
      'tcp',
      '-show_entries',
      'stream=codec_name,width,height',
      '-of',
      'json',
      address,
    ],
  ]);
  const { streams } = JSON.parse(stdout) as { streams: { codec_name: string; width?: number; height?: number }[] };
  return streams
    .map(({ codec_name, width, height }) => [codec_name, width, height].filter(Boolean).join(','))
    .join(' ');
}

describe('the program path of a camera', function () {
  this.timeout(60_000);
  let cameras: TestMediamtx;
  let intake: TestMediamtx;
  let relay: TestMediamtx;
  let switcher: TestSwitcher;
  let camera: Running | undefined;
  let gateway: ProgramSwitchers;

  before(async () => {
    [cameras, intake, relay, switcher] = await Promise.all([
      startMediamtx(),
      startMediamtx(),
      startMediamtx(),
      startSwitcher(),
    ]);
  });
  after(async () => {
    await camera?.stop();
    await Promise.all([cameras.close(), intake.close(), relay.close(), switcher.close()]);
  });

  const newGateway = (epoch = 1) =>
    switcher.gateway({
      epoch: () => epoch,
      sourceUrl: (id, source) => intake.rtsp(`in/${id}/${source}`),
      outputs: (id) => [{ relay: 'relay-1', url: relay.rtsp(id) }],
    });
  const running = (name: string) =>
    until(`camera ${name}`, async () => (await cameras.api('GET', `/v3/paths/get/${name}`)).available);
  /** What a gateway does when a camera answers (again): mediamtx itself would try only each five seconds. */
  const pull = async (name: string) => {
    await intake.api('DELETE', `/v3/config/paths/delete/in/${name}/0`).catch(() => {});
    const settings = { source: cameras.rtsp(name), rtspTransport: 'tcp' };
    await intake.api('POST', `/v3/config/paths/add/in/${name}/0`, settings);
  };
  const input = (name: string, silentMs = 900) => ({ camera: name, name, sources: ['0'], silentMs });
  const publisher = async () =>
    (await relay.api('GET', '/v3/rtspsessions/list')).items.find(
      (one: { state: string; path: string }) => one.state === 'publish' && one.path === 'cam_1',
    );

  describe('of one that comes and goes', () => {
    const ears = listen();

    before(async () => {
      camera = startCamera(cameras.rtsp('cam_1'));
      await running('cam_1');
      await pull('cam_1');
      gateway = newGateway();
      const flowing = ears.next('source.flowing');
      gateway.slot(input('cam_1', 300), ears.report);
      expect((await flowing).event).to.include({ source: '0', codec: 'H264', width: 640, height: 360 });
    });

    it('can be read by any RTSP client', async () => {
      expect(await look(relay.rtsp('cam_1'))).to.equal('h264,640,360');
    });

    it('is known for what it carries, so that nothing has to look before a ladder is planned', async () => {
      const heard: MeasureReport[] = [];
      const held = gateway.measure({ camera: 'cam_1' }, (report) => heard.push(report));
      const report = await until('a measurement', () => heard[0], 12_000);
      held.release();
      expect(report).to.include({ type: 'program.measured', codec: 'h264', width: 640, height: 360, audio: false });
      if (report.type !== 'program.measured') return expect.fail('it was not measured');
      expect(report.reordered).to.equal(false);
      expect(report.fps).to.be.within(27, 31);
      expect(report.gop_ms).to.be.within(1_900, 2_100);
      expect(report.bitrate_bps).to.be.within(50_000, 2_000_000);
    });

    it('says within the agreed time that the camera has fallen silent, and when it is back', async () => {
      const silent = ears.next('source.silent');
      process.kill(camera?.pid ?? 0, 'SIGSTOP');
      const stoppedAt = performance.now();
      const { event, atMs } = await silent;
      expect(event.silent_ms).to.be.within(300, 600);
      expect(atMs - stoppedAt).to.be.below(1_500);
      const flowing = ears.next('source.flowing');
      process.kill(camera?.pid ?? 0, 'SIGCONT');
      await flowing;
    });

    it('goes on for its viewers over the death of the camera, on the same connection and with true time', async () => {
      const session = await publisher();
      const seen: { sequence: number; timestamp: number; atMs: number }[] = [];
      const player = await openPlayer(relay.rtsp('cam_1'), {
        tracks() {},
        packet: (_track, frame) =>
          void seen.push({ sequence: sequenceOf(frame), timestamp: timestampOf(frame), atMs: performance.now() }),
        batch() {},
        end() {},
      });
      await until('packets', () => seen.length > 30);
      const ended = ears.next('source.ended');
      const killedAt = performance.now();
      await camera?.stop('SIGKILL');
      expect((await ended).atMs - killedAt, 'noticed').to.be.below(1_000);
      const before = seen.length;

      camera = startCamera(cameras.rtsp('cam_1'));
      await running('cam_1');
      const flowing = ears.next('source.flowing');
      const returnedAt = performance.now();
      await pull('cam_1');
      expect((await flowing).atMs - returnedAt, 'back').to.be.below(1_500);
      await until('packets after the outage', () => seen.length > before + 100);
      player.close();

      const [last, first] = [seen[before - 1], seen[before]];
      if (!last || !first) return expect.fail('no packets around the outage');
      expect((first.sequence - last.sequence) & 0xffff).to.equal(1);
      const mediaMs = ((first.timestamp - last.timestamp) | 0) / 90;
      expect(Math.abs(mediaMs - (first.atMs - last.atMs))).to.be.below(300);
      const now = await publisher();
      expect([now.id, now.inboundRTPPacketsLost]).to.deep.equal([session.id, 0]);
    });

    it('is there again by itself as soon as its relay is', async () => {
      const lost = ears.next('program.lost');
      await relay.kill();
      expect((await lost).event.detail).to.match(/^relay-1: /);
      const restored = ears.next('program.restored');
      await relay.start();
      const upAt = performance.now();
      expect((await restored).atMs - upAt).to.be.below(2_500);
      expect(await look(relay.rtsp('cam_1'))).to.equal('h264,640,360');
    });

    it('does not notice that a gateway goes away and another takes it up', async () => {
      const session = await publisher();
      gateway.close();
      gateway = newGateway();
      const flowing = ears.next('source.flowing');
      const held = gateway.slot(input('cam_1', 300), ears.report);
      expect((await flowing).event).to.include({ source: '0', width: 640 });
      held.detach?.();
      expect((await publisher()).id).to.equal(session.id);
    });

    it('obeys only the gateway that owns the camera now', async () => {
      const owner = newGateway(5);
      const flowing = ears.next('source.flowing');
      owner.slot(input('cam_1', 300), ears.report);
      await flowing;
      const former = newGateway(4);
      const theirs = listen();
      const refused = theirs.next('program.lost');
      const held = former.slot(input('cam_1', 300), theirs.report);
      expect((await refused).event.detail).to.include('epoch');
      const session = await publisher();
      held.release();
      await new Promise((resolve) => setTimeout(resolve, 200));
      expect((await publisher())?.id, 'still published').to.equal(session.id);
      former.close();
      gateway.close();
      gateway = owner;
    });

    it('is taken up again when the switcher was killed, and whoever watches stays', async () => {
      const reader = await readProgram(relay.rtsp('cam_1'));
      await until('pictures', () => reader.packets.length > 50);
      const session = await publisher();
      const lost = ears.next('program.lost');
      await switcher.kill();
      expect((await lost).event.detail).to.equal('switcher-1 went away');
      const restored = ears.next('program.restored');
      const flowing = ears.next('source.flowing');
      await switcher.start();
      await Promise.all([restored, flowing]);
      const before = reader.packets.length;
      await until('pictures to go on', () => reader.packets.length > before + 50);
      const faults = reader.faults();
      reader.close();
      expect(reader.dropped()).to.equal(undefined);
      expect(faults, 'the sequence jumps, time does not').to.have.length(1);
      expect((await publisher()).id, 'the relay has noticed nothing').to.equal(session.id);
    });

    it('ends when the camera is let go', async () => {
      const held = gateway.slot(input('cam_1'), ears.report);
      held.release();
      await until('the path to end', async () => (await publisher()) === undefined);
    });
  });

  describe('of any camera', () => {
    const clips: Record<string, { args: string[]; expected: string }> = {
      'H.264 with AAC': { args: ['-c:v', 'libx264', '-bf', '0', '-c:a', 'aac'], expected: 'h264,320,180 aac' },
      'H.264 with Opus': { args: ['-c:v', 'libx264', '-c:a', 'libopus'], expected: 'h264,320,180 opus' },
      'H.264 with G.711': {
        args: ['-c:v', 'libx264', '-c:a', 'pcm_alaw', '-ar', '8000', '-ac', '1'],
        expected: 'h264,320,180 pcm_alaw',
      },
      'H.265 whose parameter sets are in the description only': {
        args: ['-c:v', 'libx265', '-x265-params', 'log-level=none', '-flags', '+global_header', '-an'],
        expected: 'hevc,320,180',
      },
    };
    for (const [title, { args, expected }] of Object.entries(clips)) {
      it(`carries ${title}`, async () => {
        const name = `clip_${title
          .toLowerCase()
          .replace(/[^a-z0-9]+/g, '_')
          .slice(0, 30)}`;
        const source = run('ffmpeg', [
          ...[
            '-v',
            'error',
            '-fpsprobesize',
            '0',
            '-re',
            '-f',
            'lavfi',
            '-i',
            'testsrc2=s=320x180:r=15[out0];sine=440:r=48000[out1]',
          ],
          ...['-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-g', '15', ...args],
          ...['-f', 'rtsp', '-rtsp_transport', 'tcp', cameras.rtsp(name)],
        ]);
        await running(name);
        await pull(name);
        const ears = listen();
        const flowing = ears.next('source.flowing');
        const held = newGateway().slot(input(name), ears.report);
        await flowing;
        expect(await look(relay.rtsp(name))).to.equal(expected);
        held.release();
        await source.stop();
      });
    }

    it('is given time where it has only begun: many stutter then', async () => {
      const source = startCamera(cameras.rtsp('begins'));
      await running('begins');
      await pull('begins');
      const ears = listen();
      const flowing = ears.next('source.flowing');
      const held = newGateway().slot(input('begins', 300), ears.report);
      await flowing;
      const silent = ears.next('source.silent');
      process.kill(source.pid, 'SIGSTOP');
      expect((await silent).event.silent_ms, 'it may be about to go on').to.be.within(2_900, 4_000);
      held.release();
      await source.stop();
    });

    it('is published anew when the camera comes back with another codec', async () => {
      const start = (codec: string) =>
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
            'testsrc2=s=320x180:r=15',
            '-c:v',
            codec,
          ],
          ...['-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-g', '15', '-f', 'rtsp', '-rtsp_transport', 'tcp'],
          cameras.rtsp('changing'),
        ]);
      let source = start('libx264');
      await running('changing');
      await pull('changing');
      const ears = listen();
      let flowing = ears.next('source.flowing');
      newGateway().slot(input('changing'), ears.report);
      await flowing;
      expect(await look(relay.rtsp('changing'))).to.equal('h264,320,180');
      const ended = ears.next('source.ended');
      await source.stop();
      await ended;
      source = start('libx265');
      await running('changing');
      flowing = ears.next('source.flowing');
      await pull('changing');
      expect((await flowing).event.codec).to.equal('H265');
      expect(await look(relay.rtsp('changing'))).to.equal('hevc,320,180');
      await source.stop();
    });
  });

  describe('at the end', () => {
    it('leaves nothing behind when the launcher that holds its lifeline dies', async () => {
      switcher.process().child.stdin?.end();
      await until('the switcher to end', () => switcher.process().child.exitCode === 0);
    });
  });
});
