import type { Command } from 'commander';
import { type Candidate, candidatesOf } from '../../adapters/peer.wrtc/trial-sdp.ts';
import { type Asked, beginTrial } from '../../adapters/trial.wrtc.ts';
import { camerasAnswer } from './answers.ts';
import { checkedId } from './camera.ts';
import { type Verdict, verdictOf, type WayTried } from './ice-verdict.ts';
import { type CommonOptions, type Reach, reach } from './reach.ts';
import { requestAll } from './request.ts';
import { table } from './table.ts';
import { CommandFailed, patiently, type Terminal } from './terminal.ts';
import { openWhep, type Whep } from './whep-client.ts';

const CONNECT_MS = 8_000;

type Server = Asked['means']['servers'][number];
type Row = WayTried & Verdict;

/**
 * `signalbox check-ice`: tries from here each way that a viewer's picture could take, with a real connection for each.
 * Exit code 1 when no picture comes.
 */
export function checkIceCommand(command: Command, out: Terminal): void {
  command
    .description('try from here each way that a picture could take (UDP, TCP, TURN); exit code 1 when none plays')
    .argument('[camera]', 'the id of a camera that sends H.264; default: the first that is live')
    .action(async (named: string | undefined, options: CommonOptions) => {
      const to = reach(options, out);
      if (named !== undefined) checkedId(named);
      const camera = named ?? (await anyCamera(out, to));
      const ways = await patiently(out, `trying the ways to ${camera}`, tryAll(to, camera));
      const { hostname } = new URL(to.url);
      const rows = ways.map((way): Row => ({ ...way, ...verdictOf(way, hostname) }));
      const plays = rows.some(({ kind, came }) => kind !== 'stun' && came === 'works');
      if (options.json) out.printJson({ url: to.url, camera, plays, ways: rows });
      else {
        out.print(table(rows, columns(out), out.columns));
        for (const { kind, next, came } of rows) if (next && came !== 'works') out.print(`next, ${kind}: ${next}`);
      }
      if (!plays) throw new CommandFailed(`no picture of ${camera} comes from ${to.url} to this machine on any way`);
    });
}

const columns = (out: Terminal) => [
  { heading: 'WAY', cell: ({ kind, where }: Row) => (kind === 'turn' || kind === 'stun' ? (where[0] ?? kind) : kind) },
  {
    heading: 'WORKS',
    cell: ({ came }: Row) => (came === 'works' ? 'yes' : came === 'not-offered' ? '-' : 'no'),
    dress: (text: string, { came }: Row) =>
      out.paint(text, came === 'works' ? 'good' : came === 'not-offered' ? 'faint' : 'bad'),
  },
  { heading: 'MS', cell: ({ ms }: Row) => String(ms ?? ''), right: true },
  { heading: 'WHAT IT MEANS', cell: ({ means }: Row) => means },
];

async function anyCamera(out: Terminal, to: Reach): Promise<string> {
  const { items } = camerasAnswer.parse(await requestAll(out, to, '/api/v1/cameras'));
  const live = items.find(({ state }) => state === 'live') ?? items.find(({ state }) => state === 'idle');
  if (!live) throw new CommandFailed('no camera is live: name one that can be watched (signalbox camera list)');
  return live.id;
}

async function tryAll(to: Reach, camera: string): Promise<WayTried[]> {
  let offered: Candidate[] = [];
  let servers: Server[] = [];
  const note = ({ answer, servers: given }: Whep) => {
    offered = candidatesOf(answer);
    servers = given;
  };
  // One after the other: together they would measure one another.
  const udp = await tryRelay(to, camera, 'udp', note);
  const ways = [udp];
  if (offered.some(({ transport }) => transport === 'tcp')) ways.push(await tryRelay(to, camera, 'tcp', () => {}));
  else ways.push({ kind: 'tcp', where: [], came: 'not-offered' });
  // Each address by itself, so that each is told of by itself.
  const single = servers.flatMap((server) => server.urls.map((url): Server => ({ ...server, urls: [url] })));
  for (const server of single) {
    const isTurn = /^turns?:/.test(server.urls[0] ?? '');
    ways.push(await (isTurn ? tryTurn(to, camera, server) : tryStun(server)));
  }
  if (!ways.some(({ kind }) => kind === 'turn')) ways.push({ kind: 'turn', where: [], came: 'not-offered' });
  return ways;
}

/** Straight to the relay, over one transport. */
async function tryRelay(
  to: Reach,
  camera: string,
  transport: 'udp' | 'tcp',
  note: (whep: Whep) => void,
): Promise<WayTried> {
  const trial = await beginTrial({ means: { servers: [], relayOnly: false }, transport });
  try {
    const whep = await openWhep(to, camera, trial.offered.offer);
    try {
      note(whep);
      const there = candidatesOf(whep.answer).filter((one) => one.transport === transport);
      const where = [...new Set(there.map(({ address, port }) => `${address}:${port}`))];
      if (where.length === 0) return { kind: transport, where, came: 'not-offered' };
      return { kind: transport, where, ...result(await trial.finish(whep.answer, CONNECT_MS), where.join(', ')) };
    } finally {
      await whep.leave();
    }
  } finally {
    trial.end();
  }
}

/** Whether a STUN server tells our address. */
async function tryStun(server: Server): Promise<WayTried> {
  const trial = await beginTrial({ means: { servers: [server], relayOnly: false }, transport: 'udp' });
  trial.end();
  const { candidates, gatherMs } = trial.offered;
  const seen = candidates.find(({ type }) => type === 'srflx');
  const way = { kind: 'stun' as const, where: server.urls };
  // Without a NAT between us the address is our own, and is not told again.
  return seen ? { ...way, came: 'works', ms: gatherMs, told: seen.address } : { ...way, came: 'no-answer' };
}

/** Through a TURN server or not at all. */
async function tryTurn(to: Reach, camera: string, server: Server): Promise<WayTried> {
  const way = { kind: 'turn' as const, where: server.urls };
  const trial = await beginTrial({ means: { servers: [server], relayOnly: true }, transport: 'udp' });
  try {
    const { candidates, faults, offer } = trial.offered;
    if (candidates.length === 0) {
      // 7xx is the client's own word for silence, and for interfaces from which the server can't be reached.
      const refusal = faults.find(({ errorCode }) => errorCode < 700);
      if (!refusal) return { ...way, came: 'no-answer' };
      return { ...way, came: 'refused', told: `${refusal.errorCode} ${refusal.errorText}`.trim() };
    }
    const whep = await openWhep(to, camera, offer);
    try {
      return { ...way, ...result(await trial.finish(whep.answer, CONNECT_MS), '') };
    } finally {
      await whep.leave();
    }
  } finally {
    trial.end();
  }
}

function result(
  { connectMs, mediaMs }: { connectMs?: number; mediaMs?: number },
  told: string,
): Pick<WayTried, 'came' | 'ms' | 'told'> {
  if (connectMs === undefined) return { came: 'no-connection' };
  return mediaMs === undefined ? { came: 'no-media', ms: connectMs } : { came: 'works', ms: mediaMs, told };
}
