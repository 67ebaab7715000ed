import { expect } from 'chai';
import { watchLateness } from '../../../adapters/ladder.ffmpeg/lateness.ts';

/** A piece each half second of the camera's time, from nought on. */
const PIECE_MS = 500;
const MINUTE_MS = 60_000;

describe('how late a ladder is', () => {
  /**
   * Has a ladder make a piece each half second, each as late as `lateMs` says of its time.
   * @param rate how fast the camera's clock goes by ours
   * @param departedAt when the picture of nought was new
   */
  const told = (
    forMs: number,
    lateMs: (mediaMs: number) => number,
    rate = 1,
    watch = watchLateness(),
    departedAt?: number,
  ) => {
    const all: { atMs: number; type: string; late_ms?: number }[] = [];
    for (let mediaMs = 0; mediaMs <= forMs * rate; mediaMs += PIECE_MS) {
      const atMs = 7_000_000 + mediaMs / rate + lateMs(mediaMs);
      const report = watch({ fromMs: 0, toMs: mediaMs }, atMs, departedAt);
      if (report) all.push({ atMs: atMs - 7_000_000, ...report });
    }
    return all;
  };
  /** Grows from one moment on until it is so late. */
  const growing = (fromMs: number, most: number) => (mediaMs: number) =>
    Math.min(most, Math.max(0, (mediaMs - fromMs) / 2));

  it('is told once it lasts, again and again while it does, and that it has caught up', () => {
    const all = told(MINUTE_MS, (mediaMs) => (mediaMs < 40_000 ? growing(10_000, 4_850)(mediaMs) : 200));
    const [first, second] = all;
    expect(all.map(({ type }) => type)).to.deep.equal([...all.slice(1).map(() => 'ladder.late'), 'ladder.caught-up']);
    expect(all.length).to.be.within(6, 8);
    expect(first?.late_ms).to.be.above(1_500);
    expect((second?.atMs ?? 0) - (first?.atMs ?? 0)).to.be.at.least(5_000);
    expect(all.at(-2)?.late_ms, 'as late as it stands').to.be.within(4_500, 4_850);
  });

  it('is told of a ladder that was late from its first picture on, where it is known when that was new', () => {
    const late = told(MINUTE_MS, () => 6_000, 1, watchLateness(), 7_000_000);
    expect(late[0]?.late_ms, 'but for what encoding takes').to.be.within(5_650, 5_700);
    expect(late[0]?.atMs).to.be.below(8_000);
    expect(
      told(MINUTE_MS, () => 600, 1, watchLateness(), 7_000_000),
      'what encoding takes is no lateness',
    ).to.deep.equal([]);
  });

  it('is not told of stored pictures, which a ladder begins with, nor of a hiccup', () => {
    expect(told(MINUTE_MS, (mediaMs) => Math.max(0, 2_000 - mediaMs))).to.deep.equal([]);
    expect(told(MINUTE_MS, (mediaMs) => Math.max(0, 900 - Math.abs(mediaMs - 30_000)) * 3)).to.deep.equal([]);
  });

  it('is not told of a camera that is silent for a while: its pictures have the time at which they came', () => {
    const watch = watchLateness();
    expect(told(10_000, () => 0, 1, watch)).to.deep.equal([]);
    expect([14_000, 14_500, 15_000, 15_500].map((ms) => watch({ fromMs: 0, toMs: ms }, 7_000_000 + ms))).to.deep.equal(
      Array(4).fill(undefined),
    );
  });

  it('is not told of a camera whose clock is not ours, and that stays so for long', () => {
    for (const rate of [0.997, 1.003]) expect(told(60 * MINUTE_MS, () => 0, rate)).to.deep.equal([]);
  });

  it('is not forgotten while it lasts: nobody would be told when to leave', () => {
    const all = told(20 * MINUTE_MS, growing(10_000, 4_850));
    expect(all.at(-1)).to.include({ type: 'ladder.late' });
    expect(all.at(-1)?.atMs).to.be.above(20 * MINUTE_MS - 10_000);
  });

  it('counts anew where the time of its pictures goes back', () => {
    const watch = watchLateness();
    expect(told(10_000, () => 0, 1, watch)).to.deep.equal([]);
    const after = [0, 500, 1_000, 1_500, 2_000].map((ms) => watch({ fromMs: 0, toMs: ms }, 7_010_500 + ms));
    expect(after).to.deep.equal(Array(5).fill(undefined));
  });
});
