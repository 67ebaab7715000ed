import { expect } from 'chai';
import { createMeasure } from '../../../adapters/switch.rtp/measure.ts';
import { makeRtp } from '../../../adapters/switch.rtp/rtp.ts';

const SIZE = { width: 640, height: 480 };
const BYTES = 1_000;

describe('what a program carries, as its packets show', () => {
  /** Pictures of one packet at 25 a second, with a key frame each so many; `order` gives their times in frames. */
  const watch = (count: number, keyEvery: number, order = (index: number) => index, measure = createMeasure()) =>
    watchKeys(count, (index) => index % keyEvery === 0, order, measure);
  const watchKeys = (
    count: number,
    isKey: (index: number) => boolean,
    order = (index: number) => index,
    measure = createMeasure(),
  ) => {
    for (let index = 0; index < count; index += 1) {
      const timestamp = (4_294_900_000 + order(index) * 3_600) >>> 0; // passes the end of 32 bits
      const frame = makeRtp(Buffer.alloc(BYTES), { channel: 0, payloadType: 96, sequence: index, timestamp, ssrc: 1 });
      const key = isKey(index);
      measure.see(
        frame,
        { newUnit: true, key, keyStart: key, missingSets: [], ...{ proper: true, setsKnown: true }, pieces: [] },
        SIZE,
      );
    }
    return measure;
  };

  it('is size, rate, bits and the time between key frames, known with the second one', () => {
    expect(watch(50, 50).video()).to.equal(undefined);
    const expected = { ...SIZE, fps: 25, gop_ms: 2_000, reordered: false, bitrate_bps: BYTES * 8 * 25 };
    expect(watch(51, 50).video()).to.deep.equal(expected);
  });

  it('takes several runs together where key frames are close, and the longest time between two', () => {
    expect(watch(21, 10).video(), 'too little of it').to.equal(undefined);
    expect(watch(31, 10).video()).to.include({ fps: 25, gop_ms: 400 });
  });

  it('does not take the key frames with which a camera greets for the distance that it keeps', () => {
    const greeting = (index: number) => (index <= 24 ? index % 3 === 0 : (index - 24) % 50 === 0);
    expect(watchKeys(28, greeting).video()).to.equal(undefined);
    expect(watchKeys(75, greeting).video()).to.include({ gop_ms: 2_000 });
    const close = { gop_ms: 120, fps: 25 };
    expect(watch(124, 3).video(), 'that they stay close is not known yet').to.equal(undefined);
    expect(watch(127, 3).video(), 'of a camera that has them always').to.include(close);
  });

  it('tells B-frames by pictures that are sent after a later one', () => {
    const swapped = (index: number) => (index % 50 === 0 ? index : index % 2 === 0 ? index - 1 : index + 1);
    expect(watch(51, 50, swapped).video()).to.include({ reordered: true, fps: 25 });
  });

  it('is told as far as it is known where the next key frame is far', () => {
    expect(watch(120, 1_000).video()).to.equal(undefined);
    expect(watch(151, 1_000).video()).to.include({ fps: 25, gop_ms: 6_000 });
  });

  it('is forgotten with its source, when the picture has another size, and when its time jumps', () => {
    const measure = watch(51, 50);
    measure.reset();
    expect(measure.video()).to.equal(undefined);
    watch(51, 50, undefined, measure);
    const at = { channel: 0, payloadType: 96, sequence: 0, timestamp: 180_000, ssrc: 1 };
    const sight = {
      newUnit: true,
      key: true,
      keyStart: true,
      missingSets: [],
      ...{ proper: true, setsKnown: true },
      pieces: [],
    };
    measure.see(makeRtp(Buffer.alloc(9), at), sight, { width: 640, height: 360 });
    expect(measure.video()).to.equal(undefined);
    watch(40, 50, (index) => (index < 30 ? index : index + 10_000), measure);
    expect(measure.video()).to.equal(undefined);
  });
});
