import { expect } from 'chai';
import type { ProgramSwitchers } from '../../adapters/program.switcher.ts';
import { startCamera } from '../fixtures/camera.ts';
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
  const GOP_MS = 4_000;

  before(async () => {
    [cameras, relay, switcher] = await Promise.all([startMediamtx(), startMediamtx(), startSwitcher()]);
    gateway = switcher.gateway({
      sourceUrl: (id, source) => cameras.rtsp(`${id}_${source}`),
      outputs: (id) => [{ relay: 'relay-1', url: relay.rtsp(id) }],
      departureUrl: (_relay, path) => relay.rtsp(path),
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
});
