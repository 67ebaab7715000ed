import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import pino from 'pino';
import { createLadders } from '../../adapters/ladder.ffmpeg.ts';
import { relayPaths } from '../../adapters/mediamtx/relay-paths.ts';
import { mediamtx } from '../../adapters/mediamtx.ts';
import type { ProgramSwitchers } from '../../adapters/program.switcher.ts';
import { findProgram } from '../../infra/binaries.ts';
import { ladderStarts } from '../../infra/gateway/media/ladder-starts.ts';
import { planLadder } from '../../machines/policy/ladder.ts';
import { startCamera } from '../fixtures/camera.ts';
import { figure } from '../fixtures/figures.ts';
import { startMediamtx, type TestMediamtx } from '../fixtures/mediamtx.ts';
import { type Running, until } from '../fixtures/process.ts';
import { type ProgramReader, readProgram } from '../fixtures/program-reader.ts';
import { listen, startSwitcher, type TestSwitcher } from '../fixtures/switcher.ts';

describe('joining a camera through a departure path', function () {
  this.timeout(60_000);
  let cameras: TestMediamtx;
  let relay: TestMediamtx;
  let switcher: TestSwitcher;
  let gateway: ProgramSwitchers;
  let sources: Running[];
  let program: ProgramReader;
  const readers: ProgramReader[] = [];
  let rungs: { name: string; url: string }[] = [];
  const GOP_MS = 8_000;

  before(async () => {
    [cameras, relay, switcher] = await Promise.all([startMediamtx(), startMediamtx(), startSwitcher()]);
    gateway = switcher.gateway({
      sourceUrl: (id, source) => cameras.rtsp(`${id}_${source}`),
      outputs: (id) => [{ relay: 'relay-1', url: relay.rtsp(id) }],
      departureUrl: (_relay, path) => relay.rtsp(path),
      rungs: () => rungs,
    });
    sources = ['0', '1'].map((id) => startCamera(cameras.rtsp(`cam_1_${id}`), { gopSeconds: GOP_MS / 1_000 }));
    const ears = listen();
    const first = ears.next('program.switched');
    gateway.selection({ camera: 'cam_1', source: '0', how: 'at-once', armed: ['1'] }, () => {});
    gateway.slot({ camera: 'cam_1', name: 'Gate', sources: ['0', '1'], silentMs: 900 }, ears.report);
    await first;
    program = await readProgram(relay.rtsp('cam_1'));
    readers.push(program);
    // The encoder of a test camera sends several key frames in its first second.
    const startedAt = performance.now();
    await until('a long run of pictures', () => performance.now() - startedAt > 2_000 && program.packets.length > 200);
  });
  after(async () => {
    for (const reader of readers) reader.close();
    await Promise.all(sources.map((one) => one.stop()));
    await Promise.all([cameras.close(), relay.close(), switcher.close()]);
  });

  const take = async () => {
    const departure = await until('a departure path', () => gateway.departures.take('cam_1', 'relay-1'), 5_000, 5);
    const reader = await readProgram(relay.rtsp(departure.path));
    readers.push(reader);
    return { departure, reader };
  };

  it('gives a picture that can be decoded at once, however far the next key frame is', async () => {
    const took: number[] = [];
    for (let round = 0; round < 4; round += 1) {
      const { departure, reader } = await take();
      expect(reader.packets, 'silent until it is told').to.deep.equal([]);
      const departedAt = performance.now();
      departure.depart();
      await until('pictures', () => reader.packets.length > 20, 5_000, 1);
      took.push((reader.packets[0]?.atMs ?? 0) - departedAt);
      expect(reader.packets[0]?.keyStart, 'begins with a key frame').to.equal(true);
      departure.close();
      await until('its end', () => reader.dropped());
    }
    expect(Math.max(...took), `ms: ${took.map(Math.round)}`).to.be.below(500);
  });

  it('lets a ladder begin, and its rung be watched, before the next key frame', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'sbx-start-'));
    const api = mediamtx({ relay: 'relay-1', host: '127.0.0.1', port: relay.ports.api, token: () => '' });
    const paths = relayPaths(api);
    const ladder = createLadders({
      ...{ ffmpeg: findProgram('ffmpeg'), folder: path.join(folder, 'hls'), sockets: path.join(folder, 'run') },
      relays: [{ paths, urlOf: (name) => relay.rtsp(name), feeds: true }],
      startOf: ladderStarts({
        departures: gateway.departures,
        apiOf: () => api,
        urlOf: (_relay, name) => relay.rtsp(name),
        log: pino({ level: 'silent' }),
      }),
    });
    const { rungs } = planLadder(
      {
        ...{ codec: 'h264', width: 640, height: 360, fps: 30, gop_ms: GOP_MS },
        ...{ reordered: false, bitrate_bps: 1_000_000, audio: false },
      },
      [{ name: '180p', height: 180, bitrate_bps: 200_000, max_bps: 240_000, buffer_bits: 120_000 }],
    );
    const keyFrames = () => program.packets.filter(({ keyStart }) => keyStart).length;
    const before = keyFrames();
    await until('a key frame, so that the next one is far', () => keyFrames() > before, 2 * GOP_MS, 5);
    const [beganAt, began] = [performance.now(), keyFrames()];
    const held = ladder({ camera: 'cam_1', rungs, audio: false, fps: 30, gopMs: GOP_MS, stalledMs: 5_000 }, () => {});
    await until('the rung', async () => (await api.paths()).some((one) => one.name === 'cam_1/180p' && one.available));
    const rung = await readProgram(relay.rtsp('cam_1/180p'));
    readers.push(rung);
    await until('pictures of the rung', () => rung.packets.some(({ keyStart }) => keyStart));
    figure('cold ladder: from its order to a key frame at a reader', performance.now() - beganAt);
    expect(keyFrames(), 'the camera has sent no other key frame').to.equal(began);
    held.release();
    await until('the rung to be gone', async () =>
      (await api.pathConfigs()).every(({ name }) => name !== 'cam_1/180p'),
    );
    paths.close();
    api.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('gives a rung of it that can be decoded at once, while there is that rung', async () => {
    const url = relay.rtsp('cam_1/180p');
    const rung = { name: '180p', bps: 2_000_000 };
    const made = startCamera(url, { gopSeconds: GOP_MS / 1_000 });
    const ofRung = await until('the rung', () => readProgram(url).catch(() => undefined), 10_000, 100);
    readers.push(ofRung);
    // Its encoder, too, sends several key frames in its first second.
    const startedAt = performance.now();
    await until('a long run of it', () => performance.now() - startedAt > 2_000 && ofRung.packets.length > 100);
    expect(gateway.departures.take('cam_1', 'relay-1', rung), 'nobody was told of it').to.equal(undefined);
    rungs = [{ name: '180p', url }];
    gateway.renew('cam_1');
    // Whoever begins to read it, as the switcher does, waits for one key frame.
    const departure = await until(
      'a path to begin it',
      () => gateway.departures.take('cam_1', 'relay-1', rung),
      2 * GOP_MS,
      20,
    );
    const keyFrames = () => ofRung.packets.filter(({ keyStart }) => keyStart).length;
    const [before, programBefore] = [keyFrames(), program.packets.length];
    const reader = await readProgram(relay.rtsp(departure.path));
    readers.push(reader);
    departure.depart();
    await until('pictures', () => reader.packets.length > 50, 5_000, 5);
    expect(reader.packets[0]?.keyStart, 'begins with a key frame').to.equal(true);
    expect(keyFrames(), 'the rung has sent no other key frame').to.equal(before);
    expect(reader.faults()).to.deep.equal([]);
    expect(program.packets.length, 'the program goes on beside it').to.be.above(programBefore);
    const told = () => gateway.departures.lacksRung('cam_1', departure.path);
    expect(told()).to.equal(false);
    await made.stop();
    await until('it to be told that there is another picture', told);
    const stoppedAt = performance.now();
    const later = () => reader.packets.filter(({ atMs }) => atMs > stoppedAt);
    await until('the camera’s own picture meanwhile', () => later().length > 50, 10_000);
    // As a gateway that is started again says it: no ladder runs yet.
    rungs = [];
    gateway.renew('cam_1');
    const soFar = later().length;
    await until('it to go on', () => later().length > soFar + 20, 10_000);
    expect(reader.dropped()).to.equal(undefined);
    const again = startCamera(url, { gopSeconds: 1 });
    rungs = [{ name: '180p', url }];
    gateway.renew('cam_1');
    await until('its rung again', () => !told(), 15_000);
    expect(reader.dropped(), 'all the time').to.equal(undefined);
    await again.stop();
    rungs = [];
    gateway.renew('cam_1');
    await until('it to be over where no rung comes', () => reader.dropped(), 15_000);
    departure.close();
  });

  it('then goes on live, in order, and over the death of a source like the program', async () => {
    const { departure, reader } = await take();
    departure.depart();
    await until('live pictures', () => reader.packets.length > 150);
    const killedAt = performance.now();
    await sources[0]?.stop();
    await until('the backup', () => reader.packets.filter(({ atMs }) => atMs > killedAt).length > 60);
    expect(reader.gapMs(killedAt)).to.be.below(600);
    expect(reader.faults()).to.deep.equal([]);
    expect(program.faults()).to.deep.equal([]);
    departure.close();
  });

  it('keeps everybody who is on one, whatever it carries, when the switcher is killed', async () => {
    const url = relay.rtsp('cam_1/180p');
    const rung = { name: '180p', bps: 2_000_000 };
    const made = startCamera(url, { gopSeconds: 1 });
    rungs = [{ name: '180p', url }];
    const own = await take();
    const low = await until(
      'a path to begin the rung',
      () => {
        gateway.renew('cam_1');
        return gateway.departures.take('cam_1', 'relay-1', rung);
      },
      2 * GOP_MS,
      100,
    );
    const reader = await readProgram(relay.rtsp(low.path));
    readers.push(reader);
    low.depart();
    own.departure.depart();
    const all = [own.reader, reader, program];
    await until('pictures', () => all.every(({ packets }) => packets.length > 50));
    await switcher.kill();
    await switcher.start();
    const before = all.map(({ packets }) => packets.length);
    await until('pictures to go on', () =>
      all.every(({ packets }, index) => packets.length > (before[index] ?? 0) + 50),
    );
    await until('the rung again', () => !gateway.departures.lacksRung('cam_1', low.path));
    expect(all.map((one) => one.dropped())).to.deep.equal([undefined, undefined, undefined]);
    const ofTime = all.flatMap((one) => one.faults()).filter((fault) => fault.startsWith('time'));
    expect(ofTime).to.deep.equal([]);
    await made.stop();
    rungs = [];
    gateway.renew('cam_1');
    low.close();
    own.departure.close();
    await until('their end', () => reader.dropped() && own.reader.dropped());
  });
});
