import { lstat, readdir, realpath, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { isId } from '../bus/identity.ts';
import { intakePath } from './intake.mediamtx.ts';
import { type Disk, DiskAway, diskOf } from './recordings/disk.ts';
import {
  type FileReader,
  type Piece,
  type RecordedFile,
  readRecordedFile,
  type Still,
} from './recordings/recorded-file.ts';
import type { Form } from './recordings/samples.ts';

/** A file of a recording, by its name alone. */
export interface FileName {
  camera: string;
  source: string;
  /** Seconds and microseconds at which it begins, as the relay wrote them: `1795698719-388263`. */
  name: string;
  /** Epoch ms. */
  from: number;
}

/** What is there without a break, of one source and in one form. Epoch ms. */
export interface Stretch {
  source: string;
  from: number;
  to: number;
  /** What it holds; absent where no head says it. */
  form?: Form;
}

/** A piece that can be played, and the file that holds it. */
export interface RecordedPiece extends Piece {
  file: FileName;
  /** Its number in the file. */
  number: number;
  /** What a player is given before it; equal for files that fit each other. */
  init: Buffer;
  form: Form | undefined;
}

/** A picture that can be shown alone, and the file that holds it. */
export interface KeyFrame extends Still {
  file: FileName;
}

/** The recordings on this machine: what is there is what lies on the disk, and nothing else. */
export interface Recordings {
  /**
   * What there is of a camera between two moments (epoch ms), oldest first, by the heads of its files.
   * @param losses when its recorder could not write: files from then are read whole, as something may be missing within
   */
  stretches(
    camera: string,
    from: number,
    to: number,
    losses?: readonly { from: number; to: number }[],
  ): Promise<Stretch[]>;
  /** The pieces that can be played between two moments; the first one begins at or before `from`. */
  pieces(camera: string, from: number, to: number): Promise<RecordedPiece[]>;
  /** One piece; undefined when it is not, or no longer, there. */
  piece(camera: string, source: string, name: string, number: number): Promise<RecordedPiece | undefined>;
  /** Its bytes. @param zeroMs the moment (epoch ms) that its times count from */
  fragmentOf(piece: RecordedPiece, zeroMs: number): Promise<Buffer>;
  /** How many these are, whatever zero is; its pictures are not read for that. */
  lengthOf(piece: RecordedPiece): Promise<number>;
  /** The key frame at or before a moment (epoch ms); undefined when nothing was recorded then. */
  keyFrame(camera: string, at: number): Promise<KeyFrame | undefined>;
  /** What each file takes; with two moments (epoch ms) those alone that reach into the time between them. */
  sizes(camera: string, from?: number, to?: number): Promise<(FileName & { to: number; bytes: number })[]>;
  /** Deletes a file. */
  remove(file: FileName): Promise<void>;
}

/** The relay writes once a second: a file that has not grown for this long is complete. */
const COMPLETE_AFTER_MS = 10_000;
/** Two files that are closer than this go on from each other. */
const BREAK_MS = 1_500;
/** Files that are kept in mind; each holds a few hundred numbers. */
const KEPT = 2_000;
/** Files that are read at the same moment. */
const AT_ONCE = 32;
/** A later piece that begins so much before the end of the one before shows the same again. */
const OVERLAP_MS = 500;
/** At the live edge the last piece waits for its next key frame: so much earlier ones stand for it. */
const KEY_FRAME_WITHIN_MS = 15_000;
const NAME = /^([0-9]{1,12})-([0-9]{6})\.mp4$/;

/** When a recorded file begins, by its name (epoch ms); undefined when it is none of the relay's. */
export function beganAtMs(file: string): number | undefined {
  const [, seconds, micros] = NAME.exec(file) ?? [];
  return seconds === undefined ? undefined : Number(seconds) * 1000 + Number(micros) / 1000;
}

/** Where the intake relays of a data folder write what they record. */
export const recordingsFolder = (state: string): string => path.join(state, 'recordings');

/**
 * @param folder see {@link recordingsFolder}
 * @param disk the one that it lies on. Everything throws DiskAway while that does not answer
 */
export function openRecordings(folder: string, disk: Disk = diskOf(folder)): Recordings {
  const readers = new Map<string, FileReader>();
  const fileOf = ({ camera, source, name }: FileName) => path.join(folder, intakePath(camera, source), `${name}.mp4`);

  const readerOf = (file: FileName): FileReader => {
    const at = fileOf(file);
    const reader = readers.get(at) ?? readRecordedFile(at, file.from);
    readers.delete(at);
    readers.set(at, reader); // the one used last is forgotten last
    const [oldest] = readers.keys();
    if (readers.size > KEPT && oldest !== undefined) readers.delete(oldest);
    return reader;
  };

  /** Whether the folder of a source lies where its name says, and is not elsewhere by a link. */
  const liesHere = async (camera: string, source: string): Promise<boolean> => {
    const inside = intakePath(camera, source);
    const [root, place] = await Promise.all([realpath(folder), realpath(path.join(folder, inside))]);
    return place === path.join(root, inside);
  };
  const nothing = (): never[] => [];

  /** What lies in the folder of each source of a camera; what links lead to is none of it. */
  const listsOf = async (camera: string): Promise<{ source: string; names: string[] }[]> => {
    if (!isId(camera)) return [];
    const namesOf = async (source: string) => {
      if (!(await liesHere(camera, source))) return [];
      const found = await readdir(path.join(folder, intakePath(camera, source)), { withFileTypes: true });
      return found.flatMap((one) => (one.isSymbolicLink() ? [] : one.name));
    };
    const sources = await disk.ask(() => readdir(path.join(folder, 'in', camera)).catch(nothing));
    const lists = sources.filter(isId).map(async (source) => {
      return { source, names: await disk.ask(() => namesOf(source).catch(nothing)) };
    });
    return Promise.all(lists);
  };

  /** A file that went meanwhile, or is not one, has nothing in it. */
  const look = async (file: FileName, followed: boolean): Promise<RecordedFile | undefined> => {
    try {
      return await disk.ask(async () => {
        const { mtimeMs } = await stat(fileOf(file));
        return readerOf(file).look(followed || Date.now() - mtimeMs > COMPLETE_AFTER_MS);
      });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  };

  const statedOf = (file: FileName) =>
    disk
      .ask(() => readerOf(file).stated())
      .catch((error) => {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
        throw error;
      });

  /** The files that reach into a window, each with whether another of its source follows. */
  const within = async (camera: string, from: number, to: number) => {
    const found = (await listsOf(camera)).flatMap(({ source, names }) => {
      const { files, newest } = namesWithin(names, from, to);
      return files.map((file) => ({ file: { camera, source, ...file }, followed: file.from < newest }));
    });
    return found.sort((a, b) => a.file.from - b.file.from);
  };

  const piecesIn = async (camera: string, from: number, to: number): Promise<RecordedPiece[]> => {
    const pieces: RecordedPiece[] = [];
    for (const { file, followed } of await within(camera, from, to)) {
      const found = await look(file, followed);
      for (const [number, piece] of found?.pieces.entries() ?? []) {
        if (piece.to <= from || piece.from >= to || !found) continue;
        pieces.push({ ...piece, file, number, init: found.header.init, form: found.header.form });
      }
    }
    return inOneLine(pieces.sort((a, b) => a.from - b.from));
  };

  return {
    async stretches(camera, from, to, losses = []) {
      const stretches: Stretch[] = [];
      const files = await within(camera, from, to);
      const known: { runs: { from: number; to: number }[]; form: Form | undefined }[] = [];
      for (let n = 0; n < files.length; n += AT_ONCE) {
        const some = files.slice(n, n + AT_ONCE).map(async ({ file, followed }) => {
          const stated = await statedOf(file);
          const whole = stated && { from: file.from, to: stated.to };
          if (whole && !losses.some((one) => one.from < whole.to && one.to > whole.from)) {
            return { runs: [whole], form: stated.form };
          }
          const looked = await look(file, followed);
          return { runs: looked ? runsIn(looked) : [], form: looked?.header.form };
        });
        known.push(...(await Promise.all(some)));
      }
      for (const [n, { file }] of files.entries()) {
        const { runs = [], form } = known[n] ?? {};
        for (const run of runs) {
          if (run.to <= Math.max(from, run.from) || run.from >= to) continue;
          const last = stretches.findLast(({ source }) => source === file.source);
          const goesOn = last && run.from - last.to < BREAK_MS && isDeepStrictEqual(last.form, form);
          if (goesOn) last.to = Math.max(last.to, run.to);
          else stretches.push({ source: file.source, ...run, ...(form ? { form } : {}) });
        }
      }
      return stretches;
    },
    pieces: piecesIn,
    async piece(camera, source, name, number) {
      const from = beganAtMs(`${name}.mp4`);
      if (!isId(camera) || !isId(source) || from === undefined) return undefined;
      const file = { camera, source, name, from };
      const isLink = async () => (await lstat(fileOf(file))).isSymbolicLink() || !(await liesHere(camera, source));
      // What is not there is no way out either.
      if (await disk.ask(() => isLink().catch(() => true))) return undefined;
      const found = await look(file, false);
      const piece = found?.pieces[number];
      return piece && { ...piece, file, number, init: found.header.init, form: found.header.form };
    },
    fragmentOf: (piece, zeroMs) => disk.ask(() => readerOf(piece.file).fragmentOf(piece, zeroMs)),
    lengthOf: (piece) => disk.ask(() => readerOf(piece.file).lengthOf(piece)),
    async keyFrame(camera, at) {
      const piece = (await piecesIn(camera, at - KEY_FRAME_WITHIN_MS, at + 1)).findLast(({ from }) => from <= at);
      const still = piece && (await disk.ask(() => readerOf(piece.file).keyFrameOf(piece, at)));
      return still && { ...still, file: piece.file };
    },
    async sizes(camera, from = 0, to = Number.POSITIVE_INFINITY) {
      const sized = (await within(camera, from, to)).map(async ({ file }) => {
        // Its last write is about when its last picture was taken.
        const about = () => stat(fileOf(file)).catch(() => ({ size: 0, mtimeMs: 0 }));
        const { size, mtimeMs } = await disk.ask(about);
        return { ...file, to: Math.max(file.from, mtimeMs), bytes: size };
      });
      return Promise.all(sized);
    },
    async remove(file) {
      if (!(await disk.takesWrites())) throw new DiskAway('The disk of the recordings takes no writes now.');
      readers.delete(fileOf(file));
      await disk.ask(() => rm(fileOf(file), { force: true }));
    },
  };
}

/**
 * Those of a source's files that reach into a window, by their names: a month has thousands, a day a hundred.
 * @returns also when its newest file begins (epoch ms)
 */
function namesWithin(names: readonly string[], from: number, to: number) {
  const files: Pick<FileName, 'name' | 'from'>[] = [];
  const stem = (file: string) => file.slice(0, -'.mp4'.length);
  let newest = Number.NEGATIVE_INFINITY;
  let before: Pick<FileName, 'name' | 'from'> | undefined;
  for (const file of names) {
    const began = beganAtMs(file);
    if (began === undefined) continue;
    newest = Math.max(newest, began);
    if (began > from && began < to) files.push({ name: stem(file), from: began });
    if (began <= from && began < to && began >= (before?.from ?? began)) before = { name: stem(file), from: began };
  }
  return { files: before ? [before, ...files] : files, newest };
}

/** What a file holds without a break. Its newest pictures, behind its last whole piece, are part of the last run. */
function runsIn({ from, to, pieces }: RecordedFile): { from: number; to: number }[] {
  const runs = [{ from, to: from }];
  for (const piece of pieces) {
    const last = runs.at(-1);
    if (last && piece.from - last.to < BREAK_MS) last.to = piece.to;
    else runs.push({ from: piece.from, to: piece.to });
  }
  const last = runs.at(-1);
  if (last) last.to = Math.max(last.to, to);
  return runs;
}

/** While a camera changes its source or its intake both may be recorded for a moment: the one that began first is shown. */
function inOneLine(pieces: RecordedPiece[]): RecordedPiece[] {
  const line: RecordedPiece[] = [];
  for (const piece of pieces) {
    const last = line.at(-1);
    if (!last || piece.from >= last.to - OVERLAP_MS) line.push(piece);
  }
  return line;
}
