import { createActor } from 'xstate';
import { cameraKind } from '../../actors/camera.ts';
import { Cell } from '../../actors/cell.ts';
import type { CellHouse } from '../../actors/cell-house.ts';
import type { CellKind } from '../../actors/cell-kind.ts';
import { id } from '../../bus/identity.ts';
import type { Facts } from '../../bus/ports/facts.ts';
import type { Journal } from '../../bus/ports/journal.ts';
import { cameraMachine } from '../../machines/camera.ts';
import { freshPath, takeSample } from '../../machines/policy/quality.ts';
import type { CameraSlots } from '../../machines/slots.ts';
import { answers, feeds, flows } from '../fakes/source.ts';
import { type BenchOptions, type BenchTable, quantile, thisMachine } from './table.ts';

const SIZES = [1_000, 10_000, 100_000];
const inert = () => ({ release() {} });
const slots = {
  probe: inert,
  intake: inert,
  program: inert,
  selection: inert,
  eye: inert,
  alarm: inert,
} as CameraSlots;

/** A journal and facts that acknowledge at once: what is measured is the cell. */
const house = (): CellHouse => {
  let seq = 0;
  const receipt = () => Promise.resolve({ seq: ++seq });
  return {
    node: 'bench',
    journal: { append: receipt } as unknown as Journal,
    facts: { tell: receipt } as unknown as Facts,
    now: Date.now,
    later: () => () => {},
    onTurn() {},
    onTold() {},
    onDown(_cell, error) {
      throw error;
    },
  };
};

const settings = (keep: string) => ({
  type: 'camera.configured',
  settings: { name: 'Gate', zone: 'hcm/airport', sources: [{ id: '0', url: 'rtsp://127.0.0.1/a' }], keep, eye: true },
});

const heapBytes = (): number => {
  global.gc?.();
  global.gc?.();
  return process.memoryUsage().heapUsed;
};

const settled = () => new Promise((resolve) => setImmediate(resolve));

/** Creates cells, and tells how many a second and how many bytes each holds on to. */
async function create(count: number, kind: CellKind, live: boolean) {
  const parts = house();
  const before = heapBytes();
  const cells: Cell[] = [];
  const startedAt = performance.now();
  for (let n = 0; n < count; n++) {
    const cell = new Cell({ kind: 'camera', id: id(`cam_${n}`) }, kind, parts, {
      incarnation: `i${n}`,
      tenure: `t${n}`,
      lastSeq: 0,
    });
    cell.start();
    void cell.offer(settings(live ? 'warm' : 'on-demand'));
    if (live) {
      void cell.offer(answers());
      void cell.offer(flows());
      void cell.offer(feeds());
    }
    cells.push(cell);
    if (n % 1_000 === 999) await settled();
  }
  const perSecond = count / ((performance.now() - startedAt) / 1000);
  await settled();
  await settled();
  return { perSecond, bytesEach: (heapBytes() - before) / count, cells };
}

/** Events a second over many cells, each offered, moved, recorded and acknowledged. */
async function eventRate(cells: Cell[], events: number): Promise<number> {
  const startedAt = performance.now();
  for (let n = 0; n < events; n++) {
    void cells[n % cells.length]?.offer({
      type: n % (2 * cells.length) < cells.length ? 'eye.frozen' : 'eye.moved',
      still_ms: 1,
    });
    if (n % 1_000 === 999) await settled();
  }
  await settled();
  return events / ((performance.now() - startedAt) / 1000);
}

/** The same events sent to bare actors of the same machine: no door, no journal, no facts. */
function bareRate(count: number, events: number): number {
  const actors = Array.from({ length: count }, (_, n) => {
    const actor = createActor(cameraMachine, { input: { id: `cam_${n}` } }).start();
    for (const event of [settings('warm'), answers(), flows(), feeds()])
      actor.send({ ...event, id: 'e', at: 1 } as never);
    return actor;
  });
  const startedAt = performance.now();
  for (let n = 0; n < events; n++) {
    const type = n % (2 * count) < count ? 'eye.frozen' : 'eye.moved';
    actors[n % count]?.send({ type, still_ms: 1, id: 'e', at: n } as never);
  }
  const rate = events / ((performance.now() - startedAt) / 1000);
  for (const actor of actors) actor.stop();
  return rate;
}

