import { until } from '../fixtures/process.ts';
import { watchCamera } from '../fixtures/watcher.ts';
import { type Plant, startRungs } from './rungs/plant.ts';
import { type BenchOptions, type BenchTable, quantile, thisMachine } from './table.ts';

const NARROW_BPS = 750_000;

/** The gap on screen of a move to a better rung, the network being good. */
async function gapOfMove({ watch, shaper, events }: Plant): Promise<number> {
  const { watcher, session } = await watch();
  try {
    const cutAt = Date.now();
    shaper.narrow(NARROW_BPS);
    const { at } = await events.next('viewer.moved', `viewer/${session}`, cutAt, 30_000);
    shaper.narrow(undefined);
    const up = await events.next('viewer.moved', `viewer/${session}`, at + 1, 60_000);
    return up.data.recover_ms;
  } finally {
    await watcher.close();
  }
}

/** From opening the page in a rung that nobody makes to its first picture. */
async function coldRung({ browser, group }: Plant): Promise<number> {
  const idle = async () => (await group.api('GET', '/api/v1/sessions')).body.items.length === 0;
  await until('nobody to watch', idle, 90_000);
  // Of a camera that has only just come nobody knows yet how far its key frames are apart.
  const since = async () => (await group.api('GET', '/api/v1/cameras/north')).body.since;
  await until('the camera to have been there for a while', async () => Date.now() - (await since()) > 5_000, 30_000);
  const watcher = await watchCamera(browser, group, 'north', { query: 'quality=360p' });
  const { states } = await watcher.moving(0, 5, 30_000);
  await watcher.close();
  return states.find(({ name }) => name === 'playing')?.firstFrameMs ?? Number.NaN;
}

/** Moves between rungs: what is seen of one, and how soon a rung that nobody makes shows its picture. */
export async function bench({ pairs = 5, say = () => {} }: BenchOptions): Promise<BenchTable> {
  const gaps: number[] = [];
  const colds: number[] = [];
  const warm = await startRungs('warm');
  try {
    for (let n = 0; n < pairs; n++) {
      gaps.push(await gapOfMove(warm));
      say(`move ${n + 1} of ${pairs}: ${gaps.at(-1)} ms`);
    }
  } finally {
    await warm.close();
  }
  for (let n = 0; n < Math.min(pairs, 3); n++) {
    const cold = await startRungs('on-demand');
    try {
      colds.push(await coldRung(cold));
      say(`cold rung: ${colds.at(-1)?.toFixed(0)} ms`);
    } finally {
      await cold.close();
    }
  }
  const [p95, first] = [quantile(gaps, 0.95), quantile(colds, 0.5)];
  return {
    name: 'rung',
    machine: thisMachine(),
    rows: [
      { measure: 'move to a better rung: gap p95', ours: p95, unit: 'ms', aim: '≤ 100', met: p95 <= 100 },
      { measure: 'cold rung: first picture, p50', ours: first, unit: 'ms', aim: '≤ 1,000', met: first <= 1_000 },
    ],
    notes: [
      `${gaps.length} moves from 360p to the camera's own picture; ${colds.length} openings of a page in 360p whose ladder nobody had used, of a camera that was there for 5 s, from the page's start; until then the poster is on screen.`,
    ],
  };
}
