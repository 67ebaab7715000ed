import { expect } from 'chai';
import { createPatience } from '../../../adapters/browser/player/patience.ts';

describe('a player whose picture stands', () => {
  it('may be helped by its standby a moment after a pause that was over by itself', () => {
    const patience = createPatience();
    expect(patience.isOver(0)).to.equal(true);
    patience.asked(0);
    patience.frame();
    expect(patience.isOver(900), 'one that takes many short pauses asks once a second').to.equal(false);
    expect(patience.isOver(1_100)).to.equal(true);
  });

  it('asks a standby that brought no picture again only after five seconds', () => {
    const patience = createPatience();
    patience.asked(0);
    expect([1_100, 4_900, 5_100].map((atMs) => patience.isOver(atMs))).to.deep.equal([false, false, true]);
  });
});
