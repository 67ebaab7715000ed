import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { ladderOutput } from '../../adapters/ladder.ffmpeg/arguments.ts';
import { sweepMedia, sweepPlaylists } from '../../adapters/ladder.ffmpeg/folder.ts';
import { createLadders } from '../../adapters/ladder.ffmpeg.ts';
import type { RelayPaths } from '../../adapters/mediamtx/relay-paths.ts';
import type { Measured, Rung } from '../../bus/events/rendition.ts';
import { planLadder, rungsNamed } from '../../machines/policy/ladder.ts';
import { rungsWished, wishNamed } from '../../machines/policy/wished-rungs.ts';
import type { LadderReport } from '../../machines/slots.ts';
import { until } from '../fixtures/process.ts';

const measured: Measured = {
  ...{ codec: 'h264', width: 640, height: 480, fps: 25, gop_ms: 2_000 },
  ...{ reordered: false, bitrate_bps: 900_000, audio: false },
};

describe('what a ladder’s FFmpeg is told to make', () => {
  const making = (source: Measured, names: string[], audio = false) => makingOf(source, rungsNamed(names), audio);
  const makingOf = (source: Measured, wanted: readonly Rung[], audio = false) => {
    const { rungs: planned } = planLadder(source, wanted);
    const socket = (rung: string) => `/run/${rung}.sock`;
    return ladderOutput({ rungs: planned, audio, fps: source.fps, gopMs: source.gop_ms, startedMs: 1, socket });
  };
  const text = ({ options, target }: ReturnType<typeof making>) => `${options.join(' ')} ${target}`;

  it('encodes every rung of a source with B-frames, and copies the top one otherwise', () => {
    expect(text(making(measured, ['480p', '360p'])))
      .to.contain('-c:v:0 copy')
      .and.contain('-c:v:1 libx264');
    const reordered = text(making({ ...measured, reordered: true }, ['480p', '360p']));
    expect(reordered).to.not.match(/-c:v:\d copy/);
    expect(reordered).to.contain('-force_key_frames:v:1 expr:gte(t,n_forced*0.5)');
  });

  it('makes no sound of a source that has none, and AAC of whatever it has', () => {
    expect(text(making(measured, ['480p']))).to.not.contain('0:a');
    expect(text(making(measured, ['480p'], true)))
      .to.contain('-map 0:a:0 -c:a aac')
      .and.contain('audio.m3u8');
  });

  it('keeps each rung to the bit rate, the most and the buffer that its camera is given', () => {
    const own = { height: 360, bitrate_bps: 700_000, max_bps: 750_000, buffer_bits: 200_000 };
    const { rungs } = rungsWished([wishNamed('480p'), own, { height: 240, bitrate_bps: 300_000 }]);
    expect(text(makingOf(measured, rungs)))
      .to.contain('-b:v:1 700000 -maxrate:v:1 750000 -bufsize:v:1 200000')
      .and.contain('-b:v:2 300000 -maxrate:v:2 360000 -bufsize:v:2 180000');
  });

  it('gives encoded rungs two key frames a second at least, evenly between the source’s own', () => {
    for (const [gop_ms, frames] of [
      [2_000, 13],
      [1_920, 12],
      [1_500, 13],
      [1_050, 9],
      [1_000, 13],
      [500, 13],
    ] as const) {
      expect(text(making({ ...measured, gop_ms }, ['480p', '360p']))).to.contain(`-g:v:1 ${frames} `);
    }
  });
});

describe('the files of a ladder', () => {
  let state: string;
  let folder: string;
  const PLAYLIST = '480p.m3u8';
  const files = [PLAYLIST, '480p_1.mp4', '480p_1.m4s', '480p_2.m4s'];

  beforeEach(() => {
    state = mkdtempSync(path.join(tmpdir(), 'sbx-ladder-'));
    folder = path.join(state, 'hls', 'cam_001');
    mkdirSync(folder, { recursive: true });
    for (const file of files) writeFileSync(path.join(folder, file), file);
  });
  afterEach(() => rmSync(state, { recursive: true, force: true }));

  /** A ladder of which there are files already, and whose FFmpeg can't be started any more. */
  const hold = (rememberedMs: number) => {
    const reports: LadderReport[] = [];
    const ladder = createLadders({
      ...{ ffmpeg: path.join(state, 'no-such-program'), folder: path.join(state, 'hls'), sockets: state, rememberedMs },
      relays: [
        { paths: { want() {}, drop() {} } as unknown as RelayPaths, urlOf: () => 'rtsp://127.0.0.1:1/x', feeds: true },
      ],
    });
    const { rungs } = planLadder(measured, rungsNamed(['480p']));
    const input = { camera: 'cam_001', rungs, audio: false, fps: 25, gopMs: 2_000, stalledMs: 5_000 };
    const held = ladder(input, (report) => reports.push(report));
    return { ...held, ended: () => until('its end', () => reports.at(-1)?.type === 'ladder.ended') };
  };
  const left = () => readdirSync(folder).filter((file) => files.includes(file));

  it('stay for the players of one that fell, who go on where it begins anew', async () => {
    const { release, ended } = hold(60_000);
    await ended();
    release();
    expect(left()).to.have.members(files);
  });

  it('stay for a moment when nobody wants it any more, and are gone then', async () => {
    const { release, ended } = hold(50);
    await ended();
    release();
    expect(left()).to.have.members(files);
    await until('the folder to be gone', () => !existsSync(folder));
  });

  it('are not touched by the end of a ladder that another one has followed, even in the same folder', async () => {
    const { release, ended } = hold(100);
    await ended();
    release();
    const later = new Date(Date.now() + 1_000);
    for (const file of [PLAYLIST, '480p_2.m4s']) utimesSync(path.join(folder, file), later, later);
    await until('the old ones to be gone', () => left().length === 2);
    expect(left()).to.have.members([PLAYLIST, '480p_2.m4s']);
  });

  it('tell of no rung that is not made any more: a player that asks for it is led on', () => {
    const startedMs = Date.now() + 1_000;
    const written = new Date(startedMs + 1_000);
    writeFileSync(path.join(folder, '360p.m3u8'), '');
    utimesSync(path.join(folder, '360p.m3u8'), written, written);
    sweepPlaylists(folder, startedMs);
    expect(readdirSync(folder)).to.have.members(['360p.m3u8', ...files.filter((file) => file !== PLAYLIST)]);
    sweepMedia(folder, startedMs);
    expect(readdirSync(folder)).to.deep.equal(['360p.m3u8']);
  });
});
