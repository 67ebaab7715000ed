import { fork } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import type { Outcome } from '../sim/world.ts';
import { type BenchOptions, type BenchTable, thisMachine } from './table.ts';

/** Steps of one seed: long enough for states that need several accidents in a row. */
const STEPS = 5_000;
/**
 * What a step leaves behind is let go of where it was made: most of it does not outlive its seed. A process collects it
 * alone, for the other core has a seed of its own.
 */
const COLLECTED = ['--max-semi-space-size=32', '--no-parallel-scavenge'];

/**
 * Runs seeds from 1 on, one on each core at a time.
 * @returns the CPU time that they took in all, ms
 */
async function runSeeds(seeds: number, hear: (run: Outcome) => void): Promise<number> {
  let next = 1;
  const run = async (): Promise<number> => {
    const file = path.join(import.meta.dirname, 'sim', 'seeds.ts');
    const worker = fork(file, { execArgv: ['--import', 'tsx', ...COLLECTED] });
    const ended = once(worker, 'exit').then(([code]) => {
      throw new Error(`a process that runs seeds ended with ${code}`);
    });
    ended.catch(() => {});
    let spentMs = 0;
    while (next <= seeds) {
      worker.send({ seed: next++, steps: STEPS });
      const [{ run, cpuMs }] = (await Promise.race([once(worker, 'message'), ended])) as [
        { run: Outcome; cpuMs: number },
      ];
      spentMs = cpuMs;
      hear(run);
    }
    worker.disconnect();
    return spentMs;
  };
  const spent = await Promise.all(Array.from({ length: availableParallelism() }, run));
  return spent.reduce((sum, ms) => sum + ms, 0);
}

/** The simulated house, seed after seed: how fast it goes, and whether every law held. One `pair` is one seed. */
export async function bench({ pairs = 200, say = () => {} }: BenchOptions): Promise<BenchTable> {
  const visited = new Set<string>();
  const faults: string[] = [];
  let steps = 0;
  let crashes = 0;
  let told = 0;
  const startedAt = performance.now();
  const rate = () => steps / ((performance.now() - startedAt) / 1000);
  const cpuMs = await runSeeds(pairs, (run) => {
    steps += run.steps;
    crashes += run.crashes;
    for (const state of run.visited) visited.add(state);
    if (run.fault) {
      faults.push(`seed ${run.seed} fails at step ${run.steps}: npm run sim -- ${run.seed} ${run.steps} repeats it`);
      say(`${faults.at(-1)}: ${run.fault}`);
    }
    if (steps - told < 50_000) return;
    told = steps;
    say(`${steps} steps, ${Math.round(rate())} a second`);
  });
  const perSecond = rate();
  const cores = availableParallelism();
  return {
    name: 'sim',
    machine: thisMachine(),
    rows: [
      { measure: 'steps', ours: steps, unit: '', aim: '≥ 1,000,000', met: steps >= 1_000_000 },
      {
        measure: `steps a second on ${cores} cores`,
        ...{ ours: perSecond, unit: '1/s', aim: '≥ 10,000', met: perSecond >= 10_000 },
      },
      { measure: 'steps a second of one core', ours: steps / (cpuMs / 1000), unit: '1/s' },
      { measure: 'seeds with a law broken', ours: faults.length, unit: '', aim: '0', met: faults.length === 0 },
      { measure: 'crashes survived', ours: crashes, unit: '' },
      { measure: 'states visited', ours: visited.size, unit: '' },
    ],
    notes: [
      `${pairs} seeds of ${STEPS.toLocaleString('en')} steps, one on each core at a time; the laws are checked after every event, and each house is replayed at its end. A second of one core counts all the time that was taken of any, loading and collecting garbage included.`,
      ...faults,
    ],
  };
}
