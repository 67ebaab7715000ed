import { expect } from 'chai';
import fc from 'fast-check';
import { beginning, ending, type Stretch } from '../../../adapters/ladder.ffmpeg/joining.ts';

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
    expect(ending([each(2, 1), between(0, 1, 2)], 0)).to.equal(2);
    expect(ending([each(1.92, 1), between(0, 0.96, 1.9202)], 0)).to.equal(1.92);
    expect(ending([each(1.5, 2), each(0.75, 4)], 0)).to.equal(3);
    expect(ending([each(0.5, 5), each(0.5, 4)], 0)).to.equal(2);
    expect(ending([each(2, 1), each(1, 1)], 0), 'not yet known').to.equal(undefined);
    expect(ending([each(2, 3), each(2, 3, 0.5)], 0.5), 'none in common for six seconds').to.equal(undefined);
    expect(ending([each(2, 4), each(2, 4, 0.5)], 0.5)).to.equal(8);
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
        for (let toS = ending(rungs, 0); toS !== undefined; toS = ending(rungs, toS)) ends.push(toS);
        expect(copied).to.include.members(ends);
        const longest = Math.max(...ends.map((toS, at) => toS - (ends[at - 1] ?? 0)));
        expect(longest).to.be.at.most(1.9 + 2.05);
        expect((copied.at(-1) ?? 0) - (ends.at(-1) ?? 0)).to.be.at.most(1.9 + 2.05);
      }),
    );
  });
});
