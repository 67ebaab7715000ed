import { type Box, boxAt, boxesIn } from './boxes.ts';

/** A track of a recorded file. */
export interface Track {
  id: number;
  kind: 'video' | 'audio';
  /** Units a second of its times. */
  timescale: number;
}

/** What stands at the beginning of a recorded file. */
export interface Header {
  tracks: Track[];
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

/** How long a file says it is, ms: 0 while it grows, or when its recorder was killed; undefined while its head is not wholly written. */
export function statedDuration(bytes: Buffer): number | undefined {
  const mvhd = boxAt(bytes, ['moov', 'mvhd']);
  return mvhd && (bytes.readUInt32BE(mvhd.content + 16) / bytes.readUInt32BE(mvhd.content + 12)) * 1000;
}

/** Reads the head of a recorded file; undefined while it is not wholly written. */
export function readHeader(bytes: Buffer): Header | undefined {
  const moov = boxAt(bytes, ['moov']);
  const durationMs = statedDuration(bytes);
  if (!moov || durationMs === undefined) return undefined;
  const init = Buffer.from(bytes.subarray(0, moov.end));
  init.writeUInt32BE(0, (boxAt(init, ['moov', 'mvhd'])?.content ?? 0) + 16);
  const tracks = boxesIn(init, moov.content, moov.end).flatMap((trak) => trackOf(init, trak));
  return { tracks, init, durationMs };
}

function trackOf(init: Buffer, trak: Box): Track[] {
  if (trak.type !== 'trak') return [];
  const find = (...path: string[]) => boxAt(init, path, trak.content, trak.end);
  const [tkhd, mdhd, hdlr] = [find('tkhd'), find('mdia', 'mdhd'), find('mdia', 'hdlr')];
  if (!tkhd || !mdhd || !hdlr) return [];
  const handler = init.toString('latin1', hdlr.content + 8, hdlr.content + 12);
  if (handler !== 'vide' && handler !== 'soun') return [];
  const kind = handler === 'vide' ? 'video' : 'audio';
  return [{ id: init.readUInt32BE(tkhd.content + 12), kind, timescale: init.readUInt32BE(mdhd.content + 12) }];
}

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
    const [tfhd, tfdt, trun] = [find('tfhd'), find('tfdt'), find('trun')];
    const track = tfhd && tracks.find(({ id }) => id === moof.readUInt32BE(tfhd.content + 4));
    if (!track || !tfdt || !trun) return [];
    const wide = moof.readUInt8(tfdt.content) === 1;
    const dts = wide ? Number(moof.readBigUInt64BE(tfdt.content + 4)) : moof.readUInt32BE(tfdt.content + 4);
    return runOf(moof, trun, track, dts, at);
  });
}

/** Reads a `trun` box (ISO/IEC 14496-12, 8.8.8); the relay writes duration and size of every sample there. */
function runOf(moof: Buffer, trun: Box, track: Track, firstDts: number, at: number): Sample[] {
  const has = moof.readUInt32BE(trun.content) & 0xff_ffff;
  const count = moof.readUInt32BE(trun.content + 4);
  let cursor = trun.content + 8;
  const next = (flag: number, otherwise: number, signed = false): number => {
    if (!(has & flag)) return otherwise;
    cursor += 4;
    return signed ? moof.readInt32BE(cursor - 4) : moof.readUInt32BE(cursor - 4);
  };
  let place = at + next(TRUN.dataOffset, 0, true);
  const firstFlags = next(TRUN.firstFlags, 0);
  let dts = firstDts;
  const samples: Sample[] = [];
  for (let n = 0; n < count; n++) {
    const duration = next(TRUN.duration, 0);
    const bytes = next(TRUN.size, 0);
    const flags = next(TRUN.flags, n === 0 ? firstFlags : 0);
    const shownAfter = next(TRUN.shownAfter, 0, true);
    const isKey = track.kind === 'audio' || !(flags & NOT_A_KEY);
    samples.push({ track, dts, duration, shownAfter, flags, isKey, at: place, bytes });
    dts += duration;
    place += bytes;
  }
  return samples;
}
