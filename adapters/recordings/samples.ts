import { type Box, boxAt, boxesIn } from './boxes.ts';

/** A track of a recorded file. */
export interface Track {
  id: number;
  kind: 'video' | 'audio';
  /** Units a second of its times. */
  timescale: number;
}

/** What is recorded: as the camera sent it. */
export interface Form {
  /** Of the picture, as RFC 6381 writes it where the head tells so much: `avc1.64001f`. */
  codec: string;
  width: number;
  height: number;
  /** Codec of the sound; absent: there is none. */
  sound?: string;
}

/** What stands at the beginning of a recorded file. */
export interface Header {
  tracks: Track[];
  /** Undefined where there is no picture. */
  form: Form | undefined;
  /** `ftyp` and `moov`, without a length: what a player is given before samples. */
  init: Buffer;
  /** Length of the file in ms; 0 while it grows, or when its recorder was killed. */
  durationMs: number;
}

/** A picture, or a piece of sound, by where it lies in its file. Times are in units of its track. */
export interface Sample {
  track: Track;
  /** When it is decoded, from the beginning of the file. */
  dts: number;
  duration: number;
  /** Shown so much after it is decoded. */
  shownAfter: number;
  flags: number;
  /** Can be decoded without any other. */
  isKey: boolean;
  at: number;
  bytes: number;
}

const NOT_A_KEY = 0x0001_0000;
const TRUN = { dataOffset: 0x1, firstFlags: 0x4, duration: 0x100, size: 0x200, flags: 0x400, shownAfter: 0x800 };

/** What a file says of itself. */
export type Stated = Pick<Header, 'durationMs' | 'form'>;

/** What a file says of itself by its first bytes; undefined while its head is not wholly written, or is none. */
export function statedIn(bytes: Buffer): Stated | undefined {
  const moov = boxAt(bytes, ['moov']);
  const mvhd = moov && boxAt(bytes, ['mvhd'], moov.content, moov.end);
  if (!mvhd || mvhd.end - mvhd.content < 20) return undefined;
  const durationMs = (bytes.readUInt32BE(mvhd.content + 16) / bytes.readUInt32BE(mvhd.content + 12)) * 1000;
  return { durationMs: Number.isFinite(durationMs) ? durationMs : 0, form: formIn(bytes, moov) };
}

/** Where a sample entry of pictures holds their size, and where its boxes begin (ISO/IEC 14496-12, 12.1.3). */
const SIZE_AT = 24;
const VISUAL_BYTES = 78;

/** What the sample entries of a head say of picture and sound. */
function formIn(bytes: Buffer, moov: Box): Form | undefined {
  let picture: Omit<Form, 'sound'> | undefined;
  let sound: string | undefined;
  for (const trak of boxesIn(bytes, moov.content, moov.end)) {
    if (trak.type !== 'trak') continue;
    const stsd = boxAt(bytes, ['mdia', 'minf', 'stbl', 'stsd'], trak.content, trak.end);
    const [entry] = stsd ? boxesIn(bytes, stsd.content + 8, stsd.end) : [];
    const hdlr = boxAt(bytes, ['mdia', 'hdlr'], trak.content, trak.end);
    if (!entry || !hdlr) continue;
    const kind = bytes.toString('latin1', hdlr.content + 8, hdlr.content + 12);
    if (kind === 'soun') sound ??= entry.type;
    if (kind !== 'vide' || picture || entry.end - entry.content < VISUAL_BYTES) continue;
    const avcC = boxAt(bytes, ['avcC'], entry.content + VISUAL_BYTES, entry.end);
    const profile = avcC ? `.${bytes.toString('hex', avcC.content + 1, avcC.content + 4)}` : '';
    const width = bytes.readUInt16BE(entry.content + SIZE_AT);
    const height = bytes.readUInt16BE(entry.content + SIZE_AT + 2);
    picture = { codec: `${entry.type}${profile}`, width, height };
  }
  return picture && { ...picture, ...(sound === undefined ? {} : { sound }) };
}

/** Reads the head of a recorded file; undefined while it is not wholly written. */
export function readHeader(bytes: Buffer): Header | undefined {
  const moov = boxAt(bytes, ['moov']);
  const stated = statedIn(bytes);
  if (!moov || !stated) return undefined;
  const init = Buffer.from(bytes.subarray(0, moov.end));
  init.writeUInt32BE(0, (boxAt(init, ['moov', 'mvhd'])?.content ?? 0) + 16);
  const tracks = boxesIn(init, moov.content, moov.end).flatMap((trak) => trackOf(init, trak));
  return { tracks, init, ...stated };
}

/** The units a second in which a track counts, by its `mdhd` box (ISO/IEC 14496-12, 8.4.2). */
export const timescaleIn = (head: Buffer, mdhd: Box): number =>
  head.readUInt32BE(mdhd.content + (head[mdhd.content] === 1 ? 20 : 12));

