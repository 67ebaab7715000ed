import { loadavg } from 'node:os';
import { indexRows } from './playback/index-rows.ts';
import { pressThrough } from './playback/presses.ts';
import { recorderCost } from './playback/recorder-cost.ts';
import { type BenchOptions, type BenchRow, type BenchTable, quantile, thisMachine } from './table.ts';

const ROUNDS = 20;
const PAIRS = 4;
const WINDOW_S = 8;

const atMost = (measure: string, ours: number, most: number, unit: string): BenchRow => ({
  ...{ measure, ours, unit, aim: `≤ ${most}`, met: ours <= most },
});

/** The past: how soon a press is answered on screen, what recording takes, and the index of what there is. */
export async function bench({ say = () => {}, pairs, seconds }: BenchOptions): Promise<BenchTable> {
  const load = (): string => (loadavg()[0] ?? 0).toFixed(1);
  const [before, rounds] = [load(), pairs ?? ROUNDS];
  const pressed = await pressThrough(rounds, say);
  const between = load();
  const cost = await recorderCost(pairs ?? PAIRS, seconds ?? WINDOW_S, say);
  const index = await indexRows(say);
  const p95 = (values: number[]): number => quantile(values, 0.95);
  return {
    name: 'playback',
    machine: thisMachine(),
    rows: [
      atMost('live to 30 s ago: first past frame, p95', p95(pressed.toPast), 300, 'ms'),
      { measure: 'the same, p50', ours: quantile(pressed.toPast, 0.5), unit: 'ms' },
      atMost('back to live, p95', p95(pressed.toLive), 400, 'ms'),
      atMost('seek within recordings, p95', p95(pressed.seeks), 250, 'ms'),
      { measure: 'the same, p50', ours: quantile(pressed.seeks, 0.5), unit: 'ms' },
      atMost('black frames', pressed.black, 0, `of ${pressed.sights}`),
      atMost(
        `recording, a ${cost.rateMbps.toFixed(1)} Mb/s camera, on top of the relay`,
        cost.aCamera,
        1,
        '% of a core',
      ),
      ...index.rows,
    ],
    notes: [
      `${rounds} rounds of four presses on the player page, 720p at 30 frames/s, 4 Mb/s, a key frame every 2 s; from the press to the repaint that shows a picture of that age, by the clock in it.`,
      `Load of the machine by its own count, before and after the presses, and at the end: ${before}, ${between}, ${load()}; the bench itself is part of it.`,
      `The relay of 8 such cameras: ${cost.without.toFixed(1)} % of a core without recording, ${cost.withRecording.toFixed(1)} % with it; by turns, median of the pairs' differences.`,
      ...index.notes,
    ],
  };
}
