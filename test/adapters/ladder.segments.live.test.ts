import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { ladderOutput, PIECES } from '../../adapters/ladder.ffmpeg/arguments.ts';
import { joinSegments } from '../../adapters/ladder.ffmpeg/segments.ts';
import { findProgram } from '../../infra/binaries.ts';
import { planLadder, rungsNamed } from '../../machines/policy/ladder.ts';
import { run, until } from '../fixtures/process.ts';

const SECONDS = 60;
/** So much faster than a camera. */
const TIMES = 15;
/** Rungs count in units of their own: one picture may have times that differ a little. */
const SAME_S = 0.02;

/** A ladder that a real FFmpeg makes of a file, as of a camera but in a fraction of the time. */
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
      const [numerator = 0, denominator = 1] = fps.split('/').map(Number);
      const rate = numerator / denominator;
      const source = path.join(folder, 'camera.ts');
      const ffmpeg = findProgram('ffmpeg');
      execFileSync(ffmpeg, [
        ...['-v', 'error', '-f', 'lavfi', '-i', `color=gray:s=160x480:r=${fps}`, '-t', String(SECONDS)],
        ...['-c:v', 'libx264', '-preset', 'ultrafast', '-tune', 'zerolatency', '-profile:v', 'baseline'],
        ...['-g', String(gopFrames), '-keyint_min', String(gopFrames), '-sc_threshold', '0', source],
      ]);
      const measured = { codec: 'h264', width: 160, height: 480, fps: rate, gop_ms: (1000 * gopFrames) / rate };
      const { rungs } = planLadder(
        { ...measured, reordered: false, bitrate_bps: 900_000, audio: false },
        rungsNamed(['480p', '360p']),
      );
      expect(rungs.map(({ how }) => how)).to.deep.equal(['copied', 'encoded']);
      const pieces = path.join(folder, PIECES);
      mkdirSync(pieces);
      const startedMs = Date.now();
      const making = { rungs, audio: false, fps: rate, gopMs: measured.gop_ms, startedMs, socket: () => '' };
      const { format, options, target } = ladderOutput(making);
      const made = run(
        'ffmpeg',
        [
          ...['-v', 'error', '-ss', String(beginAtS), '-readrate', String(TIMES), '-i', source],
          ...options.flatMap((option) => option.split(/ (.*)/s).filter((part) => part)),
          // Without what goes to the relay.
          ...[
            '-f',
            format,
            target
              .split('|')
              .filter((one) => one.includes('f=hls'))
              .join('|'),
          ],
        ],
        { cwd: folder },
      );
      const segments = joinSegments({ pieces, folder, rungs: rungs.map(({ name }) => name), startedMs });
      /** The seconds of each segment by its file, of all that were ever listed. */
      const seen = new Map(rungs.map(({ name }) => [name, new Map<string, { atMs: number; seconds: number }>()]));
      const look = () => {
        segments.join();
        if (!segments.isFlowing()) return;
        for (const [name, listed] of seen) {
          const playlist = readFileSync(path.join(folder, `${name}.m3u8`), 'utf8');
          const entries = playlist.matchAll(/#EXTINF:([\d.]+),\n#EXT-X-PROGRAM-DATE-TIME:(\S+)\n(\S+)/g);
          for (const [, seconds, date, file = ''] of entries)
            listed.set(file, { seconds: Number(seconds), atMs: Date.parse(date ?? '') });
        }
      };
      try {
        await until(
          'FFmpeg to end',
          () => {
            look();
            return made.child.exitCode !== null;
          },
          50_000,
          20,
        );
        look();
      } finally {
        await made.stop('SIGKILL');
      }
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
      const playable = Buffer.concat(
        [`360p_${startedMs}.mp4`, newest].map((file) => readFileSync(path.join(folder, file))),
      );
      const counted = execFileSync(
        'ffprobe',
        ['-v', 'error', '-count_frames', '-show_entries', 'stream=nb_read_frames', '-of', 'csv=p=0', '-'],
        { input: playable, encoding: 'utf8' },
      );
      expect(Number.parseInt(counted, 10)).to.be.closeTo(2 * rate, rate * 0.2);
    });
  }
});
