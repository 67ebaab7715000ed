import { setImmediate as breathe } from 'node:timers/promises';
import { type AnyEventObject, transition } from 'xstate';
import { MACHINES } from '../../actors/machines.ts';
import { foldPast } from '../../actors/past.ts';
import { newborn } from '../../actors/replay.ts';
import { id } from '../../bus/identity.ts';
import type { JournalEntry } from '../../bus/ports/journal.ts';
import { idleHouse } from './replay/house.ts';
import { coreSeconds, manyCells, takenUp, takenUpFromNats } from './replay/taking-up.ts';
import { type BenchOptions, type BenchTable, quantile, thisMachine } from './table.ts';

const RECORDS = 20_000;
const CHECKPOINTS = 100_000;
const ADOPTED = 50_000;
const PAIRS = 5;

/** The journal of one camera that comes and goes. */
async function someNight(): Promise<JournalEntry[]> {
  const { store, roster } = idleHouse();
  const at = { kind: 'camera' as const, id: id('cam_001') };
  const sources = [{ id: id('0'), url: 'rtsp://127.0.0.1/a' }];
  const settings = { name: 'Camera', zone: 'hcm/center', sources, keep: 'warm', eye: true };
  await roster.create(at, { type: 'camera.configured', settings });
  await roster.offer(at, { type: 'probe.answered', source: '0', tracks: [], elapsed_ms: 1 });
  for (let n = 0; n < RECORDS / 2; n++) {
    await roster.offer(at, { type: 'source.flowing', source: '0', codec: 'H264' });
    await roster.offer(at, { type: 'source.silent', source: '0', silent_ms: 900 });
  }
  return store.records();
}

function bareTransitions(night: readonly JournalEntry[]): number {
  const startedAt = performance.now();
  let snapshot = newborn(MACHINES.camera, 'cam_001');
  for (const { record } of night) {
    for (const heard of record.heard) [snapshot] = transition(MACHINES.camera, snapshot, heard as AnyEventObject);
  }
  return (night.length / (performance.now() - startedAt)) * 1000;
}

function foldedAndCompared(night: readonly JournalEntry[]): number {
  const startedAt = performance.now();
  const past = foldPast({});
  for (const entry of night) past.take(entry);
  if (past.firstDifference()) throw new Error('a replay of our own night differs');
  return (night.length / (performance.now() - startedAt)) * 1000;
}

function fromCheckpoints(entries: readonly JournalEntry[]): { seconds: number; megabytes: number } {
  globalThis.gc?.();
  const before = process.memoryUsage().heapUsed;
  const startedAt = process.cpuUsage();
  const past = foldPast({});
  for (const entry of entries) past.trust(entry);
  const seconds = coreSeconds(startedAt);
  globalThis.gc?.();
  const megabytes = (process.memoryUsage().heapUsed - before) / 1e6;
  if (past.compared() !== 0) throw new Error('checkpoints are taken for granted, not compared'); // keeps it alive till here
  return { seconds, megabytes };
}

/** How fast a night is folded and compared, and how soon a house is back from its last records. */
export async function bench({ pairs = PAIRS, say = () => {} }: BenchOptions): Promise<BenchTable> {
  say('a camera lives through a night');
  const night = await someNight();
  const last = night.at(-1) as JournalEntry;
  const runs: { bare: number; folded: number }[] = [];
  for (let n = 0; n < pairs; n++) {
    runs.push({ bare: bareTransitions(night), folded: foldedAndCompared(night) });
    await breathe();
  }
  const ratio = quantile(
    runs.map(({ bare, folded }) => folded / bare),
    0.5,
  );
  say(`${CHECKPOINTS} cells from checkpoints`);
  const { seconds, megabytes } = fromCheckpoints(manyCells(last, CHECKPOINTS));
  say(`${ADOPTED} cells are taken up`);
  const cells = manyCells(last, ADOPTED);
  const adopted = await takenUp(cells);
  say('… and read from NATS before');
  const read = await takenUpFromNats(cells);
  return {
    name: 'replay',
    machine: thisMachine(),
    rows: [
      {
        measure: 'records folded and compared, against bare transition()',
        ours: quantile(
          runs.map(({ folded }) => folded),
          0.5,
        ),
        peer: quantile(
          runs.map(({ bare }) => bare),
          0.5,
        ),
        ratio,
        unit: 'records/s',
        aim: '≥ 0.8×',
        met: ratio >= 0.8,
      },
      {
        measure: '100,000 cells from checkpoints',
        ours: seconds,
        unit: 's of a core',
        aim: '≤ 8 s',
        met: seconds <= 8,
      },
      { measure: '… held in memory', ours: megabytes, unit: 'MB' },
      {
        measure: '50,000 cells taken up by a gateway',
        ours: adopted,
        unit: 's of a core',
        aim: '≤ 3 s',
        met: adopted <= 3,
      },
      {
        measure: 'the same, their records read from NATS and parsed',
        ours: read,
        unit: 's of a core',
        aim: '≤ 3 s',
        met: read <= 3,
      },
    ],
    notes: [
      'Cells are taken up with slots that do nothing; their last events lie within an hour, and what those of the last 30 s said is told again.',
    ],
  };
}
