import { watchBusyness } from './busyness.ts';
import { createClockReader } from './clock-reader.ts';
import type { Frame } from './frames.ts';
import { createLatencyMeter, type Latency } from './latency.ts';
import type { Leg } from './leg.ts';
import { type Figures, figuresOf } from './statistics.ts';

/** What was measured of the picture on screen. */
export interface Measured {
  figures: Figures;
  latency: Latency | undefined;
  /** By how much this page or its browser came to run late meanwhile, at most. */
  busyMs: number | undefined;
}

/** Which frames the clock is read from: reading costs about half a millisecond. */
export type ClockUse = 'sampled' | 'every-frame' | 'off';

const SAMPLE_MS = 250;
let reader: ReturnType<typeof createClockReader> | undefined;

/** Measures one player's picture. */
export interface Measure {
  /** Reads the clock in a frame when it is due. Returns when it was on screen (epoch ms), and how old, when it was read. */
  frame(leg: Leg, frame: Frame): { at: number; latencyMs: number } | undefined;
  /** Takes the figures of a leg since the last time. */
  take(leg: Leg): Promise<Measured>;
  /** The same between two times, which counts for neither. */
  peek(leg: Leg): Promise<Measured>;
}

/** Makes the measure of a player. */
export function createMeasure(clock: ClockUse): Measure {
  const meter = createLatencyMeter(clock === 'every-frame' ? 0 : SAMPLE_MS);
  const busyness = watchBusyness();
  let before: { leg: Leg; figures: Figures } | undefined;
  const peek = async (leg: Leg): Promise<Measured> => {
    const askedMs = performance.now();
    const report = await leg.report();
    const now = performance.now();
    busyness.answered(askedMs, now);
    const figures = figuresOf(report.values(), now, before?.leg === leg ? before.figures : undefined);
    return { figures, latency: meter.latest(now, figures.estimateMs), busyMs: busyness.busyMs(now) };
  };
  return {
    frame(leg, { displayMs, displayAt }) {
      if (clock === 'off' || document.hidden || !meter.due(displayMs)) return undefined;
      reader ??= createClockReader();
      // Of a frame that a busy page tells late, the successor may be on screen by now: that one is read.
      const at = Math.max(displayAt, Date.now());
      const painted = reader.read(leg.video, at);
      const latencyMs = painted === undefined ? undefined : at - painted;
      meter.note(displayMs, latencyMs);
      return latencyMs === undefined ? undefined : { at, latencyMs };
    },
    async take(leg) {
      const measured = await peek(leg);
      before = { leg, figures: measured.figures };
      return measured;
    },
    peek,
  };
}
