import { expect } from 'chai';
import fc from 'fast-check';
import { type Claim, shareOut } from '../../../machines/policy/capacity.ts';

const claim = (id: string, more: Partial<Claim> = {}): Claim => ({
  id,
  urgent: false,
  made: false,
  viewers: 0,
  ...more,
});

describe('the share of encoders', () => {
  const table: [string, Claim[], number, string[]][] = [
    ['gives everybody one while there are enough', [claim('a'), claim('b')], 2, ['a', 'b']],
    [
      'takes one from a ladder that runs for an emergency',
      [claim('a', { made: true }), claim('b', { urgent: true })],
      1,
      ['b'],
    ],
    ['leaves what runs alone rather than flap', [claim('a', { viewers: 9 }), claim('b', { made: true })], 1, ['b']],
    ['prefers what most people watch', [claim('a', { viewers: 1 }), claim('b', { viewers: 2 })], 1, ['b']],
    [
      'among emergencies goes by the same rules',
      [claim('a', { urgent: true }), claim('b', { urgent: true, made: true })],
      1,
      ['b'],
    ],
    ['gives nobody one when pushes have them all', [claim('a', { urgent: true })], -1, []],
  ];
  for (const [what, claims, encoders, granted] of table) {
    it(what, () => expect(shareOut(claims, encoders).granted).to.deep.equal(granted));
  }

  it('tells who waits why, and for whom', () => {
    const { waiting } = shareOut([claim('a', { made: true }), claim('b', { urgent: true })], 1);
    expect(waiting.get('a')).to.include({ reason: 'no-capacity' });
    expect(waiting.get('a')?.text).to.equal(
      'waits for an encoder: all 1 are taken, 1 of them for cameras in an emergency',
    );
  });

  it('never gives more than there are, and never lets an emergency wait for anything else', () => {
    const claims = fc.uniqueArray(
      fc.record({ id: fc.string(), urgent: fc.boolean(), made: fc.boolean(), viewers: fc.nat(9) }),
      { selector: ({ id }) => id },
    );
    fc.assert(
      fc.property(claims, fc.integer({ min: -2, max: 12 }), (all, encoders) => {
        const { granted, waiting } = shareOut(all, encoders);
        expect(granted.length).to.be.at.most(Math.max(0, encoders));
        expect(granted.length + waiting.size).to.equal(all.length);
        const urgentWaits = all.some(({ id, urgent }) => urgent && waiting.has(id));
        if (urgentWaits)
          expect(all.filter(({ id }) => granted.includes(id)).every(({ urgent }) => urgent)).to.equal(true);
      }),
    );
  });
});
