import { expect } from 'chai';
import { type CameraPast, eventFrom, placeIn, toldOf } from '../../../adapters/browser/player/past-events.ts';

const PAST: CameraPast = {
  window: { from: 0, to: 100_000 },
  never: false,
  recorded: [
    { from: 0, to: 40_000 },
    { from: 60_000, to: 100_000 },
  ],
  gaps: [{ from: 40_000, to: 60_000, why: 'the camera was offline' }],
  events: [
    { at: 10_000, state: 'stalled', why: 'it sends nothing' },
    { at: 50_000, state: 'offline', why: 'nothing answers' },
    { at: 60_500, state: 'live', why: 'its picture arrives' },
  ],
};

describe('what happened to a camera, on its line of time', () => {
  it('is gone to a little ahead of it, where that was recorded', () => {
    expect(eventFrom(PAST, 90_000, -1)).to.equal(60_500);
    expect(eventFrom(PAST, 20_000, -1)).to.equal(8_000);
    expect(eventFrom(PAST, 20_000, 1), 'what was not recorded is left out').to.equal(60_500);
  });

  it('is left for the one before by a second press, soon after the first', () => {
    expect(eventFrom(PAST, 61_500, -1)).to.equal(8_000);
    expect(eventFrom(PAST, 9_000, -1)).to.equal(undefined);
    expect(eventFrom(PAST, 70_000, 1)).to.equal(undefined);
  });

  it('is told with its reason, and so is what is missing', () => {
    expect(toldOf(PAST, 10_300, 500)).to.match(/ stalled: it sends nothing$/);
    expect(toldOf(PAST, 45_000, 500)).to.match(/ not recorded: the camera was offline$/);
    expect(toldOf(PAST, 30_000, 500)).to.match(/^\d\d:\d\d:\d\d$/);
  });

  it('lies where its moment does, and never outside', () => {
    expect(placeIn(PAST.window, 25_000)).to.equal(0.25);
    expect([placeIn(PAST.window, -1), placeIn(PAST.window, 1e9), placeIn({ from: 5, to: 5 }, 5)]).to.deep.equal([
      0, 1, 1,
    ]);
  });
});
