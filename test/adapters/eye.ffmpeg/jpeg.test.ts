import { expect } from 'chai';
import fc from 'fast-check';
import { createJpegCutter } from '../../../adapters/eye.ffmpeg/jpeg.ts';

describe('cutting posters out of a stream', () => {
  it('finds every picture however the pipe cuts them up', () => {
    const pictures = [10, 0, 500].map((bytes) =>
      Buffer.concat([Buffer.of(0xff, 0xd8, 0xff, 0xe0), Buffer.alloc(bytes, 7), Buffer.of(0xff, 0xd9)]),
    );
    const stream = Buffer.concat(pictures);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300 }), (step) => {
        const found: Buffer[] = [];
        const cut = createJpegCutter((jpeg) => found.push(jpeg));
        for (let at = 0; at < stream.length; at += step) cut(stream.subarray(at, at + step));
        expect(found).to.deep.equal(pictures);
      }),
    );
  });
});
