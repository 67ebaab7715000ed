import { rmSync, writeFileSync } from 'node:fs';
import { encoderOutput, type OverlayFiles } from './encoder.ffmpeg/arguments.ts';
import { type FfmpegRun, lastWords, runFfmpeg } from './ffmpeg.ts';
import { INPUT_OPTIONS, inputList, PACKETS_FORMAT, PACKETS_OPTIONS } from './ladder.ffmpeg/arguments.ts';
import type { Encoding } from './push.mediamtx/making.ts';

/** Who is told how an encoder fares. */
export interface EncoderHear {
  /** Twice a second: how much media has come out since it began. */
  made(mediaMs: number): void;
  /** It is over, once; not told after `kill`. */
  ended(detail: string): void;
}

const PROGRESS = /^(\w+)=(.*)$/;
/** The clock's text in FFmpeg's words (https://ffmpeg.org/ffmpeg-filters.html#Text-expansion). */
const CLOCK = '%{localtime:%F %T}';

/** Writes what stands on the picture into files beside the socket: what other programs see holds no names. */
function overlayFiles({ making, socket }: Encoding): OverlayFiles | undefined {
  if (!making.overlay) return undefined;
  const { word, name } = making.overlay;
  const written = (what: string, text: string): string => {
    const file = `${socket}.${what}`;
    writeFileSync(file, text, { mode: 0o600 });
    return file;
  };
  return { word: written('word', word), clock: written('clock', CLOCK), name: written('name', name) };
}

/** Starts the FFmpeg that makes a program fit for a destination. */
export function startEncoder(ffmpeg: string, encoding: Encoding, hear: EncoderHear): FfmpegRun {
  const { making, url, socket } = encoding;
  const overlay = overlayFiles(encoding);
  const forgetOverlay = () => {
    for (const file of Object.values(overlay ?? {})) rmSync(file, { force: true });
  };
  const words = lastWords();
  const listen = (line: string) => {
    const [, name, value] = PROGRESS.exec(line) ?? [];
    if (name === 'out_time_us') return hear.made(Math.max(0, Math.round(Number(value) / 1000) || 0));
    // The other lines of a progress report tell nothing that is needed.
    if (name) return;
    words.add(line);
  };
  const run = runFfmpeg({
    program: ffmpeg,
    inputFormat: 'concat',
    inputOptions: ['-v warning', '-progress pipe:2', '-stats_period 0.5', ...INPUT_OPTIONS],
    also: encoderOutput(making, socket, overlay),
    outputFormat: PACKETS_FORMAT,
    outputOptions: PACKETS_OPTIONS,
    onOutput() {},
    onLine: listen,
    onEnd(detail) {
      forgetOverlay();
      hear.ended(words.said(detail));
    },
  });
  // Counting frames to guess their rate would cost another second; nothing here needs it.
  run.write(Buffer.from(`${inputList(url)}option fpsprobesize 0\n`));
  run.end();
  return {
    ...run,
    kill() {
      run.kill();
      forgetOverlay();
    },
  };
}
