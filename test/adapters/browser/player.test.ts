import { expect } from 'chai';
import fc from 'fast-check';
import { backoffMs } from '../../../adapters/browser/player/backoff.ts';
import { decodeClock } from '../../../adapters/browser/player/clock.ts';
import { createGapMeter } from '../../../adapters/browser/player/gap-meter.ts';
import { createLatencyMeter } from '../../../adapters/browser/player/latency.ts';
import { hasNoPicture, parseServerMessage, standsForAll } from '../../../adapters/browser/player/protocol.ts';
import { nextState, type PlayerHeard, type PlayerState } from '../../../adapters/browser/player/state.ts';
import { figuresOf } from '../../../adapters/browser/player/statistics.ts';
import { createWatchdog } from '../../../adapters/browser/player/watchdog.ts';

/** The 80 cells that a camera paints at a time. */
function painted(ms: number, white = 235, black = 16): number[] {
  const bits = [...(ms % 2 ** 40).toString(2).padStart(40, '0')].map(Number);
  return [...bits.map((bit) => (bit ? white : black)), ...bits.map((bit) => (bit ? black : white))];
}

describe('the clock in a picture', () => {
  const now = 1_795_415_350_987;

  it('gives back the time that was painted, however the picture was darkened', () => {
    fc.assert(
      fc.property(fc.integer({ min: -60_000, max: 60_000 }), fc.integer({ min: 0, max: 60 }), (ageMs, dim) => {
        expect(decodeClock(painted(now - ageMs, 235 - dim, 16 + dim), now)).to.equal(now - ageMs);
      }),
    );
  });

  it('is not seen in a picture without one', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 255 }), { minLength: 80, maxLength: 80 }), (cells) => {
        const column = cells.findIndex((cell, index) => index < 40 && Math.abs(cell - (cells[index + 40] ?? 0)) < 60);
        if (column >= 0) expect(decodeClock(cells, now)).to.equal(undefined);
      }),
    );
    expect(decodeClock([], now)).to.equal(undefined);
  });

  it('is unwrapped to the nearest time when its forty bits run over', () => {
    const wrap = Math.ceil(now / 2 ** 40) * 2 ** 40;
    expect(decodeClock(painted(wrap - 5), wrap + 20)).to.equal(wrap - 5);
    expect(decodeClock(painted(wrap + 5), wrap - 20)).to.equal(wrap + 5);
  });
});

describe('the latency on screen', () => {
  it('is the median of what was read within a second', () => {
    const meter = createLatencyMeter(250);
    for (const [at, ms] of [
      [0, 900],
      [1_000, 60],
      [1_250, 70],
      [1_500, 300],
    ] as const)
      meter.note(at, ms);
    expect(meter.latest(1_600, 20)).to.deep.equal({ ms: 70, measured: true });
  });

  it('is an estimate, and says so, where the picture has no clock', () => {
    const meter = createLatencyMeter(250);
    meter.note(0, undefined);
    expect(meter.latest(0, 23.6)).to.deep.equal({ ms: 24, measured: false });
    expect(meter.latest(0, undefined)).to.equal(undefined);
  });

  it('does not show what can only come from clocks that disagree', () => {
    const meter = createLatencyMeter(250);
    meter.note(0, 3_600_000);
    meter.note(250, -4_000);
    expect(meter.latest(300, undefined)).to.equal(undefined);
  });

  it('stops looking for a clock that is not there, but looks again now and then', () => {
    const meter = createLatencyMeter(250);
    for (let read = 0; read < 8; read++) meter.note(read * 250, undefined);
    expect(meter.due(2_500)).to.equal(false);
    expect(meter.due(7_000)).to.equal(true);
  });
});

describe('the gap meter', () => {
  it('tells the longest time without a new frame since it was last asked', () => {
    const gaps = createGapMeter();
    for (const atMs of [0, 33, 66, 233, 266]) gaps.frame(atMs);
    expect(gaps.take()).to.equal(167);
    expect(gaps.take()).to.equal(undefined);
    gaps.frame(300);
    expect(gaps.take()).to.equal(34);
  });

  it('does not count what nobody could see', () => {
    const gaps = createGapMeter();
    gaps.frame(0);
    gaps.reset();
    gaps.frame(60_000);
    gaps.frame(60_033);
    expect(gaps.take()).to.equal(33);
  });
});

