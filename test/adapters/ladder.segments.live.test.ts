import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { PIECE_S, PIECES } from '../../adapters/ladder.ffmpeg/arguments.ts';
import { joinSegments } from '../../adapters/ladder.ffmpeg/segments.ts';
import { findProgram } from '../../infra/binaries.ts';
import { COUNTED, joined, ladderOfFile, probed } from '../fixtures/ladder-of-file.ts';
import { run, until } from '../fixtures/process.ts';

const SECONDS = 60;
/** Rungs count in units of their own: one picture may have times that differ a little. */
const SAME_S = 0.02;

describe('the segments of a ladder', function () {
  this.timeout(60_000);
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'sbx-segments-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  for (const [what, fps, gopFrames, beginAtS] of [
    ['a key frame each two seconds', '25', 50, 0],
    ['one each 1.92 s, begun between two of them', '25', 48, 0.7],
    ['29.97 pictures a second', '30000/1001', 60, 0],
  ] as const) {
    it(`begin and end together on every rung for as long as it runs, of a camera with ${what}`, async () => {
      const { rate, rungs, startedMs, seen } = await ladderOfFile(folder, {
        fps,
        gopFrames,
        beginAtS,
        seconds: SECONDS,
      });
      expect(rungs.map(({ how }) => how)).to.deep.equal(['copied', 'encoded']);
      const [top = [], low = []] = [...seen.values()].map((listed) => [...listed.values()]);
      expect(top.length, 'segments').to.be.above(SECONDS / 2.1 - 3);
      expect(low).to.have.length(top.length);
      for (const [at, one] of top.entries()) {
        expect(one.seconds, `segment ${at}`).to.be.within(1.9, 2.1);
        expect(low[at]?.seconds, `segment ${at}`).to.be.closeTo(one.seconds, SAME_S);
        expect(low[at]?.atMs, `segment ${at}`).to.be.closeTo(one.atMs, 1000 * SAME_S);
      }
      // What players get can be decoded without what was before.
      const newest = [...(seen.get('360p')?.keys() ?? [])].at(-1) ?? '';
      const [counted = ''] = probed(COUNTED, joined(folder, [`360p_${startedMs}.mp4`, newest]));
      expect(Number.parseInt(counted, 10)).to.be.closeTo(2 * rate, rate * 0.2);
    });
  }

  /** A picture with a sound of so many seconds, as a ladder makes them, at the speed of a camera. */
  const sound = (pieces: string, startedMs: number, seconds: number) =>
    run(
      'ffmpeg',
      [
        ...['-v', 'error', '-re', '-f', 'lavfi', '-i', 'color=gray:s=160x90:r=25'],
        ...['-re', '-f', 'lavfi', '-t', String(seconds), '-i', 'sine=440:r=48000'],
        ...['-t', '14', '-map', '0:v', '-map', '1:a', '-c:v', 'libx264', '-preset', 'ultrafast', '-g', '25'],
        ...['-c:a', 'aac', '-b:a', '96k', '-ac', '2', '-ar', '48000', '-f', 'tee'],
        [
          `[f=hls:select=0:hls_time=0.001:hls_list_size=50:hls_segment_type=fmp4:hls_fmp4_init_filename=90p_${startedMs}.mp4:hls_segment_filename=${PIECES}/90p_%d.m4s]${PIECES}/90p.m3u8`,
          `[f=hls:select=1:hls_time=${PIECE_S.sound}:hls_list_size=50:hls_segment_type=fmp4:hls_fmp4_init_filename=audio_${startedMs}.mp4:hls_segment_filename=${PIECES}/audio_%d.m4s]${PIECES}/audio.m3u8`,
        ].join('|'),
      ],
      { cwd: path.dirname(pieces) },
    );
  /** How long a sound lasts that players get, decoded whole, in seconds. */
  const heardS = (files: readonly string[]) => {
    const input = Buffer.concat(files.map((file) => readFileSync(path.join(folder, file))));
    const decode = ['-v', 'error', '-xerror', '-i', '-', '-f', 's16le', '-ac', '1', '-ar', '48000', '-'];
    const samples = execFileSync(findProgram('ffmpeg'), decode, { input, maxBuffer: 1e8 });
    return samples.length / 2 / 48_000;
  };

  it('go on in silence when the sound ends in mid-stream, each as long as the picture’s, under one target duration', async () => {
    const pieces = path.join(folder, PIECES);
    mkdirSync(pieces);
    const startedMs = Date.now();
    const made = sound(pieces, startedMs, 5);
    const audio = { name: 'audio', made: true };
    const segments = joinSegments({ pieces, folder, rungs: ['90p'], audio, startedMs, told: { targetS: 2 } });
    const targets = new Set<string>();
    const lists = () => {
      segments.join();
      if (!segments.isFlowing()) return [];
      const both = ['90p', 'audio'].map((name) => readFileSync(path.join(folder, `${name}.m3u8`), 'utf8'));
      for (const playlist of both) targets.add(/TARGETDURATION:(\d+)/.exec(playlist)?.[1] ?? '');
      return both.map((playlist) => [...playlist.matchAll(/#EXTINF:([\d.]+),\n.*\n(\S+)/g)]);
    };
    try {
      const [, heard = []] = await until(
        'six segments of sound',
        () => {
          const both = lists();
          return both[1]?.length === 6 ? both : undefined;
        },
        30_000,
        50,
      );
      const [picture = []] = lists();
      const lasts = (listed: RegExpMatchArray[]) => listed.reduce((sum, [, seconds]) => sum + Number(seconds), 0);
      expect(lasts(heard)).to.be.closeTo(lasts(picture.slice(0, 6)), 0.3);
      expect(heardS([`audio_${startedMs}.mp4`, ...heard.map(([, , file = '']) => file)])).to.be.closeTo(
        lasts(heard),
        0.2,
      );
      expect([...targets]).to.deep.equal(['2']);
    } finally {
      await made.stop('SIGKILL');
    }
    const { sound: init } = segments.told();
    expect(init?.includes('mp4a'), 'what players hold on to').to.equal(true);
  });

  it('are silent for who has heard something before, though a new start has no sound', async () => {
    const pieces = path.join(folder, PIECES);
    mkdirSync(pieces);
    const first = Date.now();
    let made = sound(pieces, first, 14);
    const told = { targetS: 2 };
    const before = joinSegments({
      ...{ pieces, folder, rungs: ['90p'], startedMs: first, told },
      audio: { name: 'audio', made: true },
    });
    await until(
      'the first segments',
      () => {
        before.join();
        return before.isFlowing();
      },
      20_000,
      50,
    );
    await made.stop('SIGKILL');
    rmSync(pieces, { recursive: true, force: true });
    mkdirSync(pieces);
    const startedMs = first + 20_000;
    made = sound(pieces, startedMs, 14);
    const segments = joinSegments({
      ...{ pieces, folder, rungs: ['90p'], startedMs, told: before.told() },
      audio: { name: 'audio', made: false },
    });
    try {
      const playlist = await until(
        'two segments of silence',
        () => {
          segments.join();
          const now = segments.isFlowing() ? readFileSync(path.join(folder, 'audio.m3u8'), 'utf8') : '';
          return now.includes(`MAP:URI="audio_${startedMs}.mp4"`) && now.match(/m4s/g)?.length === 2 ? now : undefined;
        },
        20_000,
        50,
      );
      const files = [...playlist.matchAll(/^audio_\d+\.m4s$/gm)].map(([file]) => file);
      expect(heardS([`audio_${startedMs}.mp4`, ...files])).to.be.closeTo(4, 0.2);
    } finally {
      await made.stop('SIGKILL');
    }
  });
});
