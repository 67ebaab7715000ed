import { expect } from 'chai';
import { fanOut, fanOutOverNats } from '../../fixtures/fanout.ts';

describe('two hundred subscribers of one gateway', function () {
  this.timeout(60_000);
  it('each hear every fact, and soon', async () => {
    const { heard, points } = await fanOut(200, 10, 20);
    expect(heard).to.equal(200 * 10);
    expect(points.at(-1)).to.be.lessThan(5_000);
  });
});

describe('two hundred readers of the facts over NATS', function () {
  this.timeout(90_000);
  it('each hear every fact, and soon', async () => {
    const { heard, points } = await fanOutOverNats(200, 10, 20);
    expect(heard).to.equal(200 * 10);
    expect(points.at(-1)).to.be.lessThan(5_000);
  });
});
