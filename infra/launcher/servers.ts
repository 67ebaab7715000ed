import net from 'node:net';
import path from 'node:path';
import type { Id } from '../../bus/identity.ts';
import { findProgram } from '../binaries.ts';
import {
  authorization,
  NATS_GATEWAY_USER,
  NATS_READER_USER,
  type NatsReader,
  type NatsWebSocket,
  webSocket,
} from '../nats/accounts.ts';
import type { StateFolder } from './state-folder.ts';
import type { Program } from './supervise.ts';

/** What the embedded nats-server is told: where it listens, and who may read facts besides the gateways. */
export interface NatsPlan {
  port: number;
  websocket?: NatsWebSocket;
  /** By name; `cameras` undefined: all facts. */
  readers: Readonly<Record<string, { cameras?: readonly Id[] }>>;
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

/** The configuration of nats-server: loopback, JetStream on file, one writer, and readers of facts. */
export function natsConfig(
  { port, websocket }: Pick<NatsPlan, 'port' | 'websocket'>,
  folder: string,
  gatewayPassword: string,
  readers: readonly NatsReader[],
): string {
  return `listen: "127.0.0.1:${port}"
server_name: signalbox
max_payload: 8MB
jetstream { store_dir: ${JSON.stringify(folder)} }
${authorization({ user: NATS_GATEWAY_USER, password: gatewayPassword }, readers)}${websocket ? webSocket(websocket) : ''}`;
}

/** The secret of a named reader. */
export const readerSecret = (name: string): string => `nats-reader-${name}`;

/** nats-server with JetStream in the data folder. */
export function natsProgram(plan: NatsPlan, state: StateFolder, env: NodeJS.ProcessEnv): Program {
  const readers = Object.entries(plan.readers).map(([name, { cameras }]) => ({
    name,
    password: state.secret(readerSecret(name)).value,
    ...(cameras ? { cameras } : {}),
  }));
  const everything = { name: NATS_READER_USER, password: state.secret('nats-reader').value };
  const gateway = state.secret('nats-gateway').value;
  const text = natsConfig(plan, path.join(state.path, 'nats'), gateway, [everything, ...readers]);
  const config = state.writeRun('nats.conf', text);
  return {
    name: 'nats',
    file: findProgram('nats-server', env),
    args: ['-c', config],
    env: bareEnvironment(env),
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
    ready: async () => Boolean(await converse(port, `AUTH ${value}\r\nPING\r\n`, /\+OK\r\n\+PONG/)),
  };
}

/** What servers written by others get of our environment: mediamtx, for one, takes settings from it. */
export function bareEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = ['PATH', 'HOME', 'TMPDIR', 'LANG'].flatMap((name) => (env[name] ? [[name, env[name]]] : []));
  return { ...Object.fromEntries(kept), TZ: 'UTC' };
}
