import { createInterface } from 'node:readline';
import type { Asked, Offered, Tried } from '../trial.wrtc.ts';
import { asH264, asVp8, candidateOf } from './trial-sdp.ts';
import { openReceiver } from './wrtc.ts';

/**
 * The process of one trial: a line says with what, it prints its offer, a line brings the answer, it prints what came
 * of it. A process of its own, since WebRTC here may only end by `process.exit`.
 */

const GATHER_MS = 5_000;
const LOOK_EVERY_MS = 5;
const FIRST_PACKET_MS = 4_000;

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const read = async <T>(): Promise<T> => {
  const { value, done } = await lines.next();
  if (done) process.exit(0);
  return JSON.parse(value) as T;
};
const say = (message: Offered | Tried) => process.stdout.write(`${JSON.stringify(message)}\n`);
const until = async (condition: () => boolean | Promise<boolean>, withinMs: number): Promise<boolean> => {
  const deadline = performance.now() + withinMs;
  while (!(await condition())) {
    if (performance.now() > deadline) return false;
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
  return true;
};

const { means, transport } = await read<Asked>();
const startedAt = performance.now();
const receiver = openReceiver(means);
const offer = await receiver.offer(GATHER_MS);
say({
  offer: asH264(offer),
  candidates: receiver.candidates.flatMap((line) => candidateOf(line) ?? []),
  faults: receiver.faults,
  gatherMs: Math.round(performance.now() - startedAt),
});

const { answer, patienceMs } = await read<{ answer: string; patienceMs: number }>();
const acceptedAt = performance.now();
await receiver.accept(asVp8(answer, transport));
const isConnected = await until(() => ['connected', 'failed'].includes(receiver.state()), patienceMs);
const connectMs = Math.round(performance.now() - acceptedAt);
if (!isConnected || receiver.state() === 'failed') say({});
else {
  const came = await until(async () => (await receiver.packets()) > 0, FIRST_PACKET_MS);
  say({ connectMs, ...(came ? { mediaMs: Math.round(performance.now() - acceptedAt) } : {}) });
}
process.stdout.write('', () => process.exit(0));
