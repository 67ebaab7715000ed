import { expect } from 'chai';
import fc from 'fast-check';
import { beginning, ending, type Stretch, targetOf } from '../../../adapters/ladder.ffmpeg/joining.ts';

/** Pieces between key frames at these times. */
const between = (...atS: number[]): Stretch[] => atS.slice(1).map((toS, at) => ({ fromS: atS[at] ?? 0, toS }));
/** Key frames each so many seconds, `count` of them. */
const each = (seconds: number, count: number, fromS = 0) =>
  between(...Array.from({ length: count + 1 }, (_, at) => fromS + at * seconds));

describe('segments of a ladder', () => {
  it('begin where every rung has a key frame, though some rungs begin earlier', () => {
    expect(beginning([each(2, 3, 1.32), between(0, 0.98, 1.32, 2.3)])).to.equal(1.32);
    expect(beginning([each(2, 3), []]), 'not yet known').to.equal(undefined);
    expect(beginning([each(2, 1), each(2, 1, 0.5)])).to.equal(undefined);
    expect(beginning([each(2, 3), each(2, 3, 0.5)]), 'none in common for six seconds').to.equal(0.5);
  });

  it('end at key frames of every rung, two seconds after their beginning or as soon as there are any', () => {
    expect(ending([each(2, 1), between(0, 1, 2)], 0, 2)).to.equal(2);
    expect(ending([each(1.92, 1), between(0, 0.96, 1.9202)], 0, 2)).to.equal(1.92);
    expect(ending([each(1.5, 2), each(0.75, 4)], 0, 3)).to.equal(3);
    expect(ending([each(0.5, 5), each(0.5, 4)], 0, 2)).to.equal(2);
    expect(ending([each(2, 1), each(1, 1)], 0, 2), 'not yet known').to.equal(undefined);
    expect(ending([each(2, 3), each(2, 3, 0.5)], 0.5, 2), 'none in common for six seconds').to.equal(undefined);
    expect(ending([each(2, 4), each(2, 4, 0.5)], 0.5, 2)).to.equal(8);
  });

  it('end before they are longer than players were told, where a key frame lets them', () => {
    expect(ending([between(0, 1.5, 3.4)], 0, 2)).to.equal(1.5);
    expect(ending([between(0, 0.4, 1.5, 3.4)], 0, 2)).to.equal(1.5);
    expect(ending([between(0, 1.5, 2.4)], 0, 2), 'rounded, it is no longer').to.equal(2.4);
    expect(ending([between(0, 3.4)], 0, 2), 'no key frame but the one').to.equal(3.4);
  });

  it('last as long as players are told, whatever distance a camera’s key frames keep', () => {
    const told = [500, 960, 1_000, 1_200, 1_920, 2_000, 2_050].map((keysMs) => targetOf(keysMs, 0));
    expect(told).to.deep.equal([2, 2, 2, 2, 2, 2, 2]);
    expect([1_500, 1_800].map((keysMs) => targetOf(keysMs, 0))).to.deep.equal([3, 4]);
    expect(targetOf(1_200, 0.25), 'sound reaches a little further').to.equal(3);
    fc.assert(
      fc.property(fc.integer({ min: 200, max: 2_050 }), (keysMs) => {
        const targetS = targetOf(keysMs, 0);
        const rungs = [each(keysMs / 1000, 60)];
        for (let fromS = 0, toS = ending(rungs, 0, targetS); toS !== undefined; toS = ending(rungs, fromS, targetS)) {
          expect(Math.round(toS - fromS)).to.be.at.most(targetS);
          fromS = toS;
        }
      }),
    );
  });

  it('end together for ever, whatever distance a camera’s key frames keep and however that drifts', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 200, max: 2_050 }), { minLength: 50, maxLength: 200 }), (gopsMs) => {
        const copied = [0];
        for (const gopMs of gopsMs) copied.push((copied.at(-1) ?? 0) + gopMs / 1000);
        const encoded = copied.flatMap((atS, at) => {
          const own = Math.ceil(((copied[at + 1] ?? atS) - atS) / 1.0);
          return Array.from({ length: Math.max(1, own) }, (_, n) => atS + n * 0.97 + 0.003);
        });
        const rungs = [between(...copied), between(...encoded)];
        const ends: number[] = [];
        for (let toS = ending(rungs, 0, 2); toS !== undefined; toS = ending(rungs, toS, 2)) ends.push(toS);
        expect(copied).to.include.members(ends);
        const longest = Math.max(...ends.map((toS, at) => toS - (ends[at - 1] ?? 0)));
        expect(longest).to.be.below(2.5);
        expect((copied.at(-1) ?? 0) - (ends.at(-1) ?? 0)).to.be.at.most(1.9 + 2.05);
      }),
    );
  });
});
