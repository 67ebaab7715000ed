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
    expect(eventFrom(PAST, 90_000, -1)).to.deep.equal({ to: 60_500 });
    expect(eventFrom(PAST, 20_000, -1)).to.deep.equal({ to: 8_000 });
  });

  it('is left for the one before by a second press, soon after the first', () => {
    expect(eventFrom(PAST, 61_500, -1).to).to.equal(8_000);
    expect(eventFrom(PAST, 9_000, -1)).to.deep.equal({ why: 'No event before this in the last hour.' });
    expect(eventFrom(PAST, 70_000, 1)).to.deep.equal({ why: 'No event after this in the last hour.' });
  });

  it('is passed over where there is no picture of it, and that is said with the reason', () => {
    const { to, why } = eventFrom(PAST, 20_000, 1);
    expect(to).to.equal(60_500);
    expect(why).to.match(/^Not shown: offline at \d\d:\d\d:\d\d, which was not recorded: the camera was offline\.$/);
  });

  it('is said to be still being written where it happened a moment ago', () => {
    const offline = { at: 98_000, state: 'offline', why: 'nothing answers' };
    const recorded = [{ from: 0, to: 94_000 }];
    const { to, why } = eventFrom({ ...PAST, recorded, gaps: [], events: [offline] }, 100_000, -1);
    expect(to).to.equal(undefined);
    expect(why).to.match(/^Not shown: offline at \d\d:\d\d:\d\d, whose seconds are still being written\.$/);
    const earlier = eventFrom({ ...PAST, recorded, events: [...PAST.events, offline] }, 100_000, -1);
    expect(earlier.to, 'the one before is found all the same').to.equal(58_500);
    expect(earlier.why).to.match(/still being written/);
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
