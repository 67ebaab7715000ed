import { expect } from 'chai';
import { keyFrameAt, nextSpeed, SPEEDS, usualGapS } from '../../../adapters/browser/player/past-speed.ts';

describe('the pace of the past', () => {
  it('goes from a quarter to sixteen times and stays at either end', () => {
    const walked = [0.25];
    for (const _ of SPEEDS) walked.push(nextSpeed(walked.at(-1) ?? 1, 1));
    expect(walked).to.deep.equal([0.25, 0.5, 1, 2, 4, 8, 16, 16]);
    expect(nextSpeed(1, -1)).to.equal(0.5);
    expect(nextSpeed(0.25, -1)).to.equal(0.25);
  });

  it('shows the newest key frame that is due, and leaves out those that it has no time for', () => {
    expect(keyFrameAt([0, 2, 4, 6], 5.9)).to.equal(4);
    expect(keyFrameAt([0, 2, 4, 6], 100)).to.equal(6);
    expect(keyFrameAt([10, 12], 9)).to.equal(undefined);
    expect(keyFrameAt([], 9)).to.equal(undefined);
  });

  it('knows how long a picture lasts from those that it showed, whatever jumps lay between', () => {
    expect(usualGapS([1, 1.04, 1.08, 1.12, 9, 9.04, 2, 2.04])).to.be.closeTo(0.04, 1e-9);
    expect(usualGapS([])).to.be.closeTo(1 / 30, 1e-9);
  });
});
