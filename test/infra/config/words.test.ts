import { expect } from 'chai';
import fc from 'fast-check';
import { BadDuration, durationMs, spanText } from '../../../infra/config/durations.ts';
import { editDistance, nearest } from '../../../infra/config/nearest.ts';

describe('a duration', () => {
  it('is a number and a unit', () => {
    const table: [string, number][] = [
      ['500ms', 500],
      ['3600s', 3_600_000],
      ['15m', 900_000],
      ['8h', 28_800_000],
      ['7d', 604_800_000],
      ['0s', 0],
    ];
    for (const [text, ms] of table) expect(durationMs(text)).to.equal(ms);
  });

  it('is nothing else', () => {
    for (const text of ['', '3600', 's', '1.5h', '-1s', '1 h', '1y', '1H', '1e3s', '１s', `${'9'.repeat(13)}s`]) {
      expect(() => durationMs(text), text).to.throw(BadDuration);
    }
  });

  it('is shown in the unit that a person would choose', () => {
    const table: [number, string][] = [
      [-5, '0 ms'],
      [850, '850 ms'],
      [12_400, '12 s'],
      [180_000, '3 min'],
      [7_500_000, '2 h 5 min'],
      [3_600_000, '1 h'],
      [3 * 86_400_000, '3 d'],
    ];
    for (const [ms, text] of table) expect(spanText(ms)).to.equal(text);
  });
});

describe('the nearest name', () => {
  it('is the one a person meant', () => {
    const names = ['listen', 'public_url', 'trusted_proxies', 'port'];
    expect(nearest('lisetn', names)).to.equal('listen');
    expect(nearest('Public-URL', names)).to.equal('public_url');
    expect(nearest('prot', names)).to.equal('port');
    expect(nearest('trusted_proxys', names)).to.equal('trusted_proxies');
  });

  it('is no name when none is near', () => {
    expect(nearest('banana', ['listen', 'port'])).to.equal(undefined);
    expect(nearest('x'.repeat(100_000), ['listen'])).to.equal(undefined);
    expect(nearest('x', [])).to.equal(undefined);
  });

  it('is measured as a distance', () => {
    const word = fc.string({ maxLength: 12 });
    fc.assert(
      fc.property(word, word, (one, other) => {
        expect(editDistance(one, other)).to.equal(editDistance(other, one));
        expect(editDistance(one, other) === 0).to.equal(one === other);
        expect(editDistance(one, other)).to.be.at.most(Math.max(one.length, other.length));
      }),
    );
  });
});