describe('the frame watchdog', () => {
  const fed = (everyMs: number, frames = 60) => {
    const watchdog = createWatchdog();
    for (let frame = 0; frame <= frames; frame++) watchdog.frame(frame * everyMs);
    return { watchdog, lastMs: frames * everyMs };
  };

  it('notices a picture of 30 frames a second that stands for a quarter of a second', () => {
    const { watchdog, lastMs } = fed(33);
    expect(watchdog.silentMs(lastMs + 240)).to.equal(undefined);
    expect(watchdog.silentMs(lastMs + 260)).to.equal(260);
  });

  it('grants a slow camera four of its own frame intervals', () => {
    const { watchdog, lastMs } = fed(500);
    expect(watchdog.silentMs(lastMs + 1_500)).to.equal(undefined);
    expect(watchdog.silentMs(lastMs + 2_100)).to.equal(2_100);
  });

  it('is quicker when another connection proves that the camera sends', () => {
    const { watchdog, lastMs } = fed(33);
    expect(watchdog.silentMs(lastMs + 90, 'leg')).to.equal(undefined);
    expect(watchdog.silentMs(lastMs + 110, 'leg')).to.equal(110);
  });

  it('is as quick when the gateway doubts its relay, however jittery its network, but grants a slow camera its pauses', () => {
    const { watchdog, lastMs } = fed(33);
    watchdog.frame(lastMs + 280);
    expect(watchdog.silentMs(lastMs + 280 + 250)).to.equal(undefined);
    expect(watchdog.silentMs(lastMs + 280 + 90, 'gateway')).to.equal(undefined);
    expect(watchdog.silentMs(lastMs + 280 + 150, 'gateway')).to.equal(150);
    const { watchdog: slow, lastMs: slowMs } = fed(200);
    expect(slow.silentMs(slowMs + 350, 'gateway')).to.equal(undefined);
    expect(slow.silentMs(slowMs + 410, 'gateway')).to.equal(410);
  });

  it('gets used to a network that delays frames, and unused to it, but not to an outage', () => {
    const watchdog = createWatchdog();
    let at = 0;
    const frames = (gaps: number[]) => {
      for (const gap of gaps) {
        at += gap;
        watchdog.frame(at);
      }
    };
    const regular = (seconds: number) => frames(Array.from({ length: seconds * 30 }, () => 33));
    regular(2);
    expect(watchdog.silentMs(at + 260)).to.equal(260);
    frames([270, 5, 5, 33]);
    expect(watchdog.silentMs(at + 310)).to.equal(undefined);
    expect(watchdog.silentMs(at + 325)).to.equal(325);
    regular(25);
    expect(watchdog.silentMs(at + 260)).to.equal(260);
    frames([2_000]);
    regular(2);
    expect(watchdog.silentMs(at + 260), 'an outage').to.equal(260);
  });

  it('counts nothing before the first frame, nor while the page was hidden', () => {
    const watchdog = createWatchdog();
    watchdog.reset(0);
    expect(watchdog.silentMs(60_000)).to.equal(undefined);
    const { watchdog: running, lastMs } = fed(33);
    running.reset(lastMs + 60_000);
    expect(running.silentMs(lastMs + 60_100)).to.equal(undefined);
  });
});

describe('the player’s states', () => {
  const connecting: PlayerState = { name: 'connecting', since: 0 };
  const led = (...heard: PlayerHeard[]): PlayerState =>
    heard.reduce<PlayerState>((state, event, index) => nextState(state, event, index + 1), connecting);
  const frame: PlayerHeard = { type: 'frame', firstFrameMs: 300 };
  const end: PlayerHeard = { type: 'end', reason: 'revoked', text: 'withdrawn' };
  const silence: PlayerHeard = { type: 'silence', silentMs: 260 };
  const retrying: PlayerHeard = { type: 'retrying', attempt: 1, why: 'lost', nextAt: 9 };

  it('lead from a first frame through a silence back to playing', () => {
    expect(led(frame)).to.include({ name: 'playing', firstFrameMs: 300 });
    expect(led(frame, silence)).to.include({ name: 'stalled', silentMs: 260 });
    expect(led(frame, silence, retrying)).to.include({ name: 'reconnecting', attempt: 1 });
    expect(led(frame, silence, retrying, { type: 'frame' })).to.include({ name: 'playing' });
  });

  it('never leave the end', () => {
    const any = fc.constantFrom<PlayerHeard>(frame, silence, retrying, end, { type: 'paused' }, { type: 'resumed' });
    fc.assert(
      fc.property(fc.array(any), fc.array(any), (before, later) => {
        expect(led(...before, end, ...later).name).to.equal('ended');
      }),
    );
  });

  it('stay paused until the person goes on', () => {
    expect(led(frame, { type: 'paused' }, { type: 'frame' }, retrying).name).to.equal('paused');
    expect(led(frame, { type: 'paused' }, { type: 'resumed' }).name).to.equal('connecting');
  });

  it('do not change with every frame', () => {
    const playing = led(frame);
    expect(nextState(playing, { type: 'frame' }, 99)).to.equal(playing);
  });
});

