import { expect } from 'chai';
import { fanOut } from '../../fixtures/fanout.ts';

describe('two hundred subscribers of one gateway', function () {
  this.timeout(60_000);
  it('each hear every fact, and soon', async () => {
    const tookMs = await fanOut(200, 10, 20);
    expect(tookMs).to.have.length(200 * 10);
    expect(Math.max(...tookMs)).to.be.lessThan(5_000);
  });
});
