import { expect } from 'chai';
import { killedHistory } from '../fixtures/history.ts';

const KILLS = 10;

describe('the history of cells that are killed ten times under load', function () {
  this.timeout(120_000);

  it('holds every acknowledged event once and in order, and each cell comes back with its state and deadlines', async () => {
    const { lives, faults } = await killedHistory(KILLS, 1);
    expect(faults).to.deep.equal([]);
    const acknowledged = lives.reduce((sum, life) => sum + life.acknowledged.length, 0);
    expect(acknowledged).to.be.greaterThan(KILLS * 50);
    const { cells, armed } = lives.at(-1)?.recovery ?? { cells: [], armed: [] };
    expect(cells.length).to.be.greaterThan(12);
    expect(armed.length).to.be.greaterThan(0);
  });
});
