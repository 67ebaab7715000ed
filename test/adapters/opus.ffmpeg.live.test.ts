import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { type RelayPaths, relayPaths } from '../../adapters/mediamtx/relay-paths.ts';
import { createOpus, soundPath } from '../../adapters/opus.ffmpeg.ts';
import { findProgram } from '../../infra/binaries.ts';
import type { Held, OpusReport, OpusSlot } from '../../machines/slots.ts';
import { startCamera } from '../fixtures/camera.ts';
import { figure } from '../fixtures/figures.ts';
import { type Running, until } from '../fixtures/process.ts';
import { serveTokenKeys, startRelay, type TestRelay, type TokenKeys } from '../fixtures/relay.ts';

describe('the sound of a real program, for WebRTC', function () {
  this.timeout(40_000);
  let keys: TokenKeys;
  let relay: TestRelay;
  let paths: RelayPaths;
  let folder: string;
  let opus: OpusSlot;
  let held: Held | undefined;
  const cameras: Running[] = [];

  before(async () => {
    keys = await serveTokenKeys();
    relay = await startRelay('delivery', keys);
    paths = relayPaths(relay.api);
    folder = mkdtempSync(path.join(tmpdir(), 'sbx-opus-'));
    for (const [camera, audio] of [['aac', 'aac'], ['alaw', 'pcm_alaw'], ['mute']] as const) {
      const publish = keys.token('switcher', [{ action: 'publish', path: camera }]);
      const picture = { width: 320, height: 180, fps: 10, bitrateBps: 200_000, gopSeconds: 1 };
      cameras.push(startCamera(relay.rtsp(camera, publish), { ...picture, ...(audio ? { audio } : {}) }));
    }
    await until(
      'the programs',
      async () => (await relay.api.paths()).filter((one) => one.available).length === 3,
      20_000,
    );
    opus = createOpus({
      ffmpeg: findProgram('ffmpeg'),
      relays: [
        {
          paths,
          urlOf: (camera) => relay.rtsp(camera, keys.token('sound', [{ action: 'read', path: camera }])),
          feeds: true,
        },
      ],
      sockets: path.join(folder, 'run'),
    });
  });
  afterEach(() => held?.release());
  after(async () => {
    await Promise.all(cameras.map((one) => one.stop()));
    paths?.close();
    await relay?.close();
    keys?.close();
    if (folder) rmSync(folder, { recursive: true, force: true });
  });

  const make = (camera: string): OpusReport[] => {
    const reports: OpusReport[] = [];
    held = opus({ camera, stalledMs: 5_000 }, (report) => reports.push(report));
    return reports;
  };
  const soundOf = async (camera: string) =>
    (await relay.api.paths()).find(({ name, available }) => name === soundPath(camera) && available);

  for (const camera of ['aac', 'alaw']) {
    it(`is Opus at a path of its own, made of ${camera}, and is gone with its last listener`, async () => {
      const began = performance.now();
      const reports = make(camera);
      const made = await until('the sound', () => soundOf(camera), 15_000);
      figure(`sound: ${camera}, from asking to a path with it`, performance.now() - began);
      expect(made.tracks2?.map(({ codec }) => codec)).to.deep.equal(['Opus']);
      expect(reports.map(({ type }) => type)).to.deep.equal(['opus.flowing']);
      held?.release();
      await until('the path to go', async () => (await soundOf(camera)) === undefined, 10_000);
    });
  }

  it('tells a camera that sends none', async () => {
    const reports = make('mute');
    const ended = await until('its end', () => reports.at(-1)?.type === 'opus.ended' && reports.at(-1), 15_000);
    expect(ended).to.include({ reason: 'none' });
  });
});
