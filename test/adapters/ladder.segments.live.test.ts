import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { ladderOutput, PIECE_S, PIECES } from '../../adapters/ladder.ffmpeg/arguments.ts';
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
      const names = rungs.map(({ name }) => name);
      const segments = joinSegments({ pieces, folder, rungs: names, startedMs, told: { targetS: 2 } });
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
