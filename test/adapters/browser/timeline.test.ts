import { expect } from 'chai';
import fc from 'fast-check';
import { type Happening, happeningOf } from '../../../adapters/browser/dashboard/timeline/happening.ts';
import { hashOfView, isTimeHash, type View, viewOfHash } from '../../../adapters/browser/dashboard/timeline/link.ts';
import { openReading } from '../../../adapters/browser/dashboard/timeline/reading.ts';
import {
  bandsIn,
  clustersIn,
  countUpTo,
  type Lane,
  type Span,
  step,
  Timeline,
} from '../../../adapters/browser/dashboard/timeline/timeline-model.ts';
import { type WhatIf, whatIfOf } from '../../../adapters/browser/dashboard/timeline/whatif.ts';
import { outcomeFor } from '../../../adapters/browser/dashboard/timeline/whatif-wall.ts';
import { pan, showing, spanOf, ticksIn, zoom } from '../../../adapters/browser/dashboard/timeline/window.ts';
import { until } from '../../fixtures/process.ts';

const STATES = ['live', 'offline', 'stalled', 'connecting', 'frozen'];
let written = 0;

function event(at: number, state: string, more: Record<string, unknown> = {}): Happening {
  const item = { seq: ++written, at, kind: 'camera', id: 'cam_001', type: `camera.${state}`, state, ...more };
  const happening = happeningOf(item);
  if (!happening) throw new Error('not an event');
  return happening;
}
const laneOf = (happenings: Happening[]): Lane => {
  const timeline = new Timeline();
  timeline.add(happenings);
  return timeline.lanes.get('camera/cam_001') as Lane;
};
const anyEvents = fc
  .array(fc.record({ at: fc.integer({ min: 0, max: 10_000 }), state: fc.constantFrom(...STATES) }), { minLength: 1 })
  .map((list) => list.map(({ at, state }) => event(at, state, { from: 'idle' })));
const anySpan = fc
  .tuple(fc.integer({ min: -500, max: 10_500 }), fc.integer({ min: 1, max: 11_000 }))
  .map(([from, length]) => ({ from, to: from + length }));

describe('the bands of the time line', () => {
  it('cover exactly what is seen, without gaps, and never more of them than can be drawn', () => {
    fc.assert(
      fc.property(anyEvents, anySpan, fc.integer({ min: 1, max: 2_000 }), (happenings, span, bucketMs) => {
        const bands = bandsIn(laneOf(happenings), span, bucketMs);
        expect(bands[0]?.from).to.equal(span.from);
        expect(bands.at(-1)?.to).to.equal(span.to);
        for (const [index, band] of bands.entries()) {
          expect(band.to).to.be.greaterThan(band.from);
          if (index > 0) expect(band.from).to.equal(bands[index - 1]?.to);
        }
        expect(bands.length).to.be.at.most(2 * ((span.to - span.from) / bucketMs + 2));
      }),
    );
  });

  it('tell the state of every moment as it was, wherever changes stand apart', () => {
    fc.assert(
      fc.property(anyEvents, anySpan, (happenings, span) => {
        const timeline = new Timeline();
        timeline.add(happenings);
        for (const band of bandsIn(timeline.lanes.get('camera/cam_001') as Lane, span, 1)) {
          if (band.merged > 0) continue;
          expect(band.state).to.equal(timeline.stateAt('camera/cam_001', band.from));
          expect(band.state).to.equal(timeline.stateAt('camera/cam_001', band.to - 1));
        }
      }),
    );
  });

  it('lose no fall, however short: what is too close to be drawn shows the worst of it', () => {
    const lane = laneOf([event(0, 'live'), event(5_010, 'offline'), event(5_012, 'live'), event(8_000, 'idle')]);
    expect(bandsIn(lane, { from: 0, to: 10_000 }, 100)).to.deep.equal([
      { from: 0, to: 5_010, state: 'live', merged: 0 },
      { from: 5_010, to: 5_100, state: 'offline', merged: 1 },
      { from: 5_100, to: 8_000, state: 'live', merged: 0 },
      { from: 8_000, to: 10_000, state: 'idle', merged: 0 },
    ]);
    fc.assert(
      fc.property(anyEvents, fc.integer({ min: 1, max: 3_000 }), (happenings, bucketMs) => {
        const lane = laneOf(happenings);
        const shown = bandsIn(lane, { from: -1, to: 10_001 }, bucketMs).some(({ state }) => state === 'offline');
        const lasted = lane.states.some(
          (state, index) => state === 'offline' && lane.changesAt[index + 1] !== lane.changesAt[index],
        );
        if (lasted) expect(shown).to.equal(true);
      }),
    );
  });

  it('know the state before the first change by what it came from', () => {
    expect(bandsIn(laneOf([event(500, 'live', { from: 'offline' })]), { from: 0, to: 1_000 }, 10)).to.deep.equal([
      { from: 0, to: 500, state: 'offline', merged: 0 },
      { from: 500, to: 1_000, state: 'live', merged: 0 },
    ]);
  });

  it('show nothing of a camera from before it was there', () => {
    expect(bandsIn(laneOf([event(500, 'connecting', { from: 'new' })]), { from: 0, to: 900 }, 10)[0]?.state).to.equal(
      '',
    );
  });

  it('are the same in whatever order pages arrive, and however often', () => {
    fc.assert(
      fc.property(anyEvents, fc.nat(100), (happenings, cut) => {
        const [whole, pieces] = [new Timeline(), new Timeline()];
        whole.add(happenings);
        pieces.add(happenings.slice(cut));
        pieces.add(happenings.slice(0, cut + 1));
        expect(pieces.add(happenings)).to.equal(0);
        expect(pieces.all).to.deep.equal(whole.all);
        expect(pieces.lanes).to.deep.equal(whole.lanes);
      }),
    );
  });
});

