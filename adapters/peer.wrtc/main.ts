import { randomUUID } from 'node:crypto';
import { parseArgs } from 'node:util';
import { type Peer, serveLink } from '../../bus/carriers/link.ts';
import { openPeers } from './peers.ts';
import type { Told } from './talk.ts';

/**
 * The process of the adaptive peers: `node --import tsx adapters/peer.wrtc/main.ts --socket PATH --ffmpeg PATH`.
 * It does what gateways order over the link, goes on when they go away, and ends when standard input closes.
 */
const { values } = parseArgs({ options: { socket: { type: 'string' }, ffmpeg: { type: 'string' } } });
if (!values.socket || !values.ffmpeg) {
  process.stderr.write('usage: main.ts --socket PATH --ffmpeg PATH\n');
  process.exit(2);
}

const LOAD_EVERY_MS = 500;

const instance = randomUUID();
const gateways = new Set<Peer>();
const tell = (message: Told) => {
  for (const gateway of gateways) gateway.send({ ...message });
};
const peers = openPeers(values.ffmpeg, tell, (line) => process.stdout.write(`${line}\n`));

const link = await serveLink(values.socket, {
  up(gateway) {
    gateways.add(gateway);
    const hello: Told = { type: 'hello', instance, peers: peers.seated() };
    gateway.send({ ...hello });
  },
  hear: (message, _payload, gateway) => peers.hear(message, (told) => gateway.send({ ...told })),
  down: (gateway) => gateways.delete(gateway),
});
setInterval(() => tell(peers.load()), LOAD_EVERY_MS);

// Never by a natural end: the native part crashes then.
const stop = () => {
  link.close();
  peers.close();
  process.exit(0);
};
process.stdin.on('close', stop).on('end', stop).on('error', stop).resume();
process.on('SIGTERM', stop).on('SIGINT', stop);
process.stdout.write('adaptive peers listen\n');
