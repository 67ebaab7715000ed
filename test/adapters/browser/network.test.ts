import { expect } from 'chai';
import { carriedKbps, fileToMeasure, knownKbps, type Loaded } from '../../../adapters/browser/player/network.ts';

const ORIGIN = 'https://stream.example.com';
/** A file of so many kilobytes that came within so many milliseconds. */
const loaded = (kilobytes: number, ms: number, more: Partial<Loaded> = {}): Loaded => ({
  ...{ name: `${ORIGIN}/assets/${kilobytes}.js`, transferSize: kilobytes * 1_000 + 300 },
  ...{ encodedBodySize: kilobytes * 1_000, responseStart: 100, responseEnd: 100 + ms },
  ...more,
});
const atHand = { transferSize: 0 };
const confirmed = { transferSize: 300 };

describe('what a player knows of its network', () => {
  it('is what it carried at its best, of files that are large enough to tell', () => {
    expect(carriedKbps([loaded(100, 1_000), loaded(50, 200), loaded(10, 4), loaded(30, 1)])).to.equal(2_000);
    expect(carriedKbps([])).to.equal(undefined);
  });

  it('is nothing where the files were at hand already, asked for again or not: they came from no network', () => {
    expect(carriedKbps([loaded(100, 10, atHand), loaded(100, 10, confirmed)])).to.equal(undefined);
  });

  it('is what was measured, even where the browser believes in more: so a slow network is told', () => {
    expect(knownKbps(600, 10)).to.equal(600);
    expect(knownKbps(5_000, 0.4)).to.equal(5_000);
  });

  it('is what the browser says while nothing was measured', () => {
    expect(knownKbps(undefined, 1.5)).to.equal(1_500);
    expect(knownKbps(undefined, undefined)).to.equal(undefined);
  });

  it('is found out with the largest file of the gateway that is no burden', () => {
    const elsewhere = { ...atHand, name: 'https://other.example/60.js' };
    const files = [loaded(10, 1, atHand), loaded(40, 1, atHand), loaded(500, 1, atHand), loaded(60, 1, elsewhere)];
    expect(fileToMeasure(files, ORIGIN)).to.deep.equal({ address: `${ORIGIN}/assets/40.js`, bytes: 40_000 });
    expect(fileToMeasure([loaded(10, 1, atHand)], ORIGIN)).to.equal(undefined);
  });
});
