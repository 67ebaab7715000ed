import { fanOut, fanOutOverNats, remoteTold } from '../fixtures/fanout.ts';
import { type BenchOptions, type BenchRow, type BenchTable, quantile, thisMachine } from './table.ts';

const SUBSCRIBERS = 1_000;
const EVERY_MS = 250;
const AIM_MS = 50;
const CHANGE_EVERY_MS = 20;

/**
 * One fact over NATS to a thousand subscribers of one gateway, each with a connection of its own; and a cell's change of
 * state to somebody in another process, beside a raw KV watch in turn.
 */
export async function bench({ seconds = 10, say = () => {} }: BenchOptions): Promise<BenchTable> {
  say(`${SUBSCRIBERS} subscribers connect`);
  const { points } = await fanOut(SUBSCRIBERS, Math.ceil((seconds * 1000) / EVERY_MS), EVERY_MS);
  say(`${SUBSCRIBERS} readers over NATS connect`);
  const overNats = await fanOutOverNats(SUBSCRIBERS, Math.ceil((seconds * 1000) / EVERY_MS), EVERY_MS);
  const took = (points: number[], measure: string, share: number): BenchRow => {
    const ours = quantile(points, share);
    return { measure, ours, unit: 'ms', ...(share > 0.5 ? { aim: `≤ ${AIM_MS} ms`, met: ours <= AIM_MS } : {}) };
  };
  say('changes of state and of a KV value, in turn');
  const changes = Math.min(1_500, Math.ceil((seconds * 1000) / CHANGE_EVERY_MS));
  const { facts, values } = await remoteTold(changes, CHANGE_EVERY_MS);
  const beside = (measure: string, share: number): BenchRow & { ratio: number } => {
    const [ours, peer] = [quantile(facts, share), quantile(values, share)];
    return { measure, ours, peer, ratio: ours / peer, unit: 'ms' };
  };
  const remote = beside('the same, p99', 0.99);
  return {
    name: 'fanout',
    machine: thisMachine(),
    rows: [
      took(points, 'from telling a fact to half of the subscribers', 0.5),
      took(points, 'to 99 of 100 of them', 0.99),
      took(overNats.points, 'the same to readers over NATS, half of them', 0.5),
      took(overNats.points, 'to 99 of 100 of them', 0.99),
      beside('change of state to a subscriber in another process, against a raw KV watch, p50', 0.5),
      { ...remote, aim: '≤ 2×', met: remote.ratio <= 2 },
    ],
    notes: [
      `${SUBSCRIBERS} Server-Sent Event streams at one gateway, their readers in another process of the same machine; as many readers over NATS, who hear each fact with its sequence once it is stored, in such a process too.`,
      'A change of state is written to the journal and acknowledged before its fact is told; a KV value is written once.',
    ],
  };
}
