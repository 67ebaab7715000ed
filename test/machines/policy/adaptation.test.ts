import { expect } from 'chai';
import fc from 'fast-check';
import {
  ADAPTATION,
  type Adaptable,
  adapt,
  leaveLate,
  type Turn,
  takenBack,
  withTurn,
} from '../../../machines/policy/adaptation.ts';

const rungs = [
  { name: '720p', bitrate_bps: 2_000_000 },
  { name: '480p', bitrate_bps: 1_000_000 },
  { name: '360p', bitrate_bps: 500_000 },
];
const good = { good: true, collapsed: false, afterMs: 2_000, loss: 0, kbps: 500 };
const strained = { good: false, collapsed: false, afterMs: 1_000, loss: 0.08, kbps: 1_700 };
const collapsed = { good: false, collapsed: true, afterMs: 250, loss: 0.6, kbps: 800 };
const whole = { ...strained, loss: 0, kbps: 2_000 };
const queued = { ...collapsed, afterMs: 0, loss: 0.02, queueMs: 112 };
const decide = (now: string, sign: Adaptable['sign'], more: Partial<Adaptable> = {}) =>
  adapt({ at: 100_000, rungs, now, sign, turns: [], fixed: false, ...more });

const late = rungs.map((rung, index) => (index === 0 ? rung : { ...rung, late_ms: 4_850 }));
const ALONE = [{ name: 'adaptive', bitrate_bps: 600_000, adaptive: true }];
const withAdaptive = { rungs: [...rungs, ...ALONE] };

