import { expect } from 'chai';
import fc from 'fast-check';
import { planLadder, RUNGS, rungsNamed, USUAL_RUNGS } from '../../../machines/policy/ladder.ts';
import { type RungWish, rungsWished, wishNamed, withUsual } from '../../../machines/policy/wished-rungs.ts';

const wishes = fc.array(
  fc.record(
    {
      height: fc.constantFrom(240, 360, 480, 540, 720, 1080),
      bitrate_bps: fc.integer({ min: 1, max: 60 }).map((tenths) => tenths * 100_000),
      max_bps: fc.integer({ min: 1, max: 60 }).map((tenths) => tenths * 100_000),
    },
    { requiredKeys: ['height'] },
  ),
  { minLength: 1, maxLength: 4 },
);
const names = (rungs: readonly { name: string }[]) => rungs.map(({ name }) => name);

describe('the ladder that somebody asks for', () => {
  it('has the usual figures where only names are said', () => {
    expect(rungsWished(RUNGS.map(({ name }) => wishNamed(name)))).to.deep.equal({ rungs: RUNGS, faults: [] });
  });

  it('takes less with each rung and never more than its most, whatever is asked for, or says what is wrong', () => {
    fc.assert(
      fc.property(wishes, (asked) => {
        const { rungs, faults } = rungsWished(asked as RungWish[]);
        if (faults.length > 0) {
          for (const { index, of, message } of faults) {
            expect(asked[index]).to.not.equal(undefined);
            expect([of, message].join()).to.match(/^(height|bitrate_bps|max_bps),.*\d+p/);
          }
          return;
        }
        for (const [index, { height, bitrate_bps, max_bps }] of rungs.entries()) {
          expect(max_bps).to.be.at.least(bitrate_bps);
          const below = rungs[index + 1];
          if (below) expect([below.height < height, below.bitrate_bps < bitrate_bps]).to.deep.equal([true, true]);
        }
      }),
    );
  });

  it('is made whole in an emergency by the usual rungs that have a place in it', () => {
    expect(withUsual(rungsNamed(USUAL_RUNGS))).to.deep.equal(RUNGS);
    const { rungs } = rungsWished([{ height: 720, bitrate_bps: 900_000 }, wishNamed('360p')]);
    expect(names(withUsual(rungs))).to.deep.equal(['1080p', '720p', '360p']);
    const { rungs: large } = rungsWished([{ height: 1440, bitrate_bps: 3_000_000 }]);
    expect(names(withUsual(large))).to.deep.equal(['1440p', '720p', '480p', '360p']);
  });

  it('is made of what is no larger than the camera’s picture, and tells what was left out', () => {
    const { rungs } = rungsWished([
      { height: 1440, bitrate_bps: 8e6 },
      { height: 540, bitrate_bps: 1_400_000 },
    ]);
    const source = { codec: 'h264', width: 1280, height: 720, fps: 25, gop_ms: 2_000, reordered: false };
    const plan = planLadder({ ...source, bitrate_bps: 2e6, audio: false }, rungs);
    expect(plan.rungs).to.deep.equal([{ ...rungs[1], width: 960, how: 'encoded' }]);
    expect(plan.why.rejected).to.deep.include({
      option: '1440p',
      because: 'the source has 720 lines: nothing is scaled up',
    });
  });
});
