import { box } from './boxes.ts';
import type { Sample } from './samples.ts';

/** Samples of one track, with their bytes, in the order in which they are decoded. */
export interface TrackRun {
  samples: readonly Sample[];
  data: Buffer;
}

const DEFAULT_BASE_IS_MOOF = 0x02_0000;
const RUN_OF_ALL = 0x1 | 0x100 | 0x200 | 0x400 | 0x800;
const RUN_HEAD_BYTES = 20;
const SAMPLE_BYTES = 16;

const words = (...values: number[]): Buffer => {
  const bytes = Buffer.alloc(values.length * 4);
  for (const [n, value] of values.entries()) bytes.writeInt32BE(value | 0, n * 4);
  return bytes;
};

/** How long a fragment of these samples is; each list holds those of one track. */
export function fragmentLength(tracks: readonly (readonly Sample[])[]): number {
  const heads = fragment(
    0,
    tracks.map((samples) => ({ samples, data: Buffer.alloc(0) })),
    0,
  );
  return tracks.flat().reduce((sum, { bytes }) => sum + bytes, heads.length);
}

/**
 * Writes one movie fragment (ISO/IEC 14496-12, 8.8): `moof` and `mdat`.
 * @param number its sequence number
 * @param startMs added to every time: where the file that the samples are from begins
 */
export function fragment(number: number, runs: readonly TrackRun[], startMs: number): Buffer {
  const present = runs.filter(({ samples }) => samples.length > 0);
  const moof = (offsets: readonly number[]) =>
    box(
      'moof',
      box('mfhd', words(0, number)),
      ...present.map((run, n) => trackFragment(run, startMs, offsets[n] ?? 0)),
    );
  const { length } = moof([]);
  const mdat = box('mdat', ...present.map(({ data }) => data));
  let at = length + 8;
  const offsets = present.map(({ data }) => {
    at += data.length;
    return at - data.length;
  });
  return Buffer.concat([moof(offsets), mdat]);
}

function trackFragment({ samples }: TrackRun, startMs: number, offset: number): Buffer {
  const [first] = samples;
  if (!first) throw new Error('a fragment has a track without samples');
  const { track } = first;
  const time = Buffer.alloc(12);
  time.writeUInt8(1, 0);
  time.writeBigUInt64BE(BigInt(first.dts + Math.round((startMs / 1000) * track.timescale)), 4);
  const run = Buffer.alloc(RUN_HEAD_BYTES - 8 + samples.length * SAMPLE_BYTES);
  run.writeUInt32BE(RUN_OF_ALL | (1 << 24), 0); // version 1: a picture may be shown before it is decoded
  run.writeUInt32BE(samples.length, 4);
  run.writeInt32BE(offset, 8);
  for (const [n, { duration, bytes, flags, shownAfter }] of samples.entries()) {
    words(duration, bytes, flags, shownAfter).copy(run, 12 + n * SAMPLE_BYTES);
  }
  return box('traf', box('tfhd', words(DEFAULT_BASE_IS_MOOF, track.id)), box('tfdt', time), box('trun', run));
}
