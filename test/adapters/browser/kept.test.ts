import { expect } from 'chai';
import { bracketsIn, keptText } from '../../../adapters/browser/dashboard/timeline/pictures/kept.ts';
import { keptIn, type Recorded } from '../../../adapters/browser/player/past-events.ts';

describe('what retention leaves alone, on the time line', () => {
  const kept = [keptIn({ from: 200, to: 400, name: 'Theft at the gate', by: 'hoa' }), keptIn({ from: 300 })];
  const recorded: Recorded = { recorded: [{ from: 0, to: 1_000 }], gaps: [], never: false, kept };

  it('is told of a moment by its name and person, or as an emergency that goes on', () => {
    expect(keptText(recorded, 250)).to.equal('Kept: Theft at the gate (hoa).');
    expect(keptText(recorded, 350)).to.equal('Kept: Theft at the gate (hoa); an emergency.');
    expect(keptText(recorded, 400)).to.equal('Kept: an emergency.');
    expect(keptText(recorded, 100)).to.equal('');
  });

  it('is a bracket, open where it goes on beyond what is seen, and seen however short', () => {
    const bars = (from: number, to: number) =>
      bracketsIn(recorded, { from, to }, (at) => ((at - from) / (to - from)) * 100).map(({ x, width, height }) =>
        [x, width, height].join(' '),
      );
    expect(bars(0, 1_000)).to.deep.equal(['20 20 2', '20 2 7', '38 2 7', '30 70 2', '30 2 7']);
    expect(bars(250, 350)).to.deep.equal(['0 100 2', '50 50 2', '50 2 7']);
    expect(bars(0, 100)).to.deep.equal([]);
    expect(bars(0, 1_000_000)[0]).to.equal('0 2 2');
  });
});