function sampleRate(): number {
  const paths = Array.from({ length: 1_000 }, freshPath);
  const samples = 3_000_000;
  const sample = { at: 0, fps: 30, loss: 0.01, freezes: 0 };
  const startedAt = performance.now();
  for (let n = 0; n < samples; n++) {
    sample.at = n >> 2;
    sample.loss = (n & 63) / 500;
    const path = paths[n % 1_000];
    if (path) takeSample(path, sample);
  }
  return samples / ((performance.now() - startedAt) / 1000);
}

/** Cells in numbers: creation, events, bytes; and the reducer of measurements beside them. */
export async function bench({ pairs = 5, say = () => {} }: BenchOptions): Promise<BenchTable> {
  if (!global.gc) throw new Error('bytes need the garbage collector: start it as `npm run bench -- actors`');
  // A slot must find its cell's door, so the slots are bound as in the product.
  const kind = cameraKind(slots);
  await create(2_000, kind, true); // warm-up
  const idle: Record<number, number[]> = {};
  let idleBytes = 0;
  let liveBytes = 0;
  for (let round = 0; round < pairs; round++) {
    for (const size of SIZES) {
      say(`round ${round + 1} of ${pairs}: ${size} idle cells`);
      const made = await create(size, kind, false);
      idle[size] = [...(idle[size] ?? []), made.perSecond];
      idleBytes = made.bytesEach;
    }
  }
  const live = await create(10_000, kind, true);
  liveBytes = live.bytesEach;
  const cellRates: number[] = [];
  const bareRates: number[] = [];
  for (let round = 0; round < pairs; round++) {
    say(`round ${round + 1} of ${pairs}: events`);
    cellRates.push(await eventRate(live.cells, 100_000));
    bareRates.push(bareRate(1_000, 100_000));
  }
  const median = (values: number[] | undefined) => quantile(values ?? [], 0.5);
  const [small, , large] = SIZES;
  const spawn = median(idle[large ?? 0]) / median(idle[small ?? 0]);
  const samples = median(Array.from({ length: pairs }, sampleRate));
  return {
    name: 'actors',
    machine: thisMachine(),
    rows: [
      ...SIZES.map((size) => ({
        measure: `cells created, ${size.toLocaleString('en')}`,
        ours: median(idle[size]),
        unit: '/s',
      })),
      {
        measure: 'rate at 100,000 against 1,000',
        ours: spawn,
        unit: '×',
        aim: '≥ 0.9×',
        met: spawn >= 0.9,
      },
      { measure: 'bytes, idle cell', ours: idleBytes, unit: 'B', aim: '≤ 6 KB', met: idleBytes <= 6 * 1024 },
      { measure: 'bytes, live cell', ours: liveBytes, unit: 'B', aim: '≤ 16 KB', met: liveBytes <= 16 * 1024 },
      {
        measure: 'events, 10,000 live cells, against bare actors',
        ours: median(cellRates),
        peer: median(bareRates),
        ratio: median(cellRates.map((rate, n) => rate / (bareRates[n] ?? rate))),
        unit: '/s',
      },
      { measure: 'measurements reduced', ours: samples, unit: '/s', aim: '≥ 1,000,000', met: samples >= 1_000_000 },
    ],
    notes: [
      'A cell here is the real one: door, shape check, machine, record with snapshot, facts; journal and bus acknowledge at once.',
      'Bare actors run the same machine without door, record and facts, in turn with the cells.',
      'Bytes are JavaScript heap after two forced collections.',
    ],
  };
}
