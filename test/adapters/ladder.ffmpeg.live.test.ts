import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { createLadders } from '../../adapters/ladder.ffmpeg.ts';
import { type RelayPaths, relayPaths } from '../../adapters/mediamtx/relay-paths.ts';
import type { Measured } from '../../bus/events/rendition.ts';
import { findProgram } from '../../infra/binaries.ts';
import { DEMO_PICTURE, type Picture, pictureArguments } from '../../infra/demo/picture.ts';
import { planLadder } from '../../machines/policy/ladder.ts';
import type { LadderReport, LadderSlot } from '../../machines/slots.ts';
import { type Running, run, until } from '../fixtures/process.ts';
import { serveTokenKeys, startRelay, type TestRelay, type TokenKeys } from '../fixtures/relay.ts';

const rung = (height: number, kbps: number) => ({
  ...{ name: `${height}p`, height, bitrate_bps: kbps * 1000, max_bps: kbps * 1200, buffer_bits: kbps * 600 },
});
const RUNGS = [rung(180, 400), rung(90, 100)];
const MEASURED: Measured = {
  ...{ codec: 'h264', width: 320, height: 180, fps: 30, gop_ms: 1_000 },
  ...{ reordered: false, bitrate_bps: 400_000, audio: true },
};

/** A tone that never ends, as the demo's picture has it. */
const SOUND = 'sine=440:r=48000';

/** The processes whose arguments name a folder, with their arguments. */
function ffmpegs(): { pid: number; argv: string }[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => {
      try {
        return { pid: Number(name), argv: readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ') };
      } catch {
        return { pid: Number(name), argv: '' }; // it ended since
      }
    })
    .filter(({ argv }) => argv.includes('framecrc') && argv.includes('90p.m3u8'));
}

