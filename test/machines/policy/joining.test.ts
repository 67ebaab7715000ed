import { expect } from 'chai';
import { mayJoin } from '../../../machines/policy/joining.ts';

const one = { name: 'one', shares: false, taken: false };
const two = { name: 'two', shares: false };

describe('a launcher that wants to begin', () => {
  it('may, where no other runs', () => {
    const { allowed, why } = mayJoin({ ...one, others: [] });
    expect([allowed, why.reason]).to.deep.equal([true, 'alone']);
  });

  it('may beside others, where all of them share people and keys', () => {
    const { allowed, why } = mayJoin({ ...one, shares: true, others: [{ ...two, shares: true }] });
    expect([allowed, why.reason]).to.deep.equal([true, 'among-others']);
  });

  it('may not under the name of one that runs, and is told which setting gives it another', () => {
    for (const [taken, others] of [
      [true, []],
      [false, [{ name: 'one', shares: true }]],
    ] as const) {
      const { allowed, why } = mayJoin({ ...one, taken, others });
      expect([allowed, why.reason]).to.deep.equal([false, 'name-taken']);
      expect(why.text).to.include('"one"').and.include('"host"');
    }
  });

  it('may not beside another machine with which it shares nothing, and is told what to do', () => {
    for (const [mine, theirs] of [
      [false, false],
      [true, false],
      [false, true],
    ] as const) {
      const { allowed, why } = mayJoin({ ...one, shares: mine, others: [{ ...two, shares: theirs }] });
      expect([allowed, why.reason]).to.deep.equal([false, 'not-shared']);
      expect(why.text).to.include('"two"').and.include('"cluster"').and.include('a NATS of its own');
    }
  });
});
