import { createHash } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import { rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { runFfmpeg } from './ffmpeg.ts';

/** What slates need from the place where they are made. */
export interface SlateOptions {
  /** Path of FFmpeg. */
  ffmpeg: string;
  /** Where clips are kept. */
  folder: string;
  /** A clip could not be made: for the log. */
  trouble(name: string, codec: string, detail: string): void;
}

/** Clips that say "signal lost" and a camera's name, for when no source of it is left. */
export interface Slates {
  /**
   * The file of a clip, or undefined while there is none.
   * @param ready called once when it was made meanwhile
   */
  clip(name: string, codec: string, ready: () => void): string | undefined;
}

/** The look of a slate; a change makes new files. */
const LOOK = 1;
const WIDTH = 640;
const HEIGHT = 360;
const PICTURES = 5;
/** Dark, but not black: a black picture could be a camera's. */
const GREY = 0x30;

const ENCODERS: Record<string, { format: string; options: string[] }> = {
  H264: {
    format: 'h264',
    options: ['-c:v libx264', '-profile:v baseline', '-preset medium', '-bsf:v h264_metadata=aud=insert'],
  },
  H265: {
    format: 'hevc',
    options: ['-c:v libx265', `-x265-params log-level=none:repeat-headers=1:bframes=0:keyint=${PICTURES}:aud=1`],
  },
};

/** Only letters, digits, spaces and dashes reach FFmpeg's filter language. */
const plain = (text: string) =>
  text
    .replace(/[^\p{L}\p{M}\p{N} -]/gu, ' ')
    .trim()
    .slice(0, 48);

function filters(name: string, writing: boolean): string {
  const text = (words: string, y: string, size: string, color: string) =>
    `drawtext=text='${words}':x=(w-text_w)/2:y=${y}:fontsize=${size}:fontcolor=${color}`;
  const bar = 'drawbox=x=0:y=ih*0.48:w=iw:h=ih*0.02:color=orange:t=fill';
  const written = writing
    ? [text(plain(name) || ' ', 'h*0.34', 'h/11', 'white'), text('signal lost', 'h*0.56', 'h/14', 'orange')]
    : [];
  return [`loop=${PICTURES - 1}:1:0`, 'format=yuv420p', bar, ...written].join(',');
}

/** Has FFmpeg encode one clip. @throws Error with what FFmpeg said */
function encode(ffmpeg: string, codec: string, filter: string): Promise<Buffer> {
  const { format, options } = ENCODERS[codec] as { format: string; options: string[] };
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let said = '';
    const run = runFfmpeg({
      program: ffmpeg,
      inputFormat: 'rawvideo',
      inputOptions: ['-pix_fmt gray', `-s ${WIDTH}x${HEIGHT}`, '-r 5'],
      outputFormat: format,
      outputOptions: ['-vf', filter, ...options, `-g ${PICTURES}`, '-threads 1', `-frames:v ${PICTURES}`],
      onOutput: (chunk) => chunks.push(chunk),
      onLine(line) {
        if (line.trim()) said = line.trim().slice(0, 200);
      },
      onEnd(detail) {
        if (chunks.length > 0) resolve(Buffer.concat(chunks));
        else reject(new Error(`${detail}: ${said}`));
      },
    });
    run.write(Buffer.alloc(WIDTH * HEIGHT, GREY));
    run.end();
  });
}

/** Makes slates one after the other, each once: they are kept over restarts. */
export function createSlates(options: SlateOptions): Slates {
  const waiting = new Map<string, Set<() => void>>();
  const failed = new Set<string>();
  let queue = Promise.resolve();

  const make = async (file: string, name: string, codec: string) => {
    // An FFmpeg without a font or the text filter still makes a plain picture.
    const clip = await encode(options.ffmpeg, codec, filters(name, true)).catch(() =>
      encode(options.ffmpeg, codec, filters(name, false)),
    );
    mkdirSync(options.folder, { recursive: true, mode: 0o700 });
    const draft = `${file}.draft`;
    try {
      await writeFile(draft, clip, { mode: 0o600 });
      await rename(draft, file);
    } catch (error) {
      await rm(draft, { force: true });
      throw error;
    }
  };

  const prepare = (file: string, name: string, codec: string) => {
    queue = queue
      .then(() => make(file, name, codec))
      .catch((error: Error) => {
        failed.add(file);
        options.trouble(name, codec, error.message);
      })
      .then(() => {
        const callbacks = waiting.get(file) ?? [];
        waiting.delete(file);
        if (!failed.has(file)) for (const ready of callbacks) ready();
      });
  };

  return {
    clip(name, codec, ready) {
      const encoder = ENCODERS[codec];
      if (!encoder) return undefined;
      const key = createHash('sha256').update(`${LOOK} ${codec} ${name}`).digest('hex').slice(0, 24);
      const file = path.join(options.folder, `${key}.${encoder.format}`);
      if (existsSync(file)) return file;
      if (failed.has(file)) return undefined;
      const asked = waiting.get(file);
      if (asked) {
        asked.add(ready);
      } else {
        waiting.set(file, new Set([ready]));
        prepare(file, name, codec);
      }
      return undefined;
    },
  };
}
