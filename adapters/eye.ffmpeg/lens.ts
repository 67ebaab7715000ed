import { type FfmpegRun, runFfmpeg } from '../ffmpeg.ts';
import { fitsIvf, ivfFrame, ivfHeader } from './ivf.ts';
import { createJpegCutter } from './jpeg.ts';

/** What a lens sees. */
export interface LensHandlers {
  poster(jpeg: Buffer): void;
  /** Key frames have been the same since this monotonic time. */
  still(sinceMs: number): void;
  /** They differ again. */
  moved(): void;
  /** The decoder ended or hung; a new one starts with one of the next key frames. */
  trouble(detail: string): void;
}

/** One camera's key frames, decoded by an FFmpeg of its own. */
export interface Lens {
  look(codec: string, annexB: Buffer): void;
  close(): void;
}

/**
 * Two key frames count as the same below this mean difference, as a share of full scale (half a grey level). Encoding
 * one picture anew gives 0.0002 to 0.0017; so does faint sensor noise, which is why inter frames are weighed as well.
 */
const SAME_BELOW = 0.002;
const POSTER_WIDTH = 640;
const RESTART_AFTER_MS = 1_000;
/** Pictures that a decoder holds back for reordering, at most. */
const MAX_REORDERED = 5;
/** More than this are not given to a decoder that is behind; after this long without a picture it hangs. */
const MAX_HELD = 15;
const HUNG_MS = 10_000;

const now = () => performance.now();

function inputOptions(codec: string): string[] {
  const plain = ['-flags low_delay', '-probesize 32', '-analyzeduration 0', '-threads 1'];
  // FFmpeg knows no IVF with H.265, but takes it when told the decoder.
  return codec === 'H265' ? ['-c:v hevc', ...plain] : plain;
}

const outputOptions = (stillMs: number) => [
  '-an',
  '-fps_mode passthrough',
  // Copies of a picture are a millisecond apart; on the default of 40 ms the encoder would stop.
  '-enc_time_base 1/1000',
  `-vf freezedetect=n=${SAME_BELOW}:d=${stillMs / 1000},scale=w='min(${POSTER_WIDTH}\\,iw)':h=-2`,
  '-threads 1',
  '-c:v mjpeg',
  '-q:v 5',
  '-flush_packets 1',
];

/**
 * Opens a lens: its FFmpeg starts with the first key frame and is started anew when it ends or hangs.
 * @param stillMs key frames that are the same over this span are `still`
 */
export function openLens(program: string, stillMs: number, handlers: LensHandlers): Lens {
  let run: FfmpegRun | undefined;
  let running = '';
  let startedAt = 0;
  let endedAt = Number.NEGATIVE_INFINITY;
  let sawAt = 0;
  let lastTimeMs = -1;
  let held = 0;
  let still = false;

  const stop = () => {
    run?.kill();
    run = undefined;
    endedAt = now();
    // A new decoder starts without memory: it takes the whole span again to call a picture still.
    if (still) handlers.moved();
    still = false;
  };

  const hear = (line: string) => {
    const start = /freeze_start: ([\d.]+)/.exec(line);
    if (start) {
      still = true;
      handlers.still(startedAt + Number(start[1]) * 1000);
    } else if (still && line.includes('freeze_end')) {
      still = false;
      handlers.moved();
    }
  };

  const start = (codec: string) => {
    running = codec;
    startedAt = now();
    sawAt = startedAt;
    lastTimeMs = -1;
    held = 0;
    run = runFfmpeg({
      program,
      inputFormat: 'ivf',
      inputOptions: inputOptions(codec),
      outputFormat: 'image2pipe',
      outputOptions: outputOptions(stillMs),
      onOutput: createJpegCutter((jpeg) => {
        sawAt = now();
        held = Math.max(0, held - 1);
        handlers.poster(jpeg);
      }),
      onLine: hear,
      onEnd(detail) {
        handlers.trouble(detail);
        stop();
      },
    });
    run.write(ivfHeader(codec));
  };

  const write = (annexB: Buffer) => {
    lastTimeMs = Math.max(lastTimeMs + 1, Math.round(now() - startedAt));
    held += 1;
    run?.write(ivfFrame(annexB, lastTimeMs));
  };

  return {
    look(codec, annexB) {
      if (run && codec !== running) stop();
      if (!run && fitsIvf(codec) && now() - endedAt >= RESTART_AFTER_MS) start(codec);
      if (!run) return;
      if (held >= MAX_HELD) {
        if (now() - sawAt <= HUNG_MS) return;
        handlers.trouble(`no picture for ${HUNG_MS} ms`);
        return stop();
      }
      // A stream with pictures out of order keeps the decoder waiting for the next ones: it gets copies instead.
      const copies = Math.min(held, MAX_REORDERED);
      for (let copy = 0; copy <= copies; copy += 1) write(annexB);
    },
    close: stop,
  };
}