describe('the marks of the time line', () => {
  it('are counted where they stand too close, the most telling in front', () => {
    const lane = laneOf([
      event(100, '', { type: 'viewer.watching', kind: 'viewer', id: 'v1', camera: 'cam_001' }),
      event(120, '', { type: 'viewer.denied', kind: 'viewer', id: 'v2', camera: 'cam_001' }),
      event(700, 'live', { type: 'camera.switched' }),
    ]);
    const found = clustersIn(lane, { from: 0, to: 1_000 }, 200).map(({ at, mark, count }) => ({ at, mark, count }));
    expect(found).to.deep.equal([
      { at: 100, mark: 'denial', count: 2 },
      { at: 700, mark: 'switch', count: 1 },
    ]);
    expect(clustersIn(lane, { from: 101, to: 700 }, 1).map(({ mark }) => mark)).to.deep.equal(['denial']);
  });

  it('never leave out one', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 5_000 })), fc.integer({ min: 1, max: 900 }), (times, bucketMs) => {
        const lane = laneOf([event(0, 'live'), ...times.map((at) => event(at, 'live', { type: 'camera.switched' }))]);
        const counted = clustersIn(lane, { from: 0, to: 5_001 }, bucketMs).reduce((sum, { count }) => sum + count, 0);
        expect(counted).to.equal(times.length);
      }),
    );
  });
});

describe('stepping from event to event', () => {
  it('visits each one once, also those of the same millisecond, there and back', () => {
    fc.assert(
      fc.property(anyEvents, (happenings) => {
        const timeline = new Timeline();
        timeline.add(happenings);
        const visited = [];
        let here: Happening | undefined = step(timeline.all, { at: -1 }, 1, []);
        for (; here; here = step(timeline.all, here, 1, [])) visited.push(here.seq);
        expect(visited).to.deep.equal(timeline.all.map(({ seq }) => seq));
        const back = [];
        for (here = step(timeline.all, { at: 10_001 }, -1, []); here; here = step(timeline.all, here, -1, [])) {
          back.unshift(here.seq);
        }
        expect(back).to.deep.equal(visited);
      }),
    );
  });

  it('keeps to the camera that is looked at', () => {
    const events = [event(1, 'live'), event(2, 'live', { id: 'cam_002' }), event(3, 'offline')];
    expect(step(events, { at: 1 }, 1, ['camera/cam_001'])?.at).to.equal(3);
    expect(step(events, { at: 3 }, 1, ['camera/cam_001'])).to.equal(undefined);
  });

  it('counts by halves what is sorted', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(50)), fc.nat(50), (values, value) => {
        const sorted = [...values].sort((a, b) => a - b);
        expect(countUpTo(sorted, value)).to.equal(values.filter((one) => one <= value).length);
      }),
    );
  });
});

