import { expect } from 'chai';
import {
  addressOf,
  fieldOf,
  rangeShown,
  refusalOf,
} from '../../../adapters/browser/dashboard/timeline/package/wish.ts';
import { sizeText } from '../../../adapters/browser/player/size-text.ts';

const NOW = 1_800_000_000_500;
const HOUR_MS = 3_600_000;

describe('a package of video and log, as it is asked for on the page', () => {
  it('holds the whole seconds that are shown, and none that are still being written', () => {
    expect(rangeShown({ from: 1_000_400, to: 9_000_900 }, NOW)).to.deep.equal({ from: 1_000_000, to: 9_000_000 });
    const shown = rangeShown({ from: NOW - HOUR_MS, to: NOW + 60_000 }, NOW);
    expect(shown).to.deep.equal({ from: 1_800_000_000_000 - HOUR_MS, to: 1_799_999_995_000 });
    expect(refusalOf({ ...shown, cameras: ['gate'] }, NOW)).to.equal(undefined);
  });

  it('is of the first camera, with the others beside it', () => {
    const range = { from: 1_000, to: 2_000.4 };
    expect(addressOf({ ...range, cameras: ['gate'] })).to.equal('/recordings/gate/package.tar?from=1000&to=2000');
    const several = new URL(addressOf({ ...range, cameras: ['gate', 'yard', 'roof'] }), 'http://house');
    expect(several.searchParams.get('with')).to.equal('yard,roof');
  });

  it('is not asked for where the gateway would refuse it, and why is said', () => {
    const fits = { from: NOW - HOUR_MS, to: NOW - 1_000, cameras: ['gate'] };
    expect(refusalOf({ ...fits, cameras: [] }, NOW)).to.match(/at least one camera/);
    expect(refusalOf({ ...fits, from: NOW }, NOW)).to.match(/exchange/);
    expect(refusalOf({ ...fits, from: NOW - 25 * HOUR_MS }, NOW)).to.match(/a day at most/);
    expect(refusalOf({ ...fits, to: NOW + 1 }, NOW)).to.match(/future/);
    expect(refusalOf({ ...fits, to: Number.NaN }, NOW)).to.match(/until when/);
  });

  it('is told by times and sizes that a person reads', () => {
    const at = new Date(2026, 10, 27, 14, 3, 5).getTime();
    expect(fieldOf(at)).to.equal('2026-11-27T14:03:05');
    expect(new Date(fieldOf(at)).getTime()).to.equal(at);
    expect([sizeText(1_240_000), sizeText(340e6), sizeText(2.06e9)]).to.deep.equal(['1.2 MB', '340 MB', '2.1 GB']);
  });
});
