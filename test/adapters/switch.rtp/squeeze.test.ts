import { expect } from 'chai';
import fc from 'fast-check';
import { squeeze } from '../../../adapters/switch.rtp/squeeze.ts';

const bounds = { earliest: 1_000, latest: 100_000, maxStep: 90, minStep: 9 };
const forward = (later: number, earlier: number) => (later - earlier) | 0;

describe('squeezing stored pictures in time', () => {
  it('puts them a millisecond apart, ending now, and goes on live at their true distance', () => {
    const { of, offset } = squeeze([0, 3_000, 6_000, 9_000], bounds);
    expect([0, 3_000, 6_000, 9_000].map(of)).to.deep.equal([99_730, 99_820, 99_910, 100_000]);
    expect((12_000 + offset) >>> 0).to.equal(103_000);
  });

  it('puts them closer where there is no room, and never before what was sent already', () => {
    const stored = Array.from({ length: 60 }, (_, index) => index * 3_000);
    const { of } = squeeze(stored, { ...bounds, latest: 1_000 + 600 });
    expect([of(0), of(3_000)]).to.deep.equal([1_010, 1_020]);
    const late = squeeze(stored, { ...bounds, latest: 500 });
    expect([late.of(0), late.of(59 * 3_000)]).to.deep.equal([1_000, 1_000 + 59 * 9]);
  });

  it('keeps pictures in order that are sent in another order than shown', () => {
    // I P B B P B B: the last two are shown before the last P, and one more may still come there.
    const sent = [0, 9_000, 3_000, 6_000, 18_000, 12_000];
    const { of, offset } = squeeze(sent, bounds);
    const shown = [...sent].sort((one, other) => one - other).map(of);
    expect(shown).to.deep.equal([...shown].sort((one, other) => one - other));
    const next = (15_000 + offset) >>> 0;
    expect(next).to.be.within(of(12_000) + 1, of(18_000) - 1);
  });

  it('keeps the order and stays in its bounds whatever was stored, over the wrap of the clock', () => {
    const pictures = fc.array(fc.integer({ min: 1, max: 20_000 }), { minLength: 1, maxLength: 100 });
    fc.assert(
      fc.property(fc.nat(0xffffffff), pictures, fc.integer({ min: -500_000, max: 500_000 }), (base, gaps, room) => {
        let at = base;
        const sent = gaps.map((gap) => {
          at = (at + gap) >>> 0;
          return at;
        });
        const earliest = (base ^ 0x5555_5555) >>> 0;
        const { of, offset } = squeeze(sent, { ...bounds, earliest, latest: (earliest + room) >>> 0 });
        const out = sent.map(of);
        expect(forward(out[0] ?? 0, earliest)).to.be.at.least(0);
        for (let index = 1; index < out.length; index += 1)
          expect(forward(out[index] ?? 0, out[index - 1] ?? 0)).to.be.within(9, 90);
        expect(((sent.at(-1) ?? 0) + offset) >>> 0).to.equal(out.at(-1));
      }),
    );
  });
});
