import { expect } from 'chai';
import fc from 'fast-check';
import { FIRST_STEP, PICTURE_STEPS, PICTURE_UP, type Sending, stepPicture } from '../../../machines/policy/picture.ts';

const LAST = PICTURE_STEPS.length - 1;
/** Steps on each 250 ms through these estimates. */
function through(estimates: number[], from: Sending = { step: FIRST_STEP }) {
  let sending = from;
  const reasons: string[] = [];
  for (const [index, kbps] of estimates.entries()) {
    const { why, ...next } = stepPicture(sending, kbps, index * 250);
    sending = next;
    if (why) reasons.push(why.reason ?? '');
  }
  return { step: sending.step, reasons };
}
const forMs = (kbps: number, ms: number) => Array.from({ length: Math.ceil(ms / 250) + 1 }, () => kbps);

describe('the picture that an adaptive peer sends', () => {
  it('becomes smaller the moment the network is too thin for it, as small as need be', () => {
    expect(through([90])).to.deep.equal({ step: 3, reasons: ['thin'] });
    expect(through([10])).to.deep.equal({ step: LAST, reasons: ['thin'] });
  });

  it('becomes better when a better one has fitted for a while with something to spare', () => {
    expect(through(forMs(2_000, PICTURE_UP.forMs)).step).to.equal(0);
    expect(through(forMs(2_000, PICTURE_UP.forMs - 250)).step).to.equal(FIRST_STEP);
    expect(through(forMs(130, 10_000)).step, 'nothing to spare').to.equal(FIRST_STEP);
  });

  it('waits anew after a moment in which the better one did not fit', () => {
    const dip = [...forMs(2_000, 1_000), 210, ...forMs(2_000, 1_000)];
    expect(through(dip)).to.deep.equal({ step: FIRST_STEP, reasons: [] });
  });

  it('says what the network carries, and from where to where it goes', () => {
    const { why } = stepPicture({ step: 0 }, 130, 0);
    expect(why).to.deep.include({ trigger: 'estimate', reason: 'thin' });
    expect(why?.text).to.equal('a picture 2 times smaller at 20 frames a second: the network carries 130 kb/s');
    expect(why?.guard).to.deep.equal({ estimate_kbps: 130, least_kbps: 120, from: 0, to: 2 });
  });

  it('is never one that the network can’t carry, and comes to rest whatever it carries', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 5_000 }), fc.nat({ max: LAST }), (kbps, step) => {
        const rest = through(forMs(kbps, 20_000), { step });
        expect(PICTURE_STEPS[rest.step]?.leastKbps).to.be.at.most(kbps);
        expect(rest.reasons.length).to.be.at.most(1);
      }),
    );
  });
});
