import { close, open as openFile, read } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { HEAD_BYTES } from './boxes.ts';
import { fragment, fragmentLength } from './fragment.ts';
import {
  type Form,
  type Header,
  readHeader,
  type Sample,
  type Stated,
  samplesOf,
  statedIn,
  type Track,
} from './samples.ts';

/** A piece of a file that begins with a key frame and can be played alone. Times are epoch ms. */
export interface Piece {
  from: number;
  to: number;
  /** The parts of the file that hold it. */
  at: number;
  end: number;
  /** Its pictures, in units of the video track: from this one, up to the one that the next piece begins with. */
  firstDts: number;
  endDts: number;
}

/** What is known of one file of a recording; it follows a file that grows. */
export interface RecordedFile {
  header: Header;
  /** Epoch ms. */
  from: number;
  /** Epoch ms: how far it reaches now. */
  to: number;
  /** Those that are complete. In a file that grows, the last one waits for its next key frame. */
  pieces: Piece[];
}

/** A piece is at least this long where key frames allow it: as long as those of the live ladder. */
const PIECE_MS = 2_000;
/** A picture that seems to last so long, and as long as several before it, is the last one before a hole. */
const HOLE_MS = 1_500;
const HOLE_PICTURES = 4;
/** Key frames every two seconds may come a little early. */
const EARLY_MS = 100;
const LARGEST_HEAD_BYTES = 64 * 1024;
/** A time line reads a hundred heads a day: most are smaller than this. */
const USUAL_HEAD_BYTES = 4 * 1024;

/** Follows one file. */
export interface FileReader {
  /**
   * Reads what has been added; undefined while not even its head is there.
   * @param complete nothing will be added any more
   */
  look(complete: boolean): Promise<RecordedFile | undefined>;
  /** How far it reaches (epoch ms) and what it holds, by its head alone; undefined while it grows, or when its recorder was killed. */
  stated(): Promise<{ to: number; form: Form | undefined } | undefined>;
  /**
   * The bytes of a piece, as a movie fragment.
   * @param zeroMs the moment (epoch ms) that its times count from
   */
  fragmentOf(piece: Piece, zeroMs: number): Promise<Buffer>;
  /** How many these are, by the heads of the parts alone. */
  lengthOf(piece: Piece): Promise<number>;
  /** The last key frame of a piece at or before a moment (epoch ms), as a file that holds it alone. */
  keyFrameOf(piece: Piece, at: number): Promise<Still | undefined>;
}

/** One picture of a file. */
export interface Still {
  /** Epoch ms. */
  at: number;
  /** The same in units of the track, from the beginning of the file. */
  dts: number;
  mp4: Buffer;
}

