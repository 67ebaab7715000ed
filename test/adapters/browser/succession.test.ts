import { expect } from 'chai';
import { succeeds } from '../../../adapters/browser/player/succession.ts';

describe('a leg that is to come to the front', () => {
  it('does so with its first frame where no picture moves: none was there, it is lost, or it stands', () => {
    expect(succeeds({ calm: true, frames: 1, frontAgeMs: undefined })).to.equal(true);
    expect(succeeds({ calm: false, frames: 1, frontAgeMs: 10 })).to.equal(true);
    expect(succeeds({ calm: true, frames: 1, frontAgeMs: 134 })).to.equal(true);
  });

  it('lets a picture that is well go on until it flows itself', () => {
    const by = (frames: number) => succeeds({ calm: true, frames, frontAgeMs: 34 });
    expect([1, 2, 3, 4].map(by)).to.deep.equal([false, false, false, true]);
  });

  it('does not wait where frames are further apart than a decoder pauses', () => {
    expect(succeeds({ calm: true, frames: 1, frontAgeMs: 200 })).to.equal(true);
  });
});
