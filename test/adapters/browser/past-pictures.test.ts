import { expect } from 'chai';
import { pictureBeside, picturesIn } from '../../../adapters/browser/player/past-pictures.ts';
import { box } from '../../../adapters/recordings/boxes.ts';
import { fragment } from '../../../adapters/recordings/fragment.ts';
import type { Sample, Track } from '../../../adapters/recordings/samples.ts';

const VIDEO: Track = { id: 2, kind: 'video', timescale: 90_000 };
const AUDIO: Track = { id: 1, kind: 'audio', timescale: 48_000 };

const words = (...values: number[]): Buffer =>
  Buffer.concat(
    values.map((value) => {
      const word = Buffer.alloc(4);
      word.writeUInt32BE(value);
      return word;
    }),
  );
const trak = ({ id, kind, timescale }: Track): Buffer =>
  box(
    'trak',
    box('tkhd', words(0, 0, 0, id)),
    box(
      'mdia',
      box('mdhd', words(0, 0, 0, timescale)),
      box('hdlr', words(0, 0), Buffer.from(kind === 'video' ? 'vide' : 'soun')),
    ),
  );
const INIT = box('moov', trak(AUDIO), trak(VIDEO));
const viewOf = ({ buffer, byteOffset, byteLength }: Buffer): DataView => new DataView(buffer, byteOffset, byteLength);

/** Samples as they are decoded: how long each lasts, and how much later it is shown, in milliseconds. */
const samples = (track: Track, times: [durationMs: number, shownAfterMs: number][]): Sample[] => {
  const units = (ms: number): number => (ms * track.timescale) / 1_000;
  let dts = 7_000;
  return times.map(([durationMs, shownAfterMs]) => {
    const sample = { track, dts, duration: units(durationMs), shownAfter: units(shownAfterMs) };
    dts += sample.duration;
    return { ...sample, flags: 0, isKey: true, at: 0, bytes: 1 };
  });
};
const piece = (...runs: Sample[][]): Buffer =>
  fragment(
    1,
    runs.map((run) => ({ samples: run, data: Buffer.alloc(run.length) })),
    500,
  );
const times = (bytes: Buffer): [number, number][] =>
  picturesIn(viewOf(INIT), viewOf(bytes)).map(({ startS, endS }) => [
    Math.round(startS * 1_000),
    Math.round(endS * 1_000),
  ]);

describe('the pictures of a recording, one by one', () => {
  it('are known by the times that stand in a piece, whatever the pace of the camera', () => {
    const video = samples(VIDEO, [
      [40, 0],
      [40, 0],
      [100, 0],
      [20, 0],
    ]);
    const sound = samples(AUDIO, [
      [20, 0],
      [20, 0],
    ]);
    expect(times(piece(sound, video))).to.deep.equal([
      [0, 40],
      [40, 80],
      [80, 180],
      [180, 200],
    ]);
    expect(times(piece(sound)), 'a piece without pictures').to.deep.equal([]);
  });

  it('are put in the order in which they are shown, where they are decoded in another', () => {
    const bFrames = samples(VIDEO, [
      [40, 40],
      [40, 120],
      [40, 0],
      [40, 0],
    ]);
    expect(times(piece(bFrames))).to.deep.equal([
      [0, 40],
      [40, 80],
      [80, 120],
      [120, 160],
    ]);
  });

  it('are gone to by their middle, one at a time and each way, however long each lasts', () => {
    const list = [
      { startS: 10, endS: 10.04 },
      { startS: 10.04, endS: 10.14 },
      { startS: 10.14, endS: 10.16 },
    ];
    const forward = pictureBeside(list, 10, 1);
    expect(forward).to.be.closeTo(10.09, 1e-9);
    expect(pictureBeside(list, forward ?? 0, 1)).to.be.closeTo(10.15, 1e-9);
    expect(pictureBeside(list, forward ?? 0, -1)).to.be.closeTo(10.02, 1e-9);
    expect(pictureBeside(list, 10.0395, 1), 'an edge not known to the last digit').to.be.closeTo(10.15, 1e-9);
  });

  it('beyond those that are known are taken to be as long, so that the piece before is reached', () => {
    const list = [
      { startS: 10, endS: 10.04 },
      { startS: 12, endS: 12.04 },
    ];
    expect(pictureBeside(list, 10.02, -1)).to.be.closeTo(9.98, 1e-9);
    expect(pictureBeside(list, 10.02, 1), 'the piece between is not here').to.be.closeTo(10.06, 1e-9);
    expect(pictureBeside(list, 11, 1)).to.equal(undefined);
    expect(pictureBeside([], 11, 1)).to.equal(undefined);
  });
});
