import { expect } from 'chai';
import { mayJoin } from '../../../machines/policy/joining.ts';

describe('a launcher that wants to begin', () => {
  it('may, where no other runs', () => {
    const { allowed, why } = mayJoin({ name: 'one', taken: false, others: [] });
    expect([allowed, why.reason]).to.deep.equal([true, 'alone']);
  });

  it('may not under the name of one that runs, and is told which setting gives it another', () => {
    const { allowed, why } = mayJoin({ name: 'one', taken: true, others: ['two'] });
    expect([allowed, why.reason]).to.deep.equal([false, 'name-taken']);
    expect(why.text).to.include('"one"').and.include('"host"');
  });

  it('may not beside another machine, as they would not share people and keys, and is told what to do', () => {
    const { allowed, why } = mayJoin({ name: 'one', taken: false, others: ['two', 'three'] });
    expect([allowed, why.reason]).to.deep.equal([false, 'not-shared']);
    expect(why.text).to.include('"two", "three"').and.include('a NATS of its own');
  });
});
