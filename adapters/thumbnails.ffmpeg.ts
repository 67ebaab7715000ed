import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { runFfmpeg } from './ffmpeg.ts';
import type { FileName, KeyFrame } from './recordings.files.ts';
import { turnstile } from './turnstile.ts';

/** What thumbnails need from the place where they are made. */
export interface ThumbnailOptions {
  /** Path of FFmpeg. */
  ffmpeg: string;
  /** Where they are kept. */
  folder: string;
  /** The ones used last are kept up to this. */
  maxBytes: number;
}

/** Small pictures of what was recorded. */
export interface Thumbnails {
  /**
   * The key frame as a small JPEG; who asks for the same one meanwhile gets the same making.
   * @throws Busy, or Error with what FFmpeg said
   */
  of(frame: KeyFrame): Promise<Buffer>;
  /** Drops what was made of a file that is deleted. */
  forget(file: FileName): Promise<void>;
}

/** More pictures are asked for than can be made. */
export class Busy extends Error {
  override name = 'Busy';
}

const WIDTH = 320;
const AT_ONCE = 2;
const MOST_WAITING = 32;
const MADE_WITHIN_MS = 10_000;

const prefixOf = ({ camera, source, name }: FileName): string => `${camera}.${source}.${name}.`;

/** @throws Error with what FFmpeg said */
function shrink(ffmpeg: string, mp4: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let said = '';
    const run = runFfmpeg({
      program: ffmpeg,
      inputFormat: 'mp4',
      inputOptions: ['-threads 1'],
      outputFormat: 'image2pipe',
      outputOptions: ['-an', '-vf', `scale=${WIDTH}:-2`, '-c:v mjpeg', '-q:v 6', '-frames:v 1', '-threads 1'],
      onOutput: (chunk) => chunks.push(chunk),
      onLine(line) {
        if (line.trim()) said = line.trim().slice(0, 200);
      },
      onEnd(detail) {
        clearTimeout(late);
        if (chunks.length > 0) resolve(Buffer.concat(chunks));
        else reject(new Error(`no thumbnail: ${detail}: ${said}`));
      },
    });
    const late = setTimeout(() => {
      run.kill();
      reject(new Error(`no thumbnail: FFmpeg took longer than ${MADE_WITHIN_MS} ms`));
    }, MADE_WITHIN_MS);
    run.write(mp4);
    run.end();
  });
}

/** Opens the thumbnails that are kept; they are kept over restarts. */
export function openThumbnails({ ffmpeg, folder, maxBytes }: ThumbnailOptions): Thumbnails {
  /** Bytes of each file, the one used last at the end. */
  const kept = new Map<string, number>();
  let keptBytes = 0;
  const making = new Map<string, Promise<Buffer>>();
  const inTurn = turnstile({
    atOnce: AT_ONCE,
    waiting: MOST_WAITING,
    refusal: () => new Busy('Too many thumbnails are being made.'),
  });
  const fileOf = (name: string) => path.join(folder, name);

  const begin = async (): Promise<void> => {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    for (const name of await readdir(folder)) {
      // What was being written when this process ended is none.
      if (!name.endsWith('.jpg')) await rm(fileOf(name), { force: true });
      else note(name, (await stat(fileOf(name))).size);
    }
  };
  let begun: Promise<void> | undefined;
  const note = (name: string, bytes: number): void => {
    keptBytes += bytes - (kept.get(name) ?? 0);
    kept.delete(name);
    kept.set(name, bytes);
  };
  const drop = async (name: string): Promise<void> => {
    keptBytes -= kept.get(name) ?? 0;
    kept.delete(name);
    await rm(fileOf(name), { force: true });
  };
  const keep = async (name: string, jpeg: Buffer): Promise<void> => {
    await writeFile(fileOf(`${name}.new`), jpeg, { mode: 0o600 });
    await rename(fileOf(`${name}.new`), fileOf(name));
    note(name, jpeg.length);
    for (const [oldest] of kept) {
      if (keptBytes <= maxBytes) break;
      await drop(oldest);
    }
  };
  const find = async (name: string, mp4: Buffer): Promise<Buffer> => {
    begun ??= begin();
    await begun.catch(() => {}); // without a folder each is made anew
    const bytes = kept.get(name);
    const found = bytes === undefined ? undefined : await readFile(fileOf(name)).catch(() => undefined);
    if (found) {
      note(name, found.length);
      return found;
    }
    const jpeg = await inTurn(() => shrink(ffmpeg, mp4));
    // A full disk costs the keeping, not the picture.
    await keep(name, jpeg).catch(() => drop(name).catch(() => {}));
    return jpeg;
  };

  return {
    of({ file, dts, mp4 }) {
      const name = `${prefixOf(file)}${dts}.jpg`;
      const mine = making.get(name) ?? find(name, mp4).finally(() => making.delete(name));
      making.set(name, mine);
      return mine;
    },
    async forget(file) {
      begun ??= begin();
      await begun.catch(() => {});
      const own = [...kept.keys()].filter((name) => name.startsWith(prefixOf(file)));
      await Promise.all(own.map(drop));
    },
  };
}
