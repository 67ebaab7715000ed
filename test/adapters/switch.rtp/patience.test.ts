import { expect } from 'chai';
import fc from 'fast-check';
import { LATE_MS, successor } from '../../../adapters/switch.rtp/choice.ts';
import { createExpectation } from '../../../adapters/switch.rtp/expectation.ts';
import { watchPunctuality } from '../../../adapters/switch.rtp/punctuality.ts';
import { until } from '../../fixtures/process.ts';

const CHOICE = { wanted: 'a', armed: ['b'] };
const FRAME_MS = 1_000 / 30;

/** When a source's pictures arrive. What a stall holds back comes at its end, all at once. */
function arrivals(
  untilMs: number,
  phaseMs: number,
  delayMs: (index: number) => number,
  stalls: [number, number][] = [],
) {
  let latest = 0;
  return Array.from({ length: Math.floor((untilMs - phaseMs) / FRAME_MS) }, (_, index) => {
    const atMs = phaseMs + index * FRAME_MS + delayMs(index);
    const stall = stalls.find(([from, to]) => atMs >= from && atMs < to);
    latest = Math.max(latest, stall ? stall[1] : atMs);
    return latest;
  });
}

/** Looks each millisecond whether the source on air is to be left. @returns when it was, ms */
function leftAt(onAir: number[], backup: number[], untilMs: number): number[] {
  const sources = [onAir, backup].map((times) => ({ times, next: 0, lastMs: 0, expectation: createExpectation() }));
  const [a, b] = sources as [(typeof sources)[0], (typeof sources)[0]];
  const left: number[] = [];
  for (let atMs = 0; atMs < untilMs; atMs += 1) {
    for (const source of sources) {
      for (; (source.times[source.next] ?? Number.POSITIVE_INFINITY) <= atMs; source.next += 1) {
        source.lastMs = atMs;
        source.expectation.seen(atMs);
      }
    }
    const overdueMs = a.expectation.overdueMs(atMs);
    if (overdueMs < LATE_MS) continue;
    const fresh = atMs - b.lastMs <= (b.expectation.expectedMs() ?? 0);
    const stalledMs = b.expectation.mostOverdueMs(a.lastMs, atMs);
    const backupIs = { id: 'b', ready: true, fits: true, long: false, ended: false, fresh, stalledMs };
    if (successor(CHOICE, { id: 'a', trigger: 'late', overdueMs }, [backupIs])) left.push(atMs);
  }
  return left;
}

const steady = () => 0;
const phase = fc.double({ min: 0, max: FRAME_MS, noNaN: true });

describe('how long a late source is waited for', () => {
  it('a machine or network that stands still for a moment takes no camera off the air', () => {
    fc.assert(
      fc.property(phase, phase, fc.integer({ min: 90, max: 800 }), (one, other, stallMs) => {
        const stalls: [number, number][] = [[5_000, 5_000 + stallMs]];
        const late = stalls.map(([from, to]): [number, number] => [from, to + 30]);
        // The backup is back first, which proves nothing.
        expect(leftAt(arrivals(8_000, one, steady, late), arrivals(8_000, other, steady, stalls), 8_000)).to.deep.equal(
          [],
        );
      }),
      { numRuns: 60 },
    );
  });

  it('one that is silent while its backup sends is left within 100 ms of its expected picture', () => {
    fc.assert(
      fc.property(phase, phase, (one, other) => {
        const sent = arrivals(5_000, one, steady);
        const dueMs = (sent.at(-1) ?? 0) + FRAME_MS;
        const [at = Number.POSITIVE_INFINITY] = leftAt(sent, arrivals(8_000, other, steady), 8_000);
        expect(at - dueMs).to.be.within(LATE_MS - 2, 100);
      }),
      { numRuns: 60 },
    );
  });

  it('one that never comes back from a stall that its backup came back from is left soon after', () => {
    const sent = arrivals(5_000, 0, steady);
    const [at = Number.POSITIVE_INFINITY] = leftAt(sent, arrivals(8_000, 10, steady, [[5_000, 5_300]]), 8_000);
    expect(at).to.be.within(5_300 + 20, 5_300 + LATE_MS + FRAME_MS);
  });

  it('one that has only begun is late as soon as any silent one, for another that is on time', async () => {
    let lates = 0;
    const [beganAtMs, patienceMs] = [performance.now(), 150];
    const { seen, overdueMs, isLate, stop } = watchPunctuality(
      () => {
        lates += 1;
      },
      () => patienceMs,
    );
    for (const packet of [0, 1, 2]) seen(beganAtMs + packet);
    expect(isLate()).to.equal(false);
    await until('it to be late', () => lates === 1, 2_000, 1);
    expect(performance.now() - beganAtMs).to.be.at.least(patienceMs);
    expect(overdueMs(), 'enough to be left for one that was not').to.be.at.least(LATE_MS);
    stop();
  });

  it('an hour of a jittery network alarms nobody, though each of both ways stutters by itself', function () {
    this.timeout(20_000);
    const hourMs = 3_600_000;
    let seed = 1;
    const random = () => {
      seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
      return seed / 2 ** 32;
    };
    // Each picture is up to 40 ms late, one in a hundred up to 75 ms.
    const jitter = () => random() * (random() < 0.01 ? 75 : 40);
    // And once a minute the machine that all of it runs on stands still for a quarter of a second.
    const stalls = Array.from({ length: 60 }, (_, minute): [number, number] => [
      minute * 60_000 + 30_000,
      minute * 60_000 + 30_250,
    ]);
    const [onAir, backup] = [0, 13].map((phaseMs) => arrivals(hourMs, phaseMs, jitter, stalls));
    expect(leftAt(onAir as number[], backup as number[], hourMs)).to.deep.equal([]);
  });
});