describe('the window on the time line', () => {
  const now = 1_800_000_000_000;
  const anyWindow = fc
    .record({ behind: fc.integer({ min: 0, max: 86_400_000 }), spanMs: fc.integer({ min: 1_000, max: 86_400_000 }) })
    .map(({ behind, spanMs }) => ({ to: now - behind, spanMs }));

  it('zooms around the moment under the pointer, from a day to a second', () => {
    fc.assert(
      fc.property(anyWindow, fc.double({ min: 0.1, max: 0.9, noNaN: true }), (window, share) => {
        const { from, to } = spanOf(window, now);
        const anchor = from + share * (to - from);
        const closer = spanOf(zoom(window, 0.5, anchor, now), now);
        const isAtEnd = window.spanMs < 2_000;
        if (!isAtEnd) expect((anchor - closer.from) / (closer.to - closer.from)).to.be.closeTo(share, 1e-3);
        expect(zoom(window, 1e-9, anchor, now).spanMs).to.equal(1_000);
        expect(zoom(window, 1e9, anchor, now).spanMs).to.equal(25 * 3_600_000);
      }),
    );
  });

  it('never leaves the present behind, and follows it from there', () => {
    const window = { to: now - 60_000, spanMs: 10_000 };
    expect(pan(window, 30_000, now)).to.deep.equal({ to: now - 30_000, spanMs: 10_000 });
    expect(pan(window, 90_000, now)).to.deep.equal({ spanMs: 10_000 });
    expect(showing(window, now - 65_000, now)).to.equal(window);
    expect(spanOf(showing(window, 5_000, now), now)).to.deep.equal({ from: 0, to: 10_000 });
  });

  it('has lines on full steps of the local clock, never more than there is room for', () => {
    const offsetMs = 5.5 * 3_600_000;
    fc.assert(
      fc.property(anyWindow, fc.integer({ min: 3, max: 20 }), (window, most) => {
        const { stepMs, ticks } = ticksIn(spanOf(window, now), most, offsetMs);
        expect(ticks.length).to.be.at.most(most + 1);
        for (const at of ticks) expect((at + offsetMs) % stepMs).to.equal(0);
      }),
    );
  });
});

describe('the link to a moment', () => {
  it('brings back what was looked at', () => {
    const moment = fc.integer({ min: 1_000, max: 2_000_000_000_000 });
    const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
    fc.assert(
      fc.property(
        maybe(moment),
        maybe(moment),
        fc.integer({ min: 1_000, max: 90_000_000 }),
        fc.array(fc.stringMatching(/^[a-z0-9_.-]{1,12}$/)),
        maybe(fc.nat()),
        (at, to, spanMs, cameras, event) => {
          const view: View = {
            window: to === undefined ? { spanMs } : { to: to + spanMs, spanMs },
            ...(at === undefined ? {} : { at }),
            cameras,
            ...(event === undefined ? {} : { event }),
          };
          expect(viewOfHash(hashOfView(view))).to.deep.equal(view);
          expect(isTimeHash(hashOfView(view))).to.equal(true);
        },
      ),
    );
  });

  it('shows the present when it says nothing that can be read', () => {
    for (const hash of [
      '#/time',
      '#/time?',
      '#/time?at=x&from=9&to=1&last=-5&cameras=,',
      '#/time?at=99999999999999999',
    ]) {
      expect(viewOfHash(hash)).to.deep.equal({ window: { spanMs: 3_600_000 }, cameras: [] });
    }
    expect(isTimeHash('#/timeless')).to.equal(false);
  });
});

describe('a what-if on the wall', () => {
  const why = { text: 'because' };
  const viewer = (id: string, camera: string, from: string, to: string) => ({
    ...{ at_ms: 1_250, kind: 'viewer', id, camera, from, to, why },
  });
  const about = (answer: Partial<Record<keyof WhatIf, unknown>>, camera: string) =>
    outcomeFor(camera, { lost: 'x', answer: whatIfOf(answer) }, ['relay-1', 'relay-2'], (ms) => `${ms} ms`);

  it('tells on each tile who would move from where to where, and what would be stranded, but no change of state', () => {
    const steps = [
      viewer('v1', 'cam_001', 'relay-1', 'relay-2'),
      viewer('v2', 'cam_001', 'relay-1', 'relay-2'),
      viewer('v2', 'cam_001', 'watching', 'moving'),
      viewer('v3', 'cam_001', 'relay-1', ''),
      viewer('v4', 'cam_002', 'relay-1', 'relay-2'),
    ];
    expect(about({ steps }, 'cam_001')).to.deep.equal({
      tone: 'stranded',
      lines: ['1 viewer from relay-1 would be stranded.', '2 viewers would move from relay-1 to relay-2.'],
    });
    expect(about({ steps }, 'cam_002').lines).to.deep.equal(['1 viewer would move from relay-1 to relay-2.']);
    expect(about({ steps }, 'cam_003')).to.deep.equal({ tone: 'unaffected', lines: ['Unaffected.'] });
  });

  it('tells for how long a camera would be dark, and what it would go through', () => {
    const steps = ['connecting', 'live'].map((to) => ({ at_ms: 9, kind: 'camera', id: 'cam_001', from: '', to, why }));
    const dark = [
      { camera: 'cam_001', for_ms: 820 },
      { camera: 'cam_002', for_ms: null },
    ];
    expect(about({ steps, dark }, 'cam_001')).to.deep.equal({
      tone: 'dark',
      lines: ['Would be dark for 820 ms.', 'Would be connecting, then live.'],
    });
    expect(about({ steps, dark }, 'cam_002').lines).to.deep.equal(['Would be dark until it is repaired.']);
  });

  it('tells who would take a camera up whose gateway is lost', () => {
    const answer = (to: string) => ({
      steps: [{ at_ms: 2_800, kind: 'camera', id: 'cam_001', from: 'gate-1', to, why }],
      gateway: ['said'],
    });
    const told = (to: string) => about(answer(to), 'cam_001').lines;
    expect(told('gate-2')).to.deep.equal(['gate-2 would take it up after 2800 ms; its picture goes on.']);
    expect(told('')).to.deep.equal(['Nobody would decide about it; its picture goes on.']);
  });
});

