import { expect } from 'chai';
import { createTimebase } from '../../../adapters/switch.rtp/timebase.ts';

const TICKS_A_FRAME = 3_000;
const FRAME_MS = TICKS_A_FRAME / 90;

describe('where the timestamps of a source lie on our clock', () => {
  it('a picture that was delayed belongs where it would have come without that, over the wrap of its clock', () => {
    const timebase = createTimebase();
    for (let index = 0; index < 60; index += 1) {
      const delayMs = index % 3 === 0 ? 1 : 20;
      timebase.seen((0xffff0000 + index * TICKS_A_FRAME) >>> 0, 1_000 + index * FRAME_MS + delayMs);
      expect(timebase.newestAtMs()).to.be.closeTo(1_001 + index * FRAME_MS, 0.01);
    }
  });

  it('follows a clock that goes slower than ours', () => {
    const timebase = createTimebase();
    let atMs = 0;
    for (let index = 0; index < 30 * 120; index += 1) {
      atMs = index * FRAME_MS * 1.0005;
      timebase.seen(index * TICKS_A_FRAME, atMs);
    }
    expect(timebase.newestAtMs()).to.be.within(atMs - 6, atMs);
  });

  it('begins anew after an outage and where a camera restarts its clock without a word', () => {
    const timebase = createTimebase();
    expect(timebase.newestAtMs()).to.equal(undefined);
    timebase.seen(0, 0);
    timebase.seen(TICKS_A_FRAME, 4_000);
    expect(timebase.newestAtMs()).to.equal(4_000);
    timebase.seen(2_000_000_000, 4_033);
    expect(timebase.newestAtMs()).to.equal(4_033);
  });
});
