import { expect } from 'chai';
import { createCooldown } from '../../../adapters/browser/player/cooldown.ts';

describe('a player whose picture stands', () => {
  it('may be helped by its standby a moment after a pause that was over by itself', () => {
    const cooldown = createCooldown();
    expect(cooldown.isOver(0)).to.equal(true);
    cooldown.asked(0);
    cooldown.frame();
    expect(cooldown.isOver(900), 'one that takes many short pauses asks once a second').to.equal(false);
    expect(cooldown.isOver(1_100)).to.equal(true);
  });

  it('asks a standby that brought no picture again only after five seconds', () => {
    const cooldown = createCooldown();
    cooldown.asked(0);
    expect([1_100, 4_900, 5_100].map((atMs) => cooldown.isOver(atMs))).to.deep.equal([false, false, true]);
  });
});
