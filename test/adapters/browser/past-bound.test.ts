import { expect } from 'chai';
import { coverageAt } from '../../../adapters/browser/dashboard/timeline/pictures/coverage.ts';
import { boundAt, boundText, permitted } from '../../../adapters/browser/player/past-bound.ts';

const NOW = 1_800_000_600_000;
const HOUR_MS = 3_600_000;
const hour = { from: NOW - HOUR_MS, last_ms: HOUR_MS };
const grant = { from: NOW - 60_000 };

describe('where looking back ends, on the page', () => {
  it('moves on with the clock, or stands', () => {
    expect([boundAt(hour, NOW), boundAt(hour, NOW + 5_000)]).to.deep.equal([hour.from, hour.from + 5_000]);
    expect(boundAt(grant, NOW + 5_000)).to.equal(grant.from);
  });

  it('is said in a sentence, with the day where it is another one', () => {
    expect(boundText(grant, NOW)).to.match(/^You may look back until \d\d:\d\d:\d\d\.$/);
    expect(boundText(grant, NOW + 30 * HOUR_MS)).to.match(/^You may look back until \w+,? \d+ \w+, \d\d:\d\d:\d\d\.$/);
  });

  it('refuses a moment from before it in words, and goes a little into the part that moves', () => {
    expect(permitted(undefined, 5, NOW)).to.equal(5);
    expect(permitted(grant, grant.from, NOW)).to.equal(grant.from);
    expect(permitted(grant, grant.from - 1, NOW)).to.equal(boundText(grant, NOW));
    expect(permitted(hour, hour.from, NOW)).to.equal(hour.from + 10_000);
    expect(permitted(hour, NOW - 60_000, NOW)).to.equal(NOW - 60_000);
  });

  it('is why there is no picture on the time line', () => {
    const span = { from: hour.from, to: NOW };
    const known = { ...span, recorded: { recorded: [span], gaps: [], never: false, bound: hour } };
    expect(coverageAt(known, hour.from - 1, NOW)).to.deep.equal({ name: 'missing', why: boundText(hour, NOW) });
    expect(coverageAt(known, hour.from + 1, NOW).name).to.equal('recorded');
    expect(coverageAt(known, hour.from + 1, NOW + 2_000).name).to.equal('missing');
  });
});
