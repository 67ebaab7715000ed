import { expect } from 'chai';
import { keepRefusers } from '../../../infra/http/refusers.ts';

describe('relays that have not taken a player over', () => {
  it('are left out for a while, longer each time, never for good, until it is carried on', () => {
    let now = 0;
    const refusers = keepRefusers(() => now);
    const waits: number[] = [];
    for (let n = 0; n < 6; n++) {
      refusers.add('relay-2');
      const since = now;
      while ('relay-2' in refusers.now()) now += 1_000;
      waits.push((now - since) / 1_000);
    }
    expect(waits).to.deep.equal([5, 10, 20, 40, 60, 60]);
    refusers.add('relay-2');
    refusers.add('relay-3');
    now += 4_000;
    expect(refusers.now()).to.deep.equal({
      'relay-2': 'it has not taken this viewer over, 4 s ago',
      'relay-3': 'it has not taken this viewer over, 4 s ago',
    });
    refusers.clear();
    expect(refusers.now()).to.deep.equal({});
  });
});
