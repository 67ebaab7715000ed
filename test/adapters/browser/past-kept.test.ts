import { expect } from 'chai';
import { keptAnswer, stretchRound } from '../../../adapters/browser/player/past-kept.ts';

const NOW = 1_800_000_600_000;
const MINUTE_MS = 60_000;

describe('what somebody keeps round a moment of the past', () => {
  it('is as much before it as after, also where that is still to come', () => {
    const at = NOW - 5_000.5;
    expect(stretchRound(at, MINUTE_MS, undefined, NOW)).to.deep.equal({ from: NOW - 65_000, to: NOW + 55_000 });
  });

  it('begins no further back than they may look, and not where a bound will have moved on to', () => {
    const at = NOW - 30_000;
    const grant = { from: NOW - 40_000 };
    expect(stretchRound(at, MINUTE_MS, grant, NOW).from).to.equal(grant.from);
    const moves = { from: NOW - 999_999, last_ms: 45_000 };
    expect(stretchRound(at, MINUTE_MS, moves, NOW).from).to.equal(NOW - 35_000);
    expect(stretchRound(at, MINUTE_MS, { from: NOW - 999_999 }, NOW).from).to.equal(at - MINUTE_MS);
  });

  it('is told with its times and its size, or that nothing of it is recorded so far', () => {
    const stretch = { from: NOW, to: NOW + MINUTE_MS };
    expect(keptAnswer('Theft', stretch, 34_000_000)).to.match(
      /^Kept as “Theft”: \d\d:\d\d:\d\d to \d\d:\d\d:\d\d, 34\.0 MB$/,
    );
    expect(keptAnswer('Theft', stretch, 0)).to.match(/, nothing of which is recorded so far$/);
  });
});
