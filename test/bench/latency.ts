import type { Page } from 'playwright-core';
import { type Shown, shownBy } from './screen/frames.ts';
import { setStage } from './screen/stage.ts';
import { type BenchOptions, type BenchTable, quantile, thisMachine } from './table.ts';

/** The first seconds of a page are its start, not its running. */
const SETTLE_MS = 3_000;

interface Run {
  p50: number;
  p95: number;
  jitterBufferMs: number;
  processingMs: number;
}

async function measure(open: () => Promise<Page>, seconds: number): Promise<Run> {
  const page = await open();
  await page.waitForTimeout(SETTLE_MS + seconds * 1000);
  const { frames, jitterBufferMs = Number.NaN, processingMs = Number.NaN }: Shown = await shownBy(page);
  await page.context().close();
  const latencies = frames.flatMap(({ at, latencyMs }) =>
    at > SETTLE_MS && latencyMs !== undefined ? [latencyMs] : [],
  );
  if (latencies.length < seconds * 20) throw new Error(`only ${latencies.length} frames with a clock in ${seconds} s`);
  return { p50: quantile(latencies, 0.5), p95: quantile(latencies, 0.95), jitterBufferMs, processingMs };
}

/** Glass to glass at 30 frames/s: our player page against mediamtx's own page, on the same camera, in turn. */
export async function bench({ pairs = 7, seconds = 8, say = () => {} }: BenchOptions): Promise<BenchTable> {
  const stage = await setStage();
  const ours: Run[] = [];
  const stock: Run[] = [];
  try {
    for (let pair = 0; pair < pairs; pair++) {
      ours.push(await measure(stage.openOurs, seconds));
      stock.push(await measure(stage.openStock, seconds));
      say(
        `pair ${pair + 1} of ${pairs}: ours ${ours.at(-1)?.p50.toFixed(0)} ms, stock ${stock.at(-1)?.p50.toFixed(0)} ms`,
      );
    }
  } finally {
    await stage.close();
  }
  const median = (runs: Run[], of: keyof Run) =>
    quantile(
      runs.map((run) => run[of]),
      0.5,
    );
  const [p50, p95] = [median(ours, 'p50'), median(ours, 'p95')];
  const [stock50, stock95] = [median(stock, 'p50'), median(stock, 'p95')];
  const above = quantile(
    ours.map((run, pair) => run.p50 - (stock[pair]?.p50 ?? 0)),
    0.5,
  );
  return {
    name: 'latency',
    machine: thisMachine(),
    rows: [
      { measure: 'glass to glass, p50', ours: p50, peer: stock50, unit: 'ms', aim: '≤ 100', met: p50 <= 100 },
      { measure: 'glass to glass, p95', ours: p95, peer: stock95, unit: 'ms', aim: '≤ 150', met: p95 <= 150 },
      { measure: 'above the stock page, median of pairs', ours: above, unit: 'ms', aim: '≤ 5', met: above <= 5 },
      {
        measure: 'of it in the jitter buffer',
        ours: median(ours, 'jitterBufferMs'),
        peer: median(stock, 'jitterBufferMs'),
        unit: 'ms',
      },
      {
        measure: 'of it from first packet to decoded, buffer included',
        ours: median(ours, 'processingMs'),
        peer: median(stock, 'processingMs'),
        unit: 'ms',
      },
    ],
    notes: [
      `${pairs} pairs of ${seconds} s, 720p, 30 frames/s, 3 Mb/s; each page in a browser context of its own; camera, relays and browser share the machine.`,
      'The rest is the camera: painting, encoding, and waiting for the next tick of its 33 ms; and the wait for the screen’s tick.',
      'Each page load keeps its phase against the screen tick (0 to 17 ms), so single pairs differ by that much.',
    ],
  };
}
