import { simulate } from '../sim/world.ts';
import { type BenchOptions, type BenchTable, thisMachine } from './table.ts';

/** Steps of one seed: long enough for states that need several accidents in a row. */
const STEPS = 5_000;

/** The simulated house, seed after seed: how fast it goes, and whether every law held. One `pair` is one seed. */
export async function bench({ pairs = 200, say = () => {} }: BenchOptions): Promise<BenchTable> {
  const visited = new Set<string>();
  const faults: string[] = [];
  let steps = 0;
  let crashes = 0;
  let told = 0;
  const startedAt = performance.now();
  for (let seed = 1; seed <= pairs; seed++) {
    const run = await simulate(seed, STEPS);
    steps += run.steps;
    crashes += run.crashes;
    for (const state of run.visited) visited.add(state);
    if (run.fault) {
      faults.push(`seed ${seed} fails at step ${run.steps}: npm run sim -- ${seed} ${run.steps} repeats it`);
      say(`${faults.at(-1)}: ${run.fault}`);
    }
    if (steps - told < 50_000) continue;
    told = steps;
    say(`${steps} steps, ${Math.round(steps / ((performance.now() - startedAt) / 1000))} a second`);
  }
  const perSecond = steps / ((performance.now() - startedAt) / 1000);
  return {
    name: 'sim',
    machine: thisMachine(),
    rows: [
      { measure: 'steps', ours: steps, unit: '', aim: '≥ 1,000,000', met: steps >= 1_000_000 },
      { measure: 'steps a second', ours: perSecond, unit: '1/s', aim: '≥ 10,000', met: perSecond >= 10_000 },
      { measure: 'seeds with a law broken', ours: faults.length, unit: '', aim: '0', met: faults.length === 0 },
      { measure: 'crashes survived', ours: crashes, unit: '' },
      { measure: 'states visited', ours: visited.size, unit: '' },
    ],
    notes: [
      `${pairs} seeds of ${STEPS.toLocaleString('en')} steps; the laws are checked after every event, and each house is replayed at its end.`,
      ...faults,
    ],
  };
}
