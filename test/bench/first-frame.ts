import type { Page } from 'playwright-core';
import { until } from '../fixtures/process.ts';
import { shownBy } from './screen/frames.ts';
import { setStage } from './screen/stage.ts';
import { type BenchOptions, type BenchTable, quantile, thisMachine } from './table.ts';

const GOP_MS = 2_000;

interface Trial {
  firstMs: number;
  posterMs?: number;
  connectedMs: number;
}

async function trial(open: () => Promise<Page>): Promise<Trial> {
  const page = await open();
  await until('a first frame', async () => (await shownBy(page)).frames.length > 0, 15_000, 20);
  const { frames, posterAt, connectedAt = Number.NaN } = await shownBy(page);
  await page.context().close();
  const firstMs = frames[0]?.at ?? Number.NaN;
  return { firstMs, connectedMs: connectedAt, ...(posterAt === undefined ? {} : { posterMs: posterAt }) };
}

/** From opening the page to its first live frame, on a warm camera whose key frames are 2 s apart, at random phase. */
export async function bench({ pairs = 20, say = () => {} }: BenchOptions): Promise<BenchTable> {
  const stage = await setStage();
  const ours: Trial[] = [];
  const stock: Trial[] = [];
  try {
    await trial(stage.openOurs); // files into caches, the poster taken
    await trial(stage.openStock);
    for (let pair = 0; pair < pairs; pair++) {
      await new Promise((resolve) => setTimeout(resolve, Math.random() * GOP_MS));
      // Opened at the same moment, both pages wait for the same key frame.
      const [one, other] = await Promise.all([trial(stage.openOurs), trial(stage.openStock)]);
      ours.push(one);
      stock.push(other);
      say(
        `pair ${pair + 1} of ${pairs}: ours ${ours.at(-1)?.firstMs.toFixed(0)} ms, stock ${stock.at(-1)?.firstMs.toFixed(0)} ms`,
      );
    }
  } finally {
    await stage.close();
  }
  const first = (trials: Trial[], share: number) =>
    quantile(
      trials.map(({ firstMs }) => firstMs),
      share,
    );
  const connected = (trials: Trial[]) =>
    quantile(
      trials.map(({ connectedMs }) => connectedMs),
      0.5,
    );
  const posters = ours.flatMap(({ posterMs }) => (posterMs === undefined ? [] : [posterMs]));
  const [p50, stock50] = [first(ours, 0.5), first(stock, 0.5)];
  const later = quantile(
    ours.map(({ firstMs }, pair) => firstMs - (stock[pair]?.firstMs ?? Number.NaN)),
    0.5,
  );
  const poster = posters.length > 0 ? quantile(posters, 0.5) : Number.NaN;
  return {
    name: 'first-frame',
    machine: thisMachine(),
    rows: [
      {
        measure: 'opening the page to the first live frame, p50',
        ours: p50,
        peer: stock50,
        ratio: stock50 / p50,
        unit: 'ms',
      },
      {
        measure: 'later than the stock page, median of pairs',
        ours: later,
        unit: 'ms',
        aim: 'not slower',
        met: later <= 0,
      },
      { measure: 'the same, p95', ours: first(ours, 0.95), peer: first(stock, 0.95), unit: 'ms' },
      {
        measure: 'opening the page to connected, p50: then the wait for a key frame begins',
        ours: connected(ours),
        peer: connected(stock),
        ratio: connected(stock) / connected(ours),
        unit: 'ms',
      },
      { measure: 'opening the page to the poster, p50', ours: poster, unit: 'ms', aim: '≤ 100', met: poster <= 100 },
    ],
    notes: [
      `${pairs} pairs at random phase of a 2 s GOP, warm camera; the two pages of a pair are opened at the same moment, each in a fresh browser context.`,
      `${posters.length} of ${pairs} openings showed the poster before the first frame was there.`,
      'Nearly all of it is the wait for the camera’s next key frame, 0 to 2,000 ms, which both pages of a pair share.',
    ],
  };
}
