import { openHlsPage } from '../fixtures/hls-page.ts';
import { until } from '../fixtures/process.ts';
import { SMALL_QUEUE_MS, startTcpShaper } from '../fixtures/shaper.ts';
import { longestGapMs } from '../fixtures/watcher.ts';
import { type Plant, startRungs } from './rungs/plant.ts';
import { type BenchOptions, type BenchTable, quantile, thisMachine } from './table.ts';

/** Half of what the camera sends, and half as much again as the lowest rung. */
const NARROW_BPS = 750_000;
/** With so much the IETF has congestion control tested (RFC 8867, 5.1). */
const USUAL_QUEUE_MS = 300;

interface Trial {
  /** Until the way down was decided. */
  toldMs: number;
  downMs: number;
  gapMs: number;
  /** When that gap began, from the cut on. */
  gapAtMs: number;
  upMs: number;
}

/** Our player: from the cut to the lower rung on screen, and from its end to the better one. */
async function ours({ watch, shaper, events }: Plant, queueMs: number): Promise<Trial> {
  const { watcher, session } = await watch();
  try {
    const cutAt = Date.now();
    shaper.narrow(NARROW_BPS, queueMs);
    const told = await events.next('viewer.moving', `viewer/${session}`, cutAt, 30_000);
    const down = await events.next('viewer.moved', `viewer/${session}`, cutAt, 30_000);
    const { presented } = await watcher.moving(down.at + 500, 10);
    const gapMs = longestGapMs(presented, cutAt);
    const gapAt = presented.find((at, index) => at >= cutAt - gapMs && (presented[index + 1] ?? at) - at >= gapMs);
    const wideAt = Date.now();
    shaper.narrow(undefined);
    const up = await events.next('viewer.moved', `viewer/${session}`, wideAt, 60_000);
    return {
      toldMs: told.at - cutAt,
      downMs: down.at - cutAt,
      gapMs,
      gapAtMs: (gapAt ?? Number.NaN) - cutAt,
      upMs: up.at - wideAt,
    };
  } finally {
    shaper.narrow(undefined);
    await watcher.close();
  }
}

/** hls.js on the same ladder behind a shaper of the same width: from the cut to the lower rung on screen. */
async function hlsJs({ group, browser }: Plant): Promise<number> {
  const shaper = await startTcpShaper(group.group.http.port);
  const { body } = await group.api('GET', '/live/north/hls');
  const page = await openHlsPage(browser, body.hls_url.replace(/:\d+\//, `:${shaper.port}/`));
  const height = async () => (await page.seen()).frames.at(-1)?.height;
  try {
    await page.moving(0, 30, 30_000);
    await until('its best rung', async () => (await height()) === 480, 60_000);
    const cutAt = performance.now();
    shaper.narrow(NARROW_BPS);
    await until('its lower rung', async () => (await height()) === 360, 60_000);
    return performance.now() - cutAt;
  } finally {
    await page.close();
    await shaper.close();
  }
}

/** A network that becomes narrow, and wide again: how soon the picture follows, and what is seen of it. */
export async function bench({ pairs = 5, say = () => {} }: BenchOptions): Promise<BenchTable> {
  const plant = await startRungs('warm');
  const trials: Trial[] = [];
  const deeper: Trial[] = [];
  const peers: number[] = [];
  try {
    for (let pair = 0; pair < pairs; pair++) {
      trials.push(await ours(plant, SMALL_QUEUE_MS));
      deeper.push(await ours(plant, USUAL_QUEUE_MS));
      peers.push(await hlsJs(plant));
      const seen = [trials.at(-1), deeper.at(-1)].map((trial) => JSON.stringify(trial)).join(', the longer queue ');
      say(`pair ${pair + 1} of ${pairs}: ${seen}, hls.js ${peers.at(-1)?.toFixed(0)} ms`);
    }
  } finally {
    await plant.close();
  }
  const of = (field: keyof Trial, share = 0.5, from = trials) =>
    quantile(
      from.map((trial) => trial[field]),
      share,
    );
  const peer = quantile(peers, 0.5);
  const row = (measure: string, field: keyof Trial, most: number, share = 0.5, from = trials) => {
    const ours = of(field, share, from);
    return { measure, ours, unit: 'ms', aim: `≤ ${most.toLocaleString('en')}`, met: ours <= most };
  };
  return {
    name: 'adapt',
    machine: thisMachine(),
    rows: [
      { ...row('cut to half: lower rung on screen, p50', 'downMs', 1_500), peer, ratio: peer / of('downMs') },
      { measure: 'the same: until it was decided, p50', ours: of('toldMs'), unit: 'ms' },
      row('the same: longest gap between frames, p50', 'gapMs', 200),
      row('the same, longest of all', 'gapMs', 200, 1),
      row(`the same with a queue of ${USUAL_QUEUE_MS} ms: lower rung on screen, p50`, 'downMs', 1_500, 0.5, deeper),
      row('the same: longest gap between frames, p50', 'gapMs', 200, 0.5, deeper),
      row('the same, longest of all', 'gapMs', 200, 1, deeper),
      row('wide again: better rung on screen, p50', 'upMs', 5_000),
    ],
    notes: [
      `${pairs} pairs; a camera of 1.5 Mb/s and a rung of 500 kb/s, always made, behind ${NARROW_BPS / 1000} kb/s; a queue of ${SMALL_QUEUE_MS} ms before ours (UDP), and of ${USUAL_QUEUE_MS} ms as RFC 8867 has it, no loss before hls.js (TCP).`,
      'The peer is hls.js on the same ladder, from the cut to its lower rung on screen; what it had buffered it shows first, without a gap.',
    ],
  };
}
