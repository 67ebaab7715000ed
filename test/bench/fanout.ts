import { fanOut } from '../fixtures/fanout.ts';
import { type BenchOptions, type BenchRow, type BenchTable, quantile, thisMachine } from './table.ts';

const SUBSCRIBERS = 1_000;
const EVERY_MS = 250;
const AIM_MS = 50;

/** One fact over NATS to a thousand subscribers of one gateway, each with a connection of its own. */
export async function bench({ seconds = 10, say = () => {} }: BenchOptions): Promise<BenchTable> {
  say(`${SUBSCRIBERS} subscribers connect`);
  const tookMs = await fanOut(SUBSCRIBERS, Math.ceil((seconds * 1000) / EVERY_MS), EVERY_MS);
  const row = (measure: string, share: number): BenchRow => ({ measure, ours: quantile(tookMs, share), unit: 'ms' });
  const p99 = row('from telling a fact to 99 of 100 subscribers', 0.99);
  return {
    name: 'fanout',
    machine: thisMachine(),
    rows: [
      row('from telling a fact to half of the subscribers', 0.5),
      { ...p99, aim: `≤ ${AIM_MS} ms`, met: p99.ours <= AIM_MS },
    ],
    notes: [
      `${SUBSCRIBERS} Server-Sent Event streams at one gateway, their readers in another process of the same machine.`,
    ],
  };
}