describe('what the gateway says', () => {
  it('never breaks the player, whatever it is', () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.json(), fc.anything()), (said) => void parseServerMessage(said)));
    const typed = fc.record({
      type: fc.constantFrom('welcome', 'answer', 'candidate', 'refused', 'move', 'state', 'renewed', 'end'),
      leg: fc.anything(),
      sdp: fc.anything(),
      why: fc.anything(),
      retry: fc.anything(),
      reason: fc.anything(),
    });
    fc.assert(
      fc.property(typed, (said) => {
        const heard = parseServerMessage(JSON.stringify(said));
        if (heard && 'leg' in heard) expect(heard.leg).to.be.a('string');
        if (heard?.type === 'end') expect(heard.retry).to.equal(said.retry === true);
      }),
    );
  });

  it('ends for good unless it says that asking again is allowed', () => {
    expect(parseServerMessage('{"type":"end","reason":"revoked"}')).to.include({ retry: false, text: 'revoked' });
  });

  it('gives reasons as a sentence or as an object with one', () => {
    const plain = parseServerMessage('{"type":"state","camera":"c","state":"offline","why":"off"}');
    const full = parseServerMessage('{"type":"state","camera":"c","state":"offline","why":{"text":"off"}}');
    expect(plain).to.deep.equal(full);
  });

  it('tells cameras to wait for from cameras to ask again for', () => {
    for (const state of ['offline', 'stalled', 'connecting', 'quarantined']) expect(hasNoPicture(state)).to.equal(true);
    for (const state of ['live', 'frozen', undefined]) expect(hasNoPicture(state)).to.equal(false);
  });

  it('tells when a picture stands for all, so that no other relay would help', () => {
    for (const state of ['offline', 'stalled', 'holding', 'switching']) expect(standsForAll(state)).to.equal(true);
    for (const state of ['live', 'frozen', undefined]) expect(standsForAll(state)).to.equal(false);
  });

  it('gives no standby without a relay and a token', () => {
    const said = { type: 'standby', relay: 'relay-2', token: 't', ttl_ms: 60_000 };
    expect(parseServerMessage(JSON.stringify(said))).to.deep.equal(said);
    expect(parseServerMessage(JSON.stringify({ ...said, token: '' }))).to.equal(undefined);
    expect(parseServerMessage(JSON.stringify({ ...said, relay: undefined }))).to.equal(undefined);
    expect(parseServerMessage('{"type":"standby","relay":""}'), 'nowhere now').to.deep.equal({
      type: 'standby',
      relay: '',
    });
  });
});

describe('attempts', () => {
  it('come in growing intervals that differ from player to player, within bounds', () => {
    const bounds = { firstMs: 400, longestMs: 15_000 };
    fc.assert(
      fc.property(fc.nat({ max: 5_000 }), fc.double({ min: 0, max: 1, noNaN: true }), (attempt, drawn) => {
        expect(backoffMs(attempt, bounds, () => drawn)).to.be.within(200, 15_000);
      }),
    );
    expect(backoffMs(2, bounds, () => 1)).to.equal(1_600);
  });
});

describe('the figures of a connection', () => {
  const report = (fields: object) => [
    { type: 'inbound-rtp', kind: 'audio', bytesReceived: 9e9 },
    { type: 'inbound-rtp', kind: 'video', ...fields },
    { type: 'candidate-pair', nominated: true, state: 'succeeded', currentRoundTripTime: 0.02 },
  ];

  it('are rates since the figures before', () => {
    const first = figuresOf(report({ bytesReceived: 1_000, packetsReceived: 10, framesDecoded: 5 }), 0, undefined);
    const second = figuresOf(
      report({
        bytesReceived: 126_000,
        packetsReceived: 109,
        packetsLost: 1,
        framesDecoded: 35,
        jitter: 0.004,
        jitterBufferDelay: 0.6,
        jitterBufferEmittedCount: 30,
        totalDecodeTime: 0.03,
      }),
      1_000,
      first,
    );
    expect(second).to.include({ fps: 30, kbps: 1_000, loss: 0.01, jitterMs: 4, rttMs: 20 });
    expect(second.estimateMs).to.be.closeTo(31, 0.01);
  });

  it('tell what came whole from what was shown of it, where the browser counts both', () => {
    const first = figuresOf(report({ framesReceived: 10, framesDecoded: 10 }), 0, undefined);
    const second = figuresOf(report({ framesReceived: 40, framesDecoded: 22 }), 1_000, first);
    expect(second).to.include({ receivedFps: 30, fps: 12 });
    expect(figuresOf(report({ framesDecoded: 22 }), 1_000, first).receivedFps).to.equal(undefined);
  });

  it('are nothing, rather than nonsense, when there is no report', () => {
    expect(figuresOf([], 0, undefined)).to.include({ fps: 0, kbps: 0, loss: 0, estimateMs: undefined });
  });
});
