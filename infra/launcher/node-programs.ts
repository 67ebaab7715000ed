import net from 'node:net';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { keepConnections } from '../../adapters/switch.rtp/connection-keeper.ts';
import { findProgram } from '../binaries.ts';
import type { RelayPlace } from '../group.ts';
import type { RelayOptions } from './relay-settings.ts';
import { bareEnvironment } from './servers.ts';
import type { StateFolder } from './state-folder.ts';
import type { Program } from './supervise.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** The scripts behind our own processes, and the settings of a relay; tests put smaller ones here. */
export interface Parts {
  gateway: string;
  switcher: string;
  peers: string;
  relaySettings(place: RelayPlace, options: RelayOptions): object;
}

/** Where our own scripts are. */
export const ownScripts = {
  gateway: path.join(root, 'infra/gateway.ts'),
  switcher: path.join(root, 'adapters/switch.rtp/main.ts'),
  peers: path.join(root, 'adapters/peer.wrtc/main.ts'),
};

/** A translated script is run as it is; TypeScript needs tsx, wherever the launcher was started from. */
const nodeArguments = (script: string, args: string[]): string[] => [
  ...(script.endsWith('.ts') ? ['--import', import.meta.resolve('tsx')] : ['--enable-source-maps']),
  script,
  ...args,
];

/**
 * Where a group's translated scripts are: inside the repository, one folder for each data folder, in one that may be
 * the only writable one there.
 */
export const compiledFolder = ({ sockets }: Pick<StateFolder, 'sockets'>): string =>
  path.join(root, '.build', 'run', path.basename(sockets));

/** Whether somebody answers on a Unix socket. */
function listens(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(socketPath);
    socket.once('connect', () => resolve(true));
    socket.once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

/** The switcher process of this name; it serves `<sockets>/<name>.sock`. */
export function switcherProgram(name: string, script: string, sockets: string, env: NodeJS.ProcessEnv): Program {
  const socket = path.join(sockets, `${name}.sock`);
  return {
    name,
    file: process.execPath,
    args: nodeArguments(script, ['--socket', socket, '--name', name, '--kept']),
    env,
    purpose: 'pictures',
    ready: () => listens(socket),
    keeper: keepConnections(),
  };
}

/** The socket of the adaptive peers, among those of the switchers. */
export const peersSocket = (sockets: string): string => path.join(sockets, 'peers.sock');

/** The process of the adaptive peers: browsers without H.264, and networks too thin for any rung. */
export function peersProgram(script: string, sockets: string, env: NodeJS.ProcessEnv): Program {
  const socket = peersSocket(sockets);
  return {
    name: 'peers',
    file: process.execPath,
    args: nodeArguments(script, ['--socket', socket, '--ffmpeg', findProgram('ffmpeg', env)]),
    env,
    purpose: 'pictures',
    ready: () => listens(socket),
  };
}

/** A gateway's name on the launcher link. @param number 1 is the group's first */
export const gatewayName = (number: number): string => (number === 1 ? 'gateway' : `gateway-${number}`);

/** For files and for names of hosts: a disk of recordings that hangs holds half of them at most. */
const GATEWAY_THREADS = '16';

/** A gateway; it says over the launcher link when it serves, and what it waits for until then. */
export function gatewayProgram(
  number: number,
  script: string,
  groupFile: string,
  says: { isReady(): boolean; waits(): boolean },
  env: NodeJS.ProcessEnv,
): Program {
  return {
    name: gatewayName(number),
    file: process.execPath,
    args: nodeArguments(script, [groupFile]),
    env: { UV_THREADPOOL_SIZE: GATEWAY_THREADS, ...env },
    purpose: 'decisions',
    ready: async () => says.isReady(),
    waits: says.waits,
  };
}

/** A relay's process as it is called on the launcher link. */
export const relayName = (relay: string): string => `relay:${relay}`;

/** A relay: mediamtx with the settings of its role, in a file that only we can read. */
export function relayProgram(place: RelayPlace, settings: object, state: StateFolder, env: NodeJS.ProcessEnv): Program {
  const config = state.writeRun(`relay-${place.id}.yml`, JSON.stringify(settings, null, 1));
  return {
    name: relayName(place.id),
    file: findProgram('mediamtx', env),
    args: [config],
    env: bareEnvironment(env),
    purpose: 'pictures',
    // Its API starts last: when that answers, every listener is up.
    // Without a token it refuses, and so serves.
    ready: async () =>
      (
        await fetch(`http://${place.on?.address ?? '127.0.0.1'}:${place.api}/v3/info`, {
          signal: AbortSignal.timeout(1000),
        })
      ).status < 500,
  };
}