function trackOf(init: Buffer, trak: Box): Track[] {
  if (trak.type !== 'trak') return [];
  const find = (...path: string[]) => boxAt(init, path, trak.content, trak.end);
  const [tkhd, mdhd, hdlr] = [find('tkhd'), find('mdia', 'mdhd'), find('mdia', 'hdlr')];
  if (!tkhd || !mdhd || !hdlr) return [];
  const handler = init.toString('latin1', hdlr.content + 8, hdlr.content + 12);
  if (handler !== 'vide' && handler !== 'soun') return [];
  const kind = handler === 'vide' ? 'video' : 'audio';
  return [{ id: init.readUInt32BE(tkhd.content + 12), kind, timescale: timescaleIn(init, mdhd) }];
}

/** When the samples behind a `tfdt` box begin to be decoded, in units of their track (ISO/IEC 14496-12, 8.8.12). */
export const decodedAt = (moof: Buffer, tfdt: Box): number =>
  moof.readUInt8(tfdt.content) === 1
    ? Number(moof.readBigUInt64BE(tfdt.content + 4))
    : moof.readUInt32BE(tfdt.content + 4);

/**
 * The samples of one part.
 * @param moof its `moof` box
 * @param at where that box begins in the file
 */
export function samplesOf(moof: Buffer, at: number, tracks: readonly Track[]): Sample[] {
  const outer = boxAt(moof, ['moof']);
  if (!outer) return [];
  return boxesIn(moof, outer.content, outer.end).flatMap((traf) => {
    if (traf.type !== 'traf') return [];
    const find = (type: string) => boxAt(moof, [type], traf.content, traf.end);
    const [tfhd, tfdt] = [find('tfhd'), find('tfdt')];
    const track = tfhd && tracks.find(({ id }) => id === moof.readUInt32BE(tfhd.content + 4));
    if (!track || !tfdt) return [];
    let dts = decodedAt(moof, tfdt);
    let place = at;
    const usual = usualOf(moof, tfhd);
    const samples: Sample[] = [];
    for (const trun of boxesIn(moof, traf.content, traf.end)) {
      if (trun.type !== 'trun') continue;
      const run = runOf(moof, trun, track, usual, { dts, at, place });
      ({ dts, place } = run);
      samples.push(...run.samples);
    }
    return samples;
  });
}

/** What a `tfhd` box says of samples whose run says nothing (ISO/IEC 14496-12, 8.8.7). The relay always says it of each. */
function usualOf(moof: Buffer, tfhd: Box): { duration: number; bytes: number; flags: number } {
  const has = moof.readUInt32BE(tfhd.content) & 0xff_ffff;
  let cursor = tfhd.content + 8 + (has & 0x1 ? 8 : 0) + (has & 0x2 ? 4 : 0);
  const next = (flag: number): number => {
    if (!(has & flag)) return 0;
    cursor += 4;
    return moof.readUInt32BE(cursor - 4);
  };
  return { duration: next(0x8), bytes: next(0x10), flags: next(0x20) };
}

/**
 * Reads a `trun` box (ISO/IEC 14496-12, 8.8.8).
 * @param begin when its first sample is decoded, where the `moof` box lies, and where the run before it ended
 */
function runOf(
  moof: Buffer,
  trun: Box,
  track: Track,
  usual: ReturnType<typeof usualOf>,
  begin: { dts: number; at: number; place: number },
) {
  const has = moof.readUInt32BE(trun.content) & 0xff_ffff;
  const count = moof.readUInt32BE(trun.content + 4);
  let cursor = trun.content + 8;
  const next = (flag: number, otherwise: number, signed = false): number => {
    if (!(has & flag)) return otherwise;
    cursor += 4;
    return signed ? moof.readInt32BE(cursor - 4) : moof.readUInt32BE(cursor - 4);
  };
  let place = has & TRUN.dataOffset ? begin.at + next(TRUN.dataOffset, 0, true) : begin.place;
  const firstFlags = next(TRUN.firstFlags, usual.flags);
  let { dts } = begin;
  const samples: Sample[] = [];
  for (let n = 0; n < count; n++) {
    const duration = next(TRUN.duration, usual.duration);
    const bytes = next(TRUN.size, usual.bytes);
    const flags = next(TRUN.flags, n === 0 ? firstFlags : usual.flags);
    const shownAfter = next(TRUN.shownAfter, 0, true);
    const isKey = track.kind === 'audio' || !(flags & NOT_A_KEY);
    samples.push({ track, dts, duration, shownAfter, flags, isKey, at: place, bytes });
    dts += duration;
    place += bytes;
  }
  return { samples, dts, place };
}