describe('an open time line', () => {
  const before = Date.now() - 600_000;
  const item = (seq: number, at: number, state = 'live') => event(at, state, { seq });
  const open = (kept: Happening[]) => {
    const timeline = new Timeline();
    const asked: Span[] = [];
    const trouble = { isAway: false, during: () => {} };
    const reading = openReading({
      async read(span) {
        asked.push(span);
        await Promise.resolve();
        if (trouble.isAway) throw new Error('The journal is away.');
        timeline.add(kept.filter(({ at }) => at >= span.from && at <= span.to));
        trouble.during();
        trouble.during = () => {};
      },
      now: Date.now,
      changed() {},
      againMs: 1,
    });
    const seqs = () => timeline.all.map(({ seq }) => seq);
    const isWhole = () => {
      const { knownFrom, loading, missedSince } = reading.soFar();
      return knownFrom !== undefined && loading === undefined && missedSince === undefined;
    };
    return { reading, timeline, seqs, asked, trouble, isWhole };
  };

  it('reads again what its live stream missed, and nothing of it twice', async () => {
    const kept = [item(1, before)];
    const { reading, timeline, seqs, asked, isWhole } = open(kept);
    reading.reach(before - 1_000);
    await until('the past', isWhole);
    const heard = item(2, before + 300_000, 'stalled');
    timeline.add([heard]);
    kept.push(heard, item(3, before + 310_000, 'offline'));
    reading.miss(heard.at);
    expect(reading.soFar().missedSince, 'it is not silent about it').to.equal(heard.at);
    await until('what was missed', isWhole);
    expect(seqs()).to.deep.equal([1, 2, 3]);
    expect(timeline.stateAt('camera/cam_001', Date.now())).to.equal('offline');
    expect(asked).to.have.length(2);
    expect(asked[1]?.from, 'not all of the past').to.equal(before + 240_000);
    expect(reading.soFar().knownFrom).to.equal(before - 1_000);
  });

  it('says that something is missing until it could be read', async () => {
    const kept = [item(1, before)];
    const { reading, seqs, trouble, isWhole } = open(kept);
    reading.reach(before - 1_000);
    await until('the past', isWhole);
    kept.push(item(2, before + 1_000, 'stalled'));
    trouble.isAway = true;
    reading.miss(before);
    await until('the failure', () => reading.soFar().failure !== '');
    expect(reading.soFar().missedSince).to.equal(before);
    expect(seqs()).to.deep.equal([1]);
    trouble.isAway = false;
    await until('what was missed', isWhole);
    expect(reading.soFar().failure).to.equal('');
    expect(seqs()).to.deep.equal([1, 2]);
  });

  for (const [when, missesFirst] of [
    ['while it reads for the first time', false],
    ['while it reads what it missed before', true],
  ] as const) {
    it(`misses nothing that happens ${when}`, async () => {
      const kept = [item(1, before)];
      const { reading, seqs, trouble, isWhole } = open(kept);
      reading.reach(before - 1_000);
      if (missesFirst) await until('the past', isWhole);
      trouble.during = () => {
        kept.push(item(2, before + 1_000, 'offline'));
        reading.miss(before);
      };
      if (missesFirst) reading.miss(before);
      await until('all of it', isWhole);
      expect(seqs()).to.deep.equal([1, 2]);
    });
  }

  it('takes events for new whose sequence begins anew', () => {
    const timeline = new Timeline();
    timeline.add([item(1, before, 'live')]);
    expect(timeline.add([item(1, before + 5_000, 'offline')])).to.equal(1);
    expect(timeline.add([item(1, before + 5_000, 'offline')])).to.equal(0);
  });
});
