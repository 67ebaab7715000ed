import { expect } from 'chai';
import fc from 'fast-check';
import { LATE_MS } from '../../../adapters/switch.rtp/choice.ts';
import { createExpectation } from '../../../adapters/switch.rtp/expectation.ts';

/** Feeds arrivals and counts how often a watch would have called the source late. */
function falseAlarms(arrivals: number[]): number {
  const expectation = createExpectation();
  let before = arrivals[0] ?? 0;
  let alarms = 0;
  for (const atMs of arrivals) {
    const expected = expectation.expectedMs();
    if (expected !== undefined && atMs - before > expected + LATE_MS) alarms += 1;
    expectation.seen(atMs);
    before = atMs;
  }
  return alarms;
}

/** When pictures arrive that are sent each `everyMs` and delayed by so much each; a stream keeps their order. */
function arrivalsOf(everyMs: number, delaysMs: number[]): number[] {
  let latest = 0;
  return delaysMs.map((delayMs, index) => {
    latest = Math.max(latest, index * everyMs + delayMs);
    return latest;
  });
}

describe('expecting the next picture', () => {
  const steady = (everyMs: number, count = 60) => Array.from({ length: count }, (_, index) => index * everyMs);

  it('expects nothing before it has seen enough', () => {
    const expectation = createExpectation();
    for (const atMs of steady(33, 10)) expectation.seen(atMs);
    expect(expectation.expectedMs()).to.equal(undefined);
  });

  it('expects a picture each 33 ms from thirty a second, and each 200 ms from five', () => {
    for (const everyMs of [33, 200]) {
      const expectation = createExpectation();
      for (const atMs of steady(everyMs)) expectation.seen(atMs);
      expect(expectation.expectedMs()).to.be.closeTo(everyMs, 1);
    }
  });

  it('forgets within seconds that a camera stuttered as it started', () => {
    const expectation = createExpectation();
    for (const atMs of [0, 350, ...steady(33, 120).map((ms) => ms + 360)]) expectation.seen(atMs);
    expect(expectation.expectedMs()).to.be.closeTo(33, 1);
  });

  it('takes an outage for no jitter, so that the next one is found as quickly', () => {
    const expectation = createExpectation();
    for (const atMs of [...steady(33), ...steady(33).map((atMs) => atMs + 10_000)]) expectation.seen(atMs);
    expect(expectation.expectedMs()).to.be.closeTo(33, 1);
  });

  it('takes one hiccup for no jitter, and two for one that may come again', () => {
    const hiccup = (atMs: number) => steady(33, 60).map((ms) => atMs + ms);
    const once = createExpectation();
    for (const atMs of [...steady(33, 120), ...hiccup(120 * 33 + 150)]) once.seen(atMs);
    expect(once.expectedMs()).to.be.closeTo(33, 1);
    const twice = createExpectation();
    for (const atMs of [...steady(33, 120), ...hiccup(120 * 33 + 150), ...hiccup(180 * 33 + 300)]) twice.seen(atMs);
    expect(twice.expectedMs()).to.be.closeTo(183, 1);
  });

  it('follows a camera that sends fewer pictures at night', () => {
    const night = steady(1_000, 30).map((atMs) => atMs + 60 * 33);
    expect(falseAlarms([...steady(33), ...night])).to.be.at.most(3);
  });

  it('calls no healthy source late whose delays stay below the margin, at any frame rate', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 10, max: 1_000 }),
        fc.array(fc.integer({ min: 0, max: 75 }), { minLength: 30, maxLength: 400 }),
        (everyMs, delays) => {
          expect(falseAlarms(arrivalsOf(everyMs, delays))).to.equal(0);
        },
      ),
    );
  });

  it('learns from a network that delays more: a jitter it has seen alarms it no more', () => {
    // Each 3 s a delay of 200 ms for an hour: once or twice it may be called late, never again.
    const delays = Array.from({ length: 30 * 3_600 }, (_, index) => (index % 90 === 89 ? 200 : (index * 7) % 20));
    expect(falseAlarms(arrivalsOf(1_000 / 30, delays))).to.be.at.most(2);
  });
});
