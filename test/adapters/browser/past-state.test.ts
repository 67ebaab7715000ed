import { expect } from 'chai';
import fc from 'fast-check';
import {
  ago,
  isPast,
  landing,
  nextPast,
  type PastHeard,
  type PastState,
} from '../../../adapters/browser/player/past-state.ts';

const LIVE: PastState = { name: 'live', since: 0 };
const walk = (heard: PastHeard[], from: PastState = LIVE): PastState[] => {
  const walked = [from];
  for (const [at, one] of heard.entries()) walked.push(nextPast(walked.at(-1) ?? from, one, at));
  return walked.slice(1);
};
const names = (heard: PastHeard[]): string[] => walk(heard).map(({ name }) => name);
const wanted: PastHeard = { type: 'wanted', moment: 5 };
const frame: PastHeard = { type: 'frame' };

describe('live and the past in one player', () => {
  it('keeps live on screen until the past shows a frame, and the past until live does', () => {
    expect(names([wanted, frame, { type: 'back' }, { type: 'live-frame' }])).to.deep.equal([
      ...['opening', 'playing', 'returning', 'live'],
    ]);
    expect(isPast({ name: 'opening', since: 0, moment: 5 })).to.equal(false);
    expect(isPast({ name: 'returning', since: 0 })).to.equal(true);
  });

  it('keeps one moment on screen until the next one comes, and when it does not come', () => {
    expect(names([wanted, frame, wanted, frame])).to.deep.equal(['opening', 'playing', 'seeking', 'playing']);
    const failed = walk([wanted, frame, wanted, { type: 'failed', why: 'nothing there' }]).at(-1);
    expect(failed).to.deep.equal({ name: 'playing', since: 3, why: 'nothing there' });
  });

  it('stays live, and says why, when the past can’t be shown', () => {
    const failed = walk([wanted, { type: 'failed', why: 'nothing there' }]).at(-1);
    expect(failed).to.deep.equal({ name: 'live', since: 1, why: 'nothing there' });
  });

  it('goes back to live by itself when the past is lost, and says why once it is there', () => {
    const walked = walk([wanted, frame, { type: 'lost', why: 'your right has ended' }, { type: 'live-frame' }]);
    expect(walked.at(-1)).to.deep.equal({ name: 'live', since: 3, why: 'your right has ended' });
  });

  it('is held and goes on only while the past plays', () => {
    expect(
      names([{ type: 'held' }, wanted, { type: 'held' }, frame, { type: 'held' }, { type: 'resumed' }]),
    ).to.deep.equal([...['live', 'opening', 'opening', 'playing', 'held', 'playing']]);
    expect(names([wanted, frame, { type: 'held' }, { type: 'back' }])).to.deep.equal([
      ...['opening', 'playing', 'held', 'returning'],
    ]);
  });

  it('never leaves the past for live, or live for the past, without a frame', () => {
    const moves = ['frame', 'held', 'resumed', 'back', 'live-frame'] as const;
    const any = fc.oneof(
      fc.constant(wanted),
      fc.constantFrom(...moves).map((type): PastHeard => ({ type })),
      fc.constantFrom('failed', 'lost').map((type): PastHeard => ({ type: type as 'failed', why: 'so' })),
    );
    fc.assert(
      fc.property(fc.array(any, { maxLength: 30 }), (heard) => {
        const walked = [LIVE, ...walk(heard)];
        for (const [n, one] of heard.entries()) {
          const [before, after] = [walked[n] ?? LIVE, walked[n + 1] ?? LIVE];
          if (isPast(before) === isPast(after)) continue;
          expect(one.type).to.equal(isPast(after) ? 'frame' : 'live-frame');
        }
      }),
    );
  });
});

describe('a jump', () => {
  it('leads to the moment, and to live where that is as good as now', () => {
    expect(landing(100_000, -10_000, 100_000)).to.equal(90_000);
    expect(landing(90_000, -10_000, 101_000)).to.equal(80_000);
    expect(landing(90_000, 10_000, 101_000)).to.equal('live');
    expect(landing(80_000, 10_000, 101_000)).to.equal(90_000);
  });

  it('tells how long ago that was, as a person says it', () => {
    expect(ago(34_400)).to.equal('34 s ago');
    expect(ago(-300)).to.equal('0 s ago');
    expect(ago(95_000)).to.equal('1 min 35 s ago');
    expect(ago(2 * 3_600_000 + 61_000)).to.equal('2 h 1 min ago');
  });
});
