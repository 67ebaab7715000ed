import { parseArgs } from 'node:util';
import { type Peer, serveLink } from '../../bus/carriers/link.ts';
import { createCarried } from './carried.ts';
import { keptConnections, NOTHING_KEPT } from './kept-connections.ts';
import type { Told } from './talk.ts';

/**
 * A switcher process: `node --import tsx adapters/switch.rtp/main.ts --socket PATH --name switcher-1`.
 * It carries what gateways order over the link, goes on when they go away, and ends when standard input closes.
 * With `--kept` its parent holds what it publishes on (`connection-keeper.ts`).
 */
const { values } = parseArgs({
  options: { socket: { type: 'string' }, name: { type: 'string' }, kept: { type: 'boolean' } },
});
if (!values.socket || !values.name) {
  process.stderr.write('usage: main.ts --socket PATH --name NAME\n');
  process.exit(2);
}

const RATES_EVERY_MS = 1_000;
/** Well within the ten seconds after which mediamtx gives up on a publisher that sends nothing. */
const REPORT_EVERY_MS = 4_000;

const switcher = values.name;
const peers = new Set<Peer>();
const tell = (message: Told, payload?: Buffer) => {
  for (const peer of peers) peer.send({ ...message }, payload);
};
const carried = createCarried(tell, values.kept ? await keptConnections() : NOTHING_KEPT);

const link = await serveLink(values.socket, {
  up(peer) {
    peers.add(peer);
    const hello: Told = { type: 'hello', switcher, cameras: carried.cameras() };
    peer.send(hello);
  },
  hear: (message, _payload, peer) => carried.hear(message, (told, payload) => peer.send({ ...told }, payload)),
  down: (peer) => peers.delete(peer),
});

setInterval(() => {
  if (carried.cameras().length > 0) tell({ type: 'rates', items: carried.rates(performance.now()) });
}, RATES_EVERY_MS);
setInterval(() => carried.report(performance.now(), Date.now()), REPORT_EVERY_MS);

const stop = () => {
  link.close();
  carried.close();
  process.exit(0);
};
process.stdin.on('close', stop).on('end', stop).on('error', stop).resume();
process.on('SIGTERM', stop).on('SIGINT', stop);
process.stdout.write(`${switcher} listens\n`);
