import { expect } from 'chai';
import { freshPath, QUALITY, type Sample, takeSample } from '../../../machines/policy/quality.ts';

/** Four samples a second; tells at which of them a verdict changed. */
function crossings(...samples: Omit<Sample, 'at'>[]): string[] {
  const path = freshPath();
  return samples.flatMap((sample, index) => {
    const crossing = takeSample(path, { ...sample, at: 1_000 + index * 250 });
    return crossing ? [`${index}: ${crossing.type}`] : [];
  });
}

const good = { fps: 30, loss: 0, freezes: 0 };
const lossy = { fps: 30, loss: 0.2, freezes: 0 };
const times = <T>(count: number, one: T): T[] => Array.from({ length: count }, () => one);

describe('the verdict on a viewer’s network', () => {
  it('changes only when it has been bad for a second', () => {
    expect(crossings(...times(8, good), ...times(4, lossy))).to.deep.equal([]);
    expect(crossings(...times(8, good), ...times(5, lossy))).to.deep.equal(['12: path.degraded']);
  });

  it('does not swing: one bad moment among good ones says nothing', () => {
    const swinging = times(20, [lossy, lossy, good]).flat();
    expect(crossings(...swinging)).to.deep.equal([]);
  });

  it('is taken back only after five good seconds', () => {
    const up = QUALITY.goodForMs / 250 + 1;
    expect(crossings(...times(5, lossy), ...times(up, good))).to.deep.equal([
      '4: path.degraded',
      `${4 + up}: path.recovered`,
    ]);
  });

  it('counts a frame rate of less than half the camera’s own as bad', () => {
    expect(crossings(good, ...times(5, { ...good, fps: 12 }))).to.deep.equal(['5: path.degraded']);
  });

  it('takes a slow camera for what it is', () => {
    expect(crossings(...times(40, { fps: 5, loss: 0, freezes: 0 }))).to.deep.equal([]);
  });
});
