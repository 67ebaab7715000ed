import dgram from 'node:dgram';
import net from 'node:net';

/** One server of the group: where it shall listen, and which setting says so. */
export interface PortUse {
  host: string;
  port: number;
  transport: 'tcp' | 'udp';
  /** What listens there, for a person. */
  what: string;
  /** The setting that moves it, for instance `ports.nats`. */
  setting: string;
}

/** A port of the group is taken, or its address is not this machine's. */
export class PortTaken extends Error {
  override name = 'PortTaken';
}

function knock({ host, port, transport }: Pick<PortUse, 'host' | 'port' | 'transport'>): Promise<string | undefined> {
  return new Promise((resolve) => {
    const fail = (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message);
    if (transport === 'tcp') {
      const server = net.createServer();
      server.once('error', fail);
      server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)));
    } else {
      const socket = dgram.createSocket(net.isIPv6(host) ? 'udp6' : 'udp4');
      socket.once('error', fail);
      socket.bind({ address: host, port, exclusive: true }, () => socket.close(() => resolve(undefined)));
    }
  });
}

const reasons: Record<string, string> = {
  EADDRINUSE: 'is taken by another program',
  EADDRNOTAVAIL: "can't be used: this machine has no such address",
  EACCES: 'needs the rights of an administrator',
};

/**
 * Makes sure that every port can be listened on, before anything is started.
 * @throws PortTaken naming each port that can't, and the setting that moves it
 */
export async function refuseTakenPorts(uses: PortUse[]): Promise<void> {
  const faults: string[] = [];
  const seen = new Map<string, PortUse>();
  for (const use of uses) {
    const twin = seen.get(`${use.transport} ${use.port}`);
    if (twin) faults.push(`port ${use.port} is given to both ${twin.setting} and ${use.setting}: move one of them`);
    seen.set(`${use.transport} ${use.port}`, use);
    const code = twin ? undefined : await knock(use);
    if (!code) continue;
    const where = `port ${use.port}${use.transport === 'udp' ? '/udp' : ''} on ${use.host}`;
    faults.push(`${where} (${use.what}) ${reasons[code] ?? code}: free it, or move it with ${use.setting}`);
  }
  if (faults.length) throw new PortTaken(`${faults.join('\n')}\nor use --port 0 to pick free ports for everything`);
}

const BLOCK_PORTS = 64;
/** Below the range from which the operating system picks ports for outgoing connections. */
const FIRST_BLOCK_PORT = 20_000;
const BLOCKS = 190;

/** A run of ports that no other group on this machine takes at the same time. */
export interface PortBlock {
  /** A port that is free for TCP and UDP on loopback. */
  next(): Promise<number>;
  release(): void;
}

/** Claims a block of free ports; the claim is a socket on its first port, held until `release`. */
export async function claimPortBlock(): Promise<PortBlock> {
  const start = Math.floor(Math.random() * BLOCKS);
  for (let turn = 0; turn < BLOCKS; turn += 1) {
    const first = FIRST_BLOCK_PORT + ((start + turn) % BLOCKS) * BLOCK_PORTS;
    const claim = net.createServer((socket) => socket.destroy());
    const claimed = await new Promise<boolean>((resolve) => {
      claim.once('error', () => resolve(false));
      claim.listen({ host: '127.0.0.1', port: first, exclusive: true }, () => resolve(true));
    });
    if (!claimed) continue;
    claim.unref();
    let last = first;
    return {
      async next() {
        while (last < first + BLOCK_PORTS - 1) {
          last += 1;
          const at = { host: '127.0.0.1', port: last };
          if (!(await knock({ ...at, transport: 'tcp' })) && !(await knock({ ...at, transport: 'udp' }))) return last;
        }
        throw new PortTaken(`no free port left between ${first} and ${first + BLOCK_PORTS}: start again`);
      },
      release: () => claim.close(),
    };
  }
  throw new PortTaken(`no free ports between ${FIRST_BLOCK_PORT} and ${FIRST_BLOCK_PORT + BLOCKS * BLOCK_PORTS}`);
}
