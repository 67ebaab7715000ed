import { createHash } from 'node:crypto';
import net from 'node:net';
import path from 'node:path';
import { findProgram } from '../binaries.ts';
import {
  authorization,
  type CameraZones,
  camerasHeard,
  NATS_GATEWAY_USER,
  NATS_READER_USER,
  NATS_REVISION_USER,
  type NatsReader,
  type NatsWebSocket,
  type ReaderScopes,
  webSocket,
} from '../nats/accounts.ts';
import type { StateFolder } from './state-folder.ts';
import type { Program } from './supervise.ts';

/** What the embedded nats-server is told: where it listens, and who may read facts besides the gateways. */
export interface NatsPlan {
  port: number;
  websocket?: NatsWebSocket;
  readers: ReaderScopes;
}

/** Opens a connection, sends a text and resolves to what came back once it matches; rejects when it never does. */
export function converse(port: number, say: string, expected: RegExp, timeoutMs = 1000): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(port, '127.0.0.1');
    let heard = '';
    const timer = setTimeout(() => socket.destroy(new Error(`no answer from port ${port}`)), timeoutMs);
    socket.on('connect', () => say && socket.write(say));
    socket.on('data', (chunk) => {
      heard += chunk.toString('latin1');
      if (expected.test(heard)) socket.destroy();
    });
    socket.on('error', reject);
    socket.on('close', () => {
      clearTimeout(timer);
      if (expected.test(heard)) resolve(heard);
      else reject(new Error(`port ${port} answered otherwise`));
    });
  });
}

/** The configuration of nats-server: loopback, JetStream on file, one writer, readers of facts, others that may do nothing. */
export function natsConfig(
  { port, websocket }: Pick<NatsPlan, 'port' | 'websocket'>,
  folder: string,
  gatewayPassword: string,
  readers: readonly NatsReader[],
  idle: readonly { user: string; password: string }[] = [],
): string {
  const gateway = { user: NATS_GATEWAY_USER, password: gatewayPassword };
  return `listen: "127.0.0.1:${port}"
server_name: signalbox
max_payload: 8MB
jetstream { store_dir: ${JSON.stringify(folder)} }
${authorization(gateway, readers, idle)}${websocket ? webSocket(websocket) : ''}`;
}

/** The secret of a named reader. */
export const readerSecret = (name: string): string => `nats-reader-${name}`;

/**
 * Writes the configuration of nats-server, for the zones in which cameras are: none are known until a gateway says so.
 * @returns where it is, and by which word one gets in where it has been read
 */
export function writeNatsConfig(plan: NatsPlan, state: StateFolder, placed: CameraZones = new Map()) {
  const readers = Object.entries(plan.readers).map(([name, scope]) => {
    const cameras = camerasHeard(scope, placed);
    return { name, password: state.secret(readerSecret(name)).value, ...(cameras ? { cameras } : {}) };
  });
  const everything = { name: NATS_READER_USER, password: state.secret('nats-reader').value };
  const all = [everything, ...readers];
  const revision = createHash('sha256').update(JSON.stringify(all)).digest('hex');
  const marker = { user: NATS_REVISION_USER, password: revision };
  const gateway = state.secret('nats-gateway').value;
  const text = natsConfig(plan, path.join(state.path, 'nats'), gateway, all, [marker]);
  return { file: state.writeRun('nats.conf', text), revision };
}

/** nats-server with JetStream in the data folder. */
export function natsProgram(plan: NatsPlan, state: StateFolder, env: NodeJS.ProcessEnv): Program {
  return {
    name: 'nats',
    file: findProgram('nats-server', env),
    args: ['-c', writeNatsConfig(plan, state).file],
    env: bareEnvironment(env),
    purpose: 'decisions',
    ready: async () => Boolean(await converse(plan.port, '', /INFO \{.*"jetstream":true/)),
  };
}

/** redis-server as a cache: nothing on disk, bounded memory. */
export function redisProgram(port: number, state: StateFolder, env: NodeJS.ProcessEnv): Program {
  const { value } = state.secret('redis');
  const config = state.writeRun(
    'redis.conf',
    [
      'bind 127.0.0.1',
      `port ${port}`,
      `requirepass ${value}`,
      'save ""',
      'appendonly no',
      'maxmemory 256mb',
      'maxmemory-policy allkeys-lru',
      `dir ${JSON.stringify(state.run)}`,
    ].join('\n'),
  );
  return {
    name: 'redis',
    file: findProgram('redis-server', env),
    args: [config],
    env: bareEnvironment(env),
    purpose: 'decisions',
    ready: async () => Boolean(await converse(port, `AUTH ${value}\r\nPING\r\n`, /\+OK\r\n\+PONG/)),
  };
}

/** What servers written by others get of our environment: mediamtx, for one, takes settings from it. */
export function bareEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = ['PATH', 'HOME', 'TMPDIR', 'LANG'].flatMap((name) => (env[name] ? [[name, env[name]]] : []));
  return { ...Object.fromEntries(kept), TZ: 'UTC' };
}
