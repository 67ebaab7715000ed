import { expect } from 'chai';
import fc from 'fast-check';
import { coverageAt } from '../../../adapters/browser/dashboard/timeline/pictures/coverage.ts';
import { type Clock, follow } from '../../../adapters/browser/dashboard/timeline/pictures/synchrony.ts';
import { beginIn, momentIn, type Piece, timeIn } from '../../../adapters/browser/player/past-pieces.ts';

const PLAYING: Clock = { at: 0, speed: 1, state: 'playing' };
const KEYS = [0, 2, 4, 6, 8, 10];
const shown = (timeS: number, targetS = 5) => ({ timeS, targetS, keyFramesS: KEYS });

describe('pictures on one clock', () => {
  it('bend the speed of one that is ahead or behind, and jump where that would take too long', () => {
    expect(follow(PLAYING, shown(5.004), 1)).to.include({ do: 'play', rate: 1, why: 'together' });
    const [ahead, behind] = [follow(PLAYING, shown(5.05), 1), follow(PLAYING, shown(4.95), 1)];
    expect(ahead).to.deep.equal({ do: 'play', rate: 0.9, why: '50 ms ahead' });
    expect(behind).to.deep.equal({ do: 'play', rate: 1.1, why: '50 ms behind' });
    expect(follow(PLAYING, shown(3), 1)).to.deep.equal({ do: 'seek', toS: 5, why: '2000 ms behind' });
    expect(follow({ ...PLAYING, speed: 4 }, shown(4), 1), 'a second is little at four times').to.include({
      do: 'play',
    });
  });

  it('are brought within a frame of the clock from wherever they are, at any speed that decodes all', () => {
    fc.assert(
      fc.property(fc.double({ min: -30, max: 30, noNaN: true }), fc.constantFrom(0.25, 0.5, 1, 2, 4), (off, speed) => {
        let [timeS, targetS] = [50 + off, 50];
        for (let tick = 0; tick < 250; tick++) {
          const order = follow({ at: 0, speed, state: 'playing' }, { timeS, targetS, keyFramesS: [] }, 1);
          if (order.do === 'seek') timeS = order.toS;
          if (order.do === 'play') timeS += 0.02 * order.rate;
          targetS += 0.02 * speed;
        }
        expect(Math.abs(timeS - targetS) * 1_000).to.be.at.most(1_000 / 30);
      }),
    );
  });

  it('stand at the very picture while held, and wait for another that is on its way', () => {
    expect(follow({ ...PLAYING, state: 'held' }, shown(5.005), 2)).to.include({ do: 'stand' });
    expect(follow({ ...PLAYING, state: 'held' }, shown(5.05), 2)).to.include({ do: 'seek', toS: 5 });
    expect(follow({ ...PLAYING, state: 'waiting' }, shown(5.05), 2)).to.include({ do: 'stand' });
    expect(follow({ ...PLAYING, state: 'waiting' }, shown(9), 2), 'set there at once').to.include({ do: 'seek' });
  });

  it('show key frames alone where all together would be too much to decode', () => {
    const fast: Clock = { ...PLAYING, speed: 8 };
    expect(follow(fast, shown(2), 1)).to.include({ do: 'hop', toS: 4 });
    expect(follow(fast, shown(4), 1)).to.include({ do: 'stand' });
    expect(follow({ ...PLAYING, speed: 2 }, shown(4.9), 4)).to.include({ do: 'stand' });
    expect(follow({ ...PLAYING, speed: 2 }, shown(4.9), 2)).to.include({ do: 'play' });
    expect(follow(fast, shown(40), 1), 'the clock was set back').to.include({ do: 'hop', toS: 4 });
  });
});

describe('a recording that has a gap', () => {
  const PIECES: Piece[] = [
    { programDateTime: 1_000_000, start: 0, duration: 2 },
    { programDateTime: 1_002_000, start: 2, duration: 2 },
    { programDateTime: 1_020_000, start: 4, duration: 2 },
  ];

  it('is told apart in the video’s own time, which knows no gap', () => {
    expect(timeIn(PIECES, 1_003_500)).to.equal(3.5);
    expect(timeIn(PIECES, 1_010_000)).to.equal(undefined);
    expect(timeIn(PIECES, 1_020_500)).to.equal(4.5);
    expect([timeIn(PIECES, 999_000), timeIn(PIECES, 1_022_500), timeIn([], 5)]).to.deep.equal(Array(3).fill(undefined));
    expect([momentIn(PIECES, 3.5), momentIn(PIECES, 4.5)]).to.deep.equal([1_003_500, 1_020_500]);
    expect([beginIn(PIECES, 1_003_500), beginIn(PIECES, 1_010_000), beginIn([], 1)]).to.deep.equal([3.5, 4, 0]);
  });

  it('says why there is no picture, and what is not known it does not say', () => {
    const known = {
      ...{ from: 0, to: 100_000 },
      recorded: {
        recorded: [
          { from: 20_000, to: 40_000 },
          { from: 60_000, to: 97_000 },
        ],
        gaps: [
          { from: 40_000, to: 60_000, why: 'the camera was offline' },
          { from: 97_000, to: 100_000, why: '' },
        ],
        never: false,
      },
    };
    const at = (moment: number, now = 200_000) => coverageAt(known, moment, now);
    expect(at(30_000)).to.deep.equal({ name: 'recorded' });
    expect(at(50_000)).to.deep.equal({ name: 'missing', why: 'Not recorded: the camera was offline.' });
    expect(at(10_000))
      .to.have.property('why')
      .that.matches(/from before/);
    expect(at(98_000)).to.deep.equal({ name: 'unknown' });
    expect(at(98_000, 100_000))
      .to.have.property('why')
      .that.matches(/still being written/);
    expect(coverageAt(undefined, 5, 200_000)).to.deep.equal({ name: 'unknown' });
    const never = { from: 0, to: 1, recorded: { recorded: [], gaps: [], never: true } };
    expect(coverageAt(never, 50, 200_000)).to.deep.equal({ name: 'missing', why: 'This camera is not recorded.' });
  });
});