/** @param from epoch ms: when its first sample was taken, as its name says */
export function readRecordedFile(path: string, from: number): FileReader {
  let header: Header | undefined;
  let cursor = 0;
  let to = from;
  let closed = false;
  let stated: Stated | undefined;
  const pieces: Piece[] = [];
  let growing: Omit<Piece, 'to' | 'end' | 'endDts'> | undefined;
  let lastEnd = 0;
  let lastDts = 0;
  let usualTicks = 0;
  const msOf = (dts: number, { timescale }: Track) => from + (dts / timescale) * 1000;

  const finish = (endDts: number, track: Track, end: number): void => {
    if (!growing) return;
    pieces.push({ ...growing, to: msOf(endDts, track), end, endDts });
    growing = undefined;
  };

  const take = (samples: readonly Sample[], at: number, end: number): void => {
    for (const sample of samples) {
      const { track, dts, duration, isKey } = sample;
      if (track.kind !== 'video') continue;
      const isLongEnough = growing && msOf(dts, track) - growing.from >= PIECE_MS - EARLY_MS;
      // A piece ends in the part that holds its last picture: this one when it did not begin with the key frame.
      if (isKey && isLongEnough)
        finish(dts, track, sample === samples.find((one) => one.track === track) ? lastEnd : end);
      if (isKey && !growing) growing = { from: msOf(dts, track), at, firstDts: dts };
      const isLong = (duration / track.timescale) * 1_000 >= HOLE_MS;
      const isHole = isLong && usualTicks > 0 && duration > usualTicks * HOLE_PICTURES;
      lastDts = dts + (isHole ? usualTicks : duration);
      to = Math.max(to, msOf(lastDts, track));
      // The recorder could not write, and forgot what came meanwhile: what follows is nothing without a key frame.
      if (isHole) finish(lastDts, track, end);
      else usualTicks = duration;
    }
    lastEnd = end;
  };

  const readParts = async (file: FileHandle, size: number, { tracks }: Header): Promise<void> => {
    while (cursor + HEAD_BYTES <= size) {
      const { type, length } = await headAt(file, cursor);
      if (length < HEAD_BYTES || cursor + length > size) return;
      if (type !== 'moof') {
        cursor += length;
        continue;
      }
      const after = await headAt(file, cursor + length);
      const end = cursor + length + after.length;
      if (after.length < HEAD_BYTES || end > size) return;
      take(samplesOf(await bytesAt(file, cursor, length), cursor, tracks), cursor, end);
      cursor = end;
    }
  };

  const readHead = async (file: FileHandle): Promise<Header | undefined> => {
    if (header) return header;
    header = readHeader(await bytesAt(file, 0, LARGEST_HEAD_BYTES));
    cursor = header?.init.length ?? 0;
    return header;
  };

  const read = async (complete: boolean): Promise<RecordedFile | undefined> => {
    if (closed && header) return { header, from, to, pieces };
    const file = await open(path, 'r');
    try {
      const { size } = await file.stat();
      const head = await readHead(file);
      if (!head) return undefined;
      await readParts(file, size, head);
    } finally {
      await file.close();
    }
    const video = header?.tracks.find(({ kind }) => kind === 'video');
    if (complete && video) {
      closed = true;
      finish(lastDts, video, lastEnd);
    }
    return header && { header, from, to, pieces };
  };
  const contentOf = async (piece: Piece) => {
    if (!header) throw new Error('a file is read before it was looked at');
    const { tracks, init } = header;
    const file = await open(path, 'r');
    const bytes = await bytesAt(file, piece.at, piece.end - piece.at).finally(() => file.close());
    const samples = samplesWithin(bytes, tracks)
      .filter((sample) => isPartOf(sample, piece, from))
      .map((sample) => withoutHole(sample, piece));
    const dataOf = (own: readonly Sample[]) => Buffer.concat(own.map(({ at, bytes: n }) => bytes.subarray(at, at + n)));
    return { tracks, init, samples, dataOf };
  };
  /** One at a time: each goes on where the one before ended. */
  let looking: Promise<unknown> = Promise.resolve();

  return {
    async stated() {
      // A file that was seen while it grew says how long it is once it is closed; then it is so for ever.
      if (!stated?.durationMs) stated = header?.durationMs ? header : await readStated(path);
      return stated?.durationMs ? { to: from + stated.durationMs, form: stated.form } : undefined;
    },
    look(complete) {
      const mine = looking.then(() => read(complete));
      looking = mine.catch(() => {});
      return mine;
    },
    async fragmentOf(piece, zeroMs) {
      const { samples, dataOf, tracks } = await contentOf(piece);
      const runs = tracks.map((track) => {
        const own = samples.filter((one) => one.track === track);
        return { samples: own, data: dataOf(own) };
      });
      return fragment(Math.max(1, Math.round(piece.from / PIECE_MS) % 2 ** 31), runs, from - zeroMs);
    },
    async lengthOf(piece) {
      if (!header) throw new Error('a file is read before it was looked at');
      const { tracks } = header;
      const samples: Sample[] = [];
      const file = await open(path, 'r');
      try {
        for (let at = piece.at; at < piece.end; ) {
          const { type, length } = await headAt(file, at);
          if (length < HEAD_BYTES) break;
          if (type === 'moof') samples.push(...samplesOf(await bytesAt(file, at, length), at, tracks));
          at += length;
        }
      } finally {
        await file.close();
      }
      const own = samples.filter((sample) => isPartOf(sample, piece, from));
      return fragmentLength(tracks.map((track) => own.filter((one) => one.track === track)));
    },
    async keyFrameOf(piece, at) {
      const { samples, dataOf, init } = await contentOf(piece);
      const key = samples.findLast(
        ({ track, isKey, dts }) => track.kind === 'video' && isKey && msOf(dts, track) <= at,
      );
      if (!key) return undefined;
      const alone = fragment(1, [{ samples: [{ ...key, dts: 0 }], data: dataOf([key]) }], 0);
      return { at: msOf(key.dts, key.track), dts: key.dts, mp4: Buffer.concat([init, alone]) };
    },
  };
}

/** What a file says of itself; undefined where its head does not say it. */
async function readStated(path: string): Promise<Stated | undefined> {
  return statedIn(await beginningOf(path, USUAL_HEAD_BYTES)) ?? statedIn(await beginningOf(path, LARGEST_HEAD_BYTES));
}

/** The first bytes of a file. Handles with promises would take three times the processor time, for a hundred files a day. */
const beginningOf = (path: string, length: number): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    openFile(path, 'r', (unopened, file) => {
      if (unopened) return reject(unopened);
      read(file, Buffer.alloc(length), 0, length, 0, (unread, count, bytes) => {
        close(file, () => (unread ? reject(unread) : resolve(bytes.subarray(0, count))));
      });
    });
  });

/** The samples of several parts that lie one behind the other; `at` is where they lie in these bytes. */
function samplesWithin(bytes: Buffer, tracks: readonly Track[]): Sample[] {
  const samples: Sample[] = [];
  for (let at = 0; at + HEAD_BYTES <= bytes.length; at += bytes.readUInt32BE(at)) {
    const length = bytes.readUInt32BE(at);
    if (length < HEAD_BYTES) break;
    if (bytes.toString('latin1', at + 4, at + 8) !== 'moof') continue;
    samples.push(...samplesOf(bytes.subarray(at, at + length), at, tracks));
  }
  return samples;
}

/** Pictures belong to a piece by their order, sound by its time. */
function isPartOf({ track, dts }: Sample, { firstDts, endDts, from, to }: Piece, start: number): boolean {
  if (track.kind === 'video') return dts >= firstDts && dts < endDts;
  const at = start + (dts / track.timescale) * 1000;
  return at >= from && at < to;
}

/** A picture lasts to the end of its piece at most. */
const withoutHole = (sample: Sample, { endDts }: Piece): Sample =>
  sample.track.kind === 'video' ? { ...sample, duration: Math.min(sample.duration, endDts - sample.dts) } : sample;

/** What box lies there; without a length where none is wholly written. */
async function headAt(file: FileHandle, at: number): Promise<{ type: string; length: number }> {
  const head = await bytesAt(file, at, HEAD_BYTES);
  if (head.length < HEAD_BYTES) return { type: '', length: 0 };
  return { type: head.toString('latin1', 4, 8), length: head.readUInt32BE(0) };
}

async function bytesAt(file: FileHandle, at: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, at);
  return buffer.subarray(0, bytesRead);
}
