import { killedHistory } from '../fixtures/history.ts';
import { type BenchOptions, type BenchTable, quantile, thisMachine } from './table.ts';

const KILLS = 200;
const SEED = 1;

/** A gateway's cells over a real NATS, killed with SIGKILL under load again and again. One `pair` is one kill. */
export async function bench({ pairs = KILLS, say = () => {} }: BenchOptions): Promise<BenchTable> {
  const { lives, books, faults } = await killedHistory(pairs, SEED, say);
  const recoveries = lives.flatMap(({ recovery }) => (recovery ? [recovery] : []));
  const tookMs = recoveries.map((recovery) => recovery.tookMs);
  const sum = (counts: number[]) => counts.reduce((a, b) => a + b, 0);
  const row = (measure: string, ours: number, unit = '') => ({ measure, ours, unit });
  return {
    name: 'soak',
    machine: thisMachine(),
    rows: [
      { ...row('kills in a row', pairs), aim: '≥ 200', met: pairs >= 200 },
      row('of them before the cells were taken up', pairs + 1 - recoveries.length),
      row('events acknowledged', sum(lives.map(({ acknowledged }) => acknowledged.length))),
      { ...row('contradictions in the history', faults.length), aim: '0', met: faults.length === 0 },
      row('records and facts read back', books.entries.length + books.told.length),
      row('cells taken up, each compared with its last record', sum(recoveries.map(({ cells }) => cells.length))),
      row('deadlines armed again, each compared', sum(recoveries.map(({ armed }) => armed.length))),
      row('from the start of the process to its cells being back, p50', quantile(tookMs, 0.5), 'ms'),
      row('the same, p95', quantile(tookMs, 0.95), 'ms'),
    ],
    notes: [
      'Lost, doubled or misplaced events, cells in another state, deadlines that are not armed, facts untold or told twice, and replays that differ all count as contradictions.',
      ...faults.slice(0, 20),
    ],
  };
}