describe('which rung a viewer gets', () => {
  const table: [string, string, Adaptable['sign'], Partial<Adaptable>, string | undefined, string][] = [
    ['goes straight to the lowest when its network collapses', '720p', collapsed, {}, '360p', 'collapsed'],
    ['goes to the rung that fits what still arrives', '720p', strained, {}, '480p', 'strained'],
    ['blames its player', '720p', { ...whole, whole: { receivedFps: 30, shownFps: 11 } }, {}, '480p', 'overloaded'],
    ['blames nobody', '720p', { ...whole, whole: { receivedFps: 30, shownFps: 28 } }, {}, '480p', 'stuttered'],
    ['goes lower where less arrives', '720p', { ...strained, kbps: 900 }, {}, '360p', 'strained'],
    ['goes to the lowest where none fits', '480p', { ...strained, kbps: 200 }, {}, '360p', 'strained'],
    ['goes to the lowest when a queue grows, though nothing is lost yet', '720p', queued, {}, '360p', 'collapsed'],
    ['goes below that for a queue, too', '360p', queued, withAdaptive, 'adaptive', 'collapsed'],
    ['has nowhere lower to go', '360p', collapsed, {}, undefined, 'lowest'],
    ['goes up one rung when the network is good again', '360p', good, {}, '480p', 'recovered'],
    ['is at the top already', '720p', good, {}, undefined, 'highest'],
    ['goes to the lowest fixed one from a collapse', '720p', collapsed, withAdaptive, '360p', 'collapsed'],
    ['goes below that to what adapts by itself', '360p', strained, withAdaptive, 'adaptive', 'strained'],
    ['goes there at once from a collapse, too', '360p', collapsed, withAdaptive, 'adaptive', 'collapsed'],
    ['stays where only its own screen is slow', '360p', { ...strained, loss: 0 }, withAdaptive, undefined, 'lowest'],
    ['has nowhere lower to go from there', 'adaptive', strained, withAdaptive, undefined, 'lowest'],
    ['stays there while no room is known of', 'adaptive', good, withAdaptive, undefined, 'no-room'],
    ['stays there in too little', 'adaptive', good, { ...withAdaptive, availableKbps: 590 }, undefined, 'no-room'],
    ['leaves it with room', 'adaptive', good, { ...withAdaptive, availableKbps: 600 }, '360p', 'recovered'],
    ['stays where what is below comes late', '720p', collapsed, { rungs: late }, undefined, 'late'],
    ['has no encoder started then', '720p', strained, { rungs: [...late, ...ALONE] }, undefined, 'late'],
    ['passes what comes late on its way up', '360p', good, { rungs: late }, '720p', 'recovered'],
    ['keeps what somebody chose', '720p', collapsed, { fixed: true }, undefined, 'fixed'],
    ['stays where the rung is no more', '540p', collapsed, {}, undefined, 'unknown'],
  ];
  for (const [what, now, sign, more, rung, reason] of table) {
    it(what, () => {
      const decision = decide(now, sign, more);
      expect(decision.rung).to.equal(rung);
      expect(decision.why).to.include({ reason });
      expect(decision.why.text).to.be.a('string').and.not.equal('');
    });
  }

  it('tells what it did not choose, and why not', () => {
    const { why } = decide('720p', { ...strained, kbps: 900 });
    expect(why.text).to.equal('360p instead of 720p: 8 % of the packets were lost for 1000 ms');
    expect(why.rejected).to.deep.equal([{ option: '480p', because: '900 kb/s arrive: too little for it' }]);
    expect(decide('720p', { ...whole, whole: { receivedFps: 29.8, shownFps: 11.2 } }).why.text).to.equal(
      "480p instead of 720p: 30 pictures a second came, of which its player showed 11: it can't keep up",
    );
    expect(decide('720p', queued).why.text).to.equal(
      '360p instead of 720p: its pictures came 112 ms late, each later than the last',
    );
  });

  it('tells how late the rungs come that it does not go to', () => {
    const because = "its pictures come 4.9 s late: its encoder can't keep up";
    const { why } = decide('720p', collapsed, { rungs: late });
    expect(why.text).to.equal('720p stays: what is below it comes late');
    expect(why.rejected).to.deep.equal([
      { option: '480p', because },
      { option: '360p', because },
    ]);
    expect(decide('360p', good, { rungs: late }).why.rejected).to.deep.equal([{ option: '480p', because }]);
  });

  it('leads back from a rung that comes late, whatever was taken back before, unless somebody chose it', () => {
    const back = leaveLate({ rungs: late, now: '360p', fixed: false, lateMs: 4_850 });
    expect(back).to.include({ rung: '720p', down: false });
    expect(back.why).to.include({ reason: 'late' });
    expect(back.why.text).to.equal("720p instead of 360p: it came 4.9 s late, as its encoder can't keep up");
    expect(leaveLate({ rungs: late, now: '360p', fixed: true, lateMs: 4_850 }).rung).to.equal(undefined);
    const bound = late.slice(1);
    expect(leaveLate({ rungs: bound, now: '360p', fixed: false, lateMs: 4_850 }).rung).to.equal(undefined);
  });

  it('does not go up for thirty seconds after going up had to be taken back', () => {
    const turns: Turn[] = [
      { at: 60_000, down: true },
      { at: 90_000, down: false },
      { at: 95_000, down: true },
    ];
    expect(takenBack(turns)).to.deep.equal([95_000]);
    expect(decide('480p', good, { turns }).why).to.include({ reason: 'swinging' });
    expect(decide('480p', good, { turns, at: 125_000 }).rung).to.equal('720p');
    expect(decide('480p', collapsed, { turns }).rung, 'down is always open').to.equal('360p');
  });

  it('waits twice as long after each further failure', () => {
    const turns: Turn[] = [10_000, 15_000, 50_000, 55_000].map((at, index) => ({ at, down: index % 2 === 1 }));
    expect(decide('480p', good, { turns, at: 114_000 }).why.text).to.contain('next try in 1 s');
    expect(decide('480p', good, { turns, at: 115_000 }).rung).to.equal('720p');
  });

  it('takes back no more than one way up in thirty seconds, whatever the network does', () => {
    const signs = fc.array(fc.tuple(fc.integer({ min: 250, max: 9_000 }), fc.constantFrom(good, strained, collapsed)), {
      maxLength: 120,
    });
    fc.assert(
      fc.property(signs, (network) => {
        let [at, now, turns] = [0, '720p', [] as Turn[]];
        const failures: number[] = [];
        for (const [later, sign] of network) {
          at += later;
          const { rung, down } = adapt({ at, rungs, now, sign, turns, fixed: false });
          if (rung === undefined) continue;
          expect(rung).to.not.equal(now);
          now = rung;
          turns = withTurn(turns, { at, down });
          if (takenBack(turns).at(-1) === at) failures.push(at);
        }
        for (const [index, one] of failures.entries()) {
          const before = failures[index - 1];
          if (before !== undefined) expect(one - before).to.be.at.least(ADAPTATION.reversalMs);
        }
      }),
    );
  });

  /** What a picture goes through over a network: its moves between rungs, as they are seen. */
  type Seen = { at: number; down: boolean; collapsed: boolean };
  const STEP_MS = 250;
  /** Lives through a network. @param stretches how wide it is (kb/s), and for how long */
  const live = (stretches: [kbps: number, forMs: number][]): Seen[] => {
    const seen: Seen[] = [];
    const takes = (name: string) => (rungs.find((rung) => rung.name === name)?.bitrate_bps ?? 0) / 1_000;
    let [at, now, goodMs, turns] = [0, '720p', 0, [] as Turn[]];
    /** What is tried beside it, since when. */
    let trial: { name: string; since: number } | undefined;
    const go = (name: string, down: boolean, because: boolean) => {
      now = name;
      goodMs = 0;
      turns = withTurn(turns, { at, down });
      seen.push({ at, down, collapsed: because });
    };
    for (const [kbps, forMs] of stretches) {
      for (const endsAt = at + forMs; at < endsAt; at += STEP_MS) {
        const has = (name: string) => takes(name) <= kbps;
        const isShort = takes(now) + (trial ? takes(trial.name) : 0) > kbps;
        if (trial && isShort) {
          turns = withTurn(withTurn(turns, { at: trial.since, down: false }), { at, down: true });
          trial = undefined;
          goodMs = 0;
        } else if (trial && at - trial.since >= ADAPTATION.proofMs) {
          go(trial.name, false, false);
          trial = undefined;
        } else if (!has(now)) {
          const { rung } = adapt({ at, rungs, now, sign: { ...collapsed, kbps }, turns, fixed: false });
          if (rung) go(rung, true, true);
        } else {
          goodMs += STEP_MS;
          const { rung } = adapt({ at, rungs, now, sign: good, turns, fixed: false });
          if (goodMs >= good.afterMs && rung && !trial) trial = { name: rung, since: at };
        }
      }
    }
    return seen;
  };
  const widths = fc.integer({ min: 4, max: 60 }).map((hundreds) => hundreds * 100);
  const network = (leastMs: number) =>
    fc.array(fc.tuple(widths, fc.integer({ min: leastMs / STEP_MS, max: 90_000 / STEP_MS })), { maxLength: 20 });
  const inMs = (stretches: [number, number][]): [number, number][] =>
    stretches.map(([kbps, steps]) => [kbps, steps * STEP_MS]);

  it('reverses once in thirty seconds at most over any network that stays as it is for a minute', () => {
    fc.assert(
      fc.property(network(60_000), (stretches) => {
        const seen = live(inMs(stretches));
        const reversals = seen.filter(({ at, down }, index) => {
          const before = seen[index - 1];
          return before && before.down !== down && at - before.at < ADAPTATION.reversalMs;
        });
        for (const [index, { at }] of reversals.entries()) {
          const before = reversals[index - 1];
          if (before) expect(at - before.at, JSON.stringify(seen)).to.be.at.least(ADAPTATION.reversalMs);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('turns from down to up once in thirty seconds at most, and goes down at once, whatever the network does', () => {
    fc.assert(
      fc.property(network(STEP_MS), (stretches) => {
        const seen = live(inMs(stretches));
        const turned = seen.filter(({ down }, index) => !down && seen[index - 1]?.down);
        for (const [index, { at }] of turned.entries()) {
          const before = turned[index - 1];
          if (before) expect(at - before.at, JSON.stringify(seen)).to.be.at.least(ADAPTATION.reversalMs);
        }
      }),
      { numRuns: 300 },
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.integer({ max: 99_999, min: 0 }), fc.boolean())), (past) => {
        const turns = past.toSorted(([a], [b]) => a - b).map(([at, down]): Turn => ({ at, down }));
        expect(decide('720p', collapsed, { turns }).rung).to.equal('360p');
      }),
    );
  });

  it('comes back within four seconds where the network is wide again, and stays down, unseen tries aside, where not', () => {
    const told = (seen: Seen[]) => seen.map(({ at, down }) => `${at} ${down ? 'down' : 'up'}`);
    const [before, after] = [
      [3_000, 1_000],
      [3_000, 10_000],
    ] as [number, number][];
    const wide = live([before, [700, 1_750], after] as [number, number][]);
    expect(told(wide).slice(0, 2)).to.deep.equal(['1000 down', '4500 up']);
    expect(wide.slice(1).map(({ down }) => down)).to.deep.equal([false, false]);
    expect(told(live([before, [700, 29_000]] as [number, number][]))).to.deep.equal(['1000 down']);
  });
});