describe('a ladder of a real program', () => {
  let keys: TokenKeys;
  let relay: TestRelay;
  let paths: RelayPaths;
  let switcher: Running;
  let folder: string;
  let ladder: LadderSlot;
  const reports: LadderReport[] = [];

  before(async function () {
    this.timeout(30_000);
    keys = await serveTokenKeys();
    relay = await startRelay('delivery', keys);
    paths = relayPaths(relay.api);
    folder = mkdtempSync(path.join(tmpdir(), 'sbx-hls-'));
    await publish('pcm_alaw', 'G711');
    ladder = createLadders({
      ffmpeg: findProgram('ffmpeg'),
      relays: [
        {
          paths,
          urlOf: (camera) => relay.rtsp(camera, keys.token('ladder', [{ action: 'read', path: camera }])),
          feeds: true,
        },
      ],
      folder: path.join(folder, 'hls'),
      sockets: path.join(folder, 'run'),
      rememberedMs: 2_000,
    });
  });
  beforeEach(() => {
    reports.length = 0;
  });
  after(async () => {
    await switcher?.stop();
    paths?.close();
    await relay?.close();
    keys?.close();
    if (folder) rmSync(folder, { recursive: true, force: true });
  });

  /** Has the program published with a sound in this codec, as the relay names it. */
  const publish = async (audio: NonNullable<Picture['audio']>, named: string, sound = SOUND) => {
    const token = keys.token('switcher', [{ action: 'publish', path: 'cam_001' }]);
    const picture = { width: 320, height: 180, bitrateBps: 400_000, gopSeconds: 1, audio };
    const camera = pictureArguments({ ...DEMO_PICTURE, ...picture }, relay.rtsp('cam_001', token));
    // Of itself it would hold the picture back for ten seconds when the sound ends.
    const options = ['-max_interleave_delta', '100000', '-rtsp_transport'];
    switcher = run(
      'ffmpeg',
      camera.flatMap((one) => (one === SOUND ? [sound] : one === '-rtsp_transport' ? options : [one])),
    );
    const tracks = async () =>
      (await relay.api.paths()).flatMap(({ available, tracks2 = [] }) => (available ? tracks2 : []));
    await until('the program', async () => (await tracks()).some(({ codec }) => codec === named), 15_000);
  };
  const hold = (stalledMs = 5_000, camera = 'cam_001') => {
    const { audio, fps, gop_ms: gopMs } = MEASURED;
    const { rungs } = planLadder(MEASURED, RUNGS);
    return ladder({ camera, rungs, audio, fps, gopMs, stalledMs }, (event) => reports.push(event));
  };
  const file = (name: string) => readFileSync(path.join(folder, 'hls/cam_001', name), 'utf8');
  const flows = () => until('the first segments', () => reports.some(({ type }) => type === 'ladder.flowing'), 12_000);
  /** The FFmpeg of the ladder that flows. */
  const running = async () => {
    await flows();
    const [ffmpeg] = ffmpegs();
    return ffmpeg ?? expect.fail('no FFmpeg runs');
  };

  it('says that a program can’t be read, and shows nobody the token', async function () {
    this.timeout(20_000);
    const held = hold(5_000, 'cam_404');
    await until('its end', () => reports.some(({ type }) => type === 'ladder.ended'), 15_000);
    expect(reports).to.have.length(1);
    expect(reports[0]).to.include({ type: 'ladder.ended', reason: 'source' });
    expect(JSON.stringify(reports)).to.not.match(/eyJ/);
    held.release();
  });

  it('makes each rung once: segments that begin together, and a stream at the relay', async function () {
    this.timeout(25_000);
    const held = hold();
    await flows();
    const [ffmpeg] = await until('FFmpeg', () => ffmpegs());
    expect(ffmpeg?.argv).to.not.match(/token|eyJ/);
    const dates = (name: string) =>
      [...file(name).matchAll(/PROGRAM-DATE-TIME:(\S+)/g)].map(([, time]) => Date.parse(String(time)));
    await until('three segments', () => dates('90p.m3u8').length >= 3 && dates('180p.m3u8').length >= 3);
    const apart = dates('180p.m3u8')
      .slice(0, 3)
      .map((at, index) => Math.abs(at - (dates('90p.m3u8')[index] ?? 0)));
    expect(Math.max(...apart)).to.be.below(100);
    expect(file('audio.m3u8')).to.include('.m4s');
    await until('the rung at the relay', async () =>
      (await relay.api.paths()).some(({ name, available }) => name === 'cam_001/90p' && available),
    );
    held.release();
    await until('FFmpeg to be gone', () => ffmpegs().length === 0);
    await until('its files to be gone', () => !existsSync(path.join(folder, 'hls/cam_001')));
    await until('the rung to be gone', async () =>
      (await relay.api.pathConfigs()).every(({ name }) => name !== 'cam_001/90p'),
    );
  });

  it('that hangs is killed, and says so', async function () {
    this.timeout(25_000);
    const held = hold(1_000);
    const ffmpeg = await running();
    process.kill(ffmpeg.pid, 'SIGSTOP');
    await until('the report', () => reports.find(({ type }) => type === 'ladder.ended'), 4_000);
    expect(reports.at(-1)).to.include({ type: 'ladder.ended', reason: 'stalled' });
    await until('FFmpeg to be gone', () => ffmpegs().length === 0);
    held.release();
  });

  it('that gets too little of the processor says by how much it is late, and when it has caught up', async function () {
    this.timeout(90_000);
    const held = hold(30_000);
    const ffmpeg = await running();
    // So it is where others go first: it runs for a moment now and then.
    let runs: NodeJS.Timeout | undefined;
    const starving = setInterval(() => {
      process.kill(ffmpeg.pid, 'SIGCONT');
      runs = setTimeout(() => process.kill(ffmpeg.pid, 'SIGSTOP'), 15);
    }, 1_000);
    const late = await until('it to be late', () => reports.find(({ type }) => type === 'ladder.late'), 40_000).finally(
      () => {
        clearInterval(starving);
        clearTimeout(runs);
        process.kill(ffmpeg.pid, 'SIGCONT');
      },
    );
    expect(late).to.have.property('late_ms').that.is.within(1_500, 40_000);
    await until('it to catch up', () => reports.at(-1)?.type === 'ladder.caught-up', 30_000);
    held.release();
    await until('FFmpeg to be gone', () => ffmpegs().length === 0);
  });

  it('has AAC for players of HLS, whatever the camera’s sound is', async function () {
    this.timeout(40_000);
    for (const [audio, named] of [
      ['pcm_alaw', 'G711'],
      ['libopus', 'Opus'],
    ] as const) {
      if (audio !== 'pcm_alaw') {
        await switcher.stop();
        await publish(audio, named);
      }
      reports.length = 0;
      const held = hold();
      await flows();
      const [init = ''] = /audio_\d+\.mp4/.exec(file('audio.m3u8')) ?? [];
      expect(readFileSync(path.join(folder, 'hls/cam_001', init)).includes('mp4a'), named).to.equal(true);
      held.release();
      await until('FFmpeg to be gone', () => ffmpegs().length === 0);
    }
  });

  it('goes on, in silence, when its program’s sound stops', async function () {
    this.timeout(60_000);
    await switcher.stop();
    await publish('aac', 'MPEG-4 Audio', `${SOUND}:d=8`);
    reports.length = 0;
    const held = hold(2_000);
    await flows();
    const segments = (name: string) => [...file(name).matchAll(/_(\d+)\.m4s/g)].map(([, number]) => Number(number));
    const first = segments('audio.m3u8')[0] ?? 0;
    // Eight seconds of sound are four segments; a ladder that waited for more would have been given up by then.
    const goesOn = () => {
      expect(reports.map(({ type }) => type)).to.deep.equal(['ladder.flowing']);
      return (segments('audio.m3u8').at(-1) ?? 0) >= first + 6;
    };
    await until('six more segments of sound', goesOn, 30_000);
    expect((segments('180p.m3u8').at(-1) ?? 0) - (segments('audio.m3u8').at(-1) ?? 0)).to.be.within(0, 1);
    expect(reports.map(({ type }) => type)).to.deep.equal(['ladder.flowing']);
    held.release();
    await until('FFmpeg to be gone', () => ffmpegs().length === 0);
    await switcher.stop();
    await publish('pcm_alaw', 'G711');
  });

  it('whose program ends tells it once, and leaves its files to players that are behind', async function () {
    this.timeout(25_000);
    const held = hold();
    await flows();
    await switcher.stop();
    await until('the report', () => reports.find(({ type }) => type === 'ladder.ended'), 6_000);
    expect(reports.map(({ type }) => type)).to.deep.equal(['ladder.flowing', 'ladder.ended']);
    held.release();
    const [listed = ''] = file('90p.m3u8').match(/^.*\.m4s$/m) ?? [];
    expect(file(listed), 'what its playlist lists').to.have.length.above(0);
  });
});
