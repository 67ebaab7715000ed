import { expect } from 'chai';
import { movedText } from '../../../adapters/browser/player/moved.ts';

describe('a move of a viewer, in a sentence', () => {
  it('tells how long the picture stood, and that it did not where it did not', () => {
    const rung = { relay: 'relay-1', quality: '480p', reason: 'strained', at: 0 };
    expect(movedText({ ...rung, gapMs: 0 })).to.equal('Now 480p: the network lost too much, without a gap');
    expect(movedText({ ...rung, reason: 'overloaded', gapMs: 33 })).to.equal(
      'Now 480p: this device can’t keep up, 33 ms',
    );
    expect(movedText({ ...rung, quality: '720p', reason: 'late', gapMs: 0 })).to.equal(
      'Now 720p: the lower one came too late, without a gap',
    );
    expect(movedText({ relay: 'relay-2', reason: 'relay-lost', at: 0, gapMs: 67 })).to.equal(
      'Moved to relay-2: its relay was lost, 67 ms',
    );
  });
});
