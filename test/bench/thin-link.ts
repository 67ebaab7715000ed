import type { Page } from 'playwright-core';
import { until } from '../fixtures/process.ts';
import { shownBy } from './screen/frames.ts';
import { setStage } from './screen/stage.ts';
import { openWays } from './screen/ways.ts';
import { type BenchOptions, type BenchRow, type BenchTable, quantile, thisMachine } from './table.ts';

const LINK = { bitsPerSecond: 20_000_000, delayMs: 20, loss: 0.01 };
const GOP_MS = 2_000;
/** A frame this young shows the present, not stored pictures that run fast-forward: the link's own delay is allowed. */
const YOUNG_MS = 150 + LINK.delayMs;

const LONGEST_MS = 10_000;

interface Trial {
  /** From connected to the first frame, and to the first one that is young. */
  anyMs: number;
  youngMs: number;
}

async function trial(open: () => Promise<Page>): Promise<Trial> {
  const page = await open();
  const isYoung = ({ latencyMs }: { latencyMs?: number }) => latencyMs !== undefined && latencyMs < YOUNG_MS;
  await until('a first frame', async () => (await shownBy(page)).frames.length > 0, 20_000, 20);
  // Lost packets may keep the picture back for longer than anybody would wait.
  await until('a young frame', async () => (await shownBy(page)).frames.some(isYoung), LONGEST_MS, 20).catch(() => {});
  const { frames, connectedAt = Number.NaN } = await shownBy(page);
  await page.context().close();
  return {
    anyMs: (frames[0]?.at ?? Number.NaN) - connectedAt,
    youngMs: Math.min((frames.find(isYoung)?.at ?? Number.POSITIVE_INFINITY) - connectedAt, LONGEST_MS),
  };
}

/** First frames over a thin link: through a departure path, and on a stock page. */
export async function bench({ pairs = 20, say = () => {} }: BenchOptions): Promise<BenchTable> {
  const stage = await setStage();
  const places = stage.group.group.relays.filter(({ role }) => role === 'delivery').map(({ webrtcUdp }) => webrtcUdp);
  const ways = await openWays([...places, stage.stock.ports.webrtcUdp], LINK);
  const ours: Trial[] = [];
  const stock: Trial[] = [];
  try {
    for (let pair = -1; pair < pairs; pair++) {
      await new Promise((resolve) => setTimeout(resolve, Math.random() * GOP_MS));
      const [one, other] = [
        await trial(() => stage.openOurs(ways.script)),
        await trial(() => stage.openStock(ways.script)),
      ];
      if (pair < 0) continue; // files into caches
      ours.push(one);
      stock.push(other);
      say(
        `pair ${pair + 1}: any ${one.anyMs.toFixed(0)}, young ${one.youngMs.toFixed(0)} ms; stock ${other.anyMs.toFixed(0)} ms`,
      );
    }
  } finally {
    ways.close();
    await stage.close();
  }
  const row = (measure: string, of: keyof Trial, share: number, aimMs?: number): BenchRow => {
    const [mine, peer] = [ours, stock].map((trials) =>
      quantile(
        trials.map((one) => one[of]),
        share,
      ),
    ) as [number, number];
    const aim = aimMs === undefined ? {} : { aim: `≤ ${aimMs}`, met: mine <= aimMs };
    return { measure, ours: mine, peer, ratio: peer / mine, unit: 'ms', ...aim };
  };
  return {
    name: 'thin-link',
    machine: thisMachine(),
    rows: [
      row('connected to any frame, p50', 'anyMs', 0.5),
      row('connected to any frame, p95', 'anyMs', 0.95, 150),
      row(`connected to one younger than ${YOUNG_MS} ms, p50`, 'youngMs', 0.5),
      row(`connected to one younger than ${YOUNG_MS} ms, p95`, 'youngMs', 0.95, 300),
    ],
    notes: [
      `${pairs} openings each at random phase of a 2 s GOP, 720p at 3 Mb/s; media over 20 Mb/s, 20 ms and 1 % loss in each direction, by a shaper of ours in user space (a queue of 200 ms). What took longer than ${LONGEST_MS / 1_000} s counts as that.`,
    ],
  };
}
