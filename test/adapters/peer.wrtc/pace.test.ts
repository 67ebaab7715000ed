import { expect } from 'chai';
import { pacePictures } from '../../../adapters/peer.wrtc/pace.ts';
import type { Picture } from '../../../adapters/peer.wrtc/y4m.ts';

/** Has pictures come at these times (ms), each in the same buffer, and tells which was handed on when. */
function through(arriveMs: number[]): { atMs: number; picture: number }[] {
  let nowMs = 0;
  let timers: { atMs: number; callback: () => void }[] = [];
  const seen: { atMs: number; picture: number }[] = [];
  const pace = pacePictures(
    ({ data }) => seen.push({ atMs: nowMs, picture: data[0] ?? 0 }),
    () => nowMs,
    (callback, ms) => {
      const timer = { atMs: nowMs + ms, callback };
      timers.push(timer);
      return () => {
        timers = timers.filter((one) => one !== timer);
      };
    },
  );
  const runTo = (untilMs: number) => {
    for (;;) {
      const next = timers.filter(({ atMs }) => atMs <= untilMs).sort((a, b) => a.atMs - b.atMs)[0];
      if (!next) break;
      timers = timers.filter((one) => one !== next);
      nowMs = next.atMs;
      next.callback();
    }
    nowMs = untilMs;
  };
  const shared: Picture = { width: 4, height: 4, data: new Uint8ClampedArray(24) };
  for (const [index, atMs] of arriveMs.entries()) {
    runTo(atMs);
    shared.data.fill(index);
    pace.push(shared);
  }
  runTo(nowMs + 1_000);
  return seen;
}
const times = (count: number, atMs: (index: number) => number) => Array.from({ length: count }, (_, at) => atMs(at));

describe('pictures that an adaptive peer is to send', () => {
  it('are sent the moment they come where they come in their time', () => {
    const arrive = times(50, (index) => index * 40 + (index % 3) * 4);
    expect(through(arrive).map(({ atMs }) => atMs)).to.deep.equal(arrive);
  });

  it('are sent one by one though they come in pairs, each once and as it was', () => {
    const seen = through(times(50, (index) => (index >> 1) * 80 + (index % 2)));
    expect(seen.map(({ picture }) => picture)).to.deep.equal(times(50, (index) => index));
    const settled = seen.slice(10);
    const gaps = settled.slice(1).map(({ atMs }, index) => atMs - (settled[index]?.atMs ?? 0));
    expect(Math.min(...gaps)).to.be.above(20);
    expect(Math.max(...gaps)).to.be.below(60);
  });

  it('are left out, the oldest first, where many come at once: what is shown is never late for long', () => {
    const steady = times(20, (index) => index * 40);
    const seen = through([...steady, ...times(30, () => 800), ...times(30, (index) => 840 + index * 40)]);
    expect(seen.filter(({ atMs }) => atMs > 760 && atMs < 840).map(({ picture }) => picture)).to.include(49);
    for (const { atMs, picture } of seen.filter(({ picture }) => picture >= 50)) {
      expect(atMs - (840 + (picture - 50) * 40)).to.be.within(0, 100);
    }
  });
});
