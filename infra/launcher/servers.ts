import net from 'node:net';
import path from 'node:path';
import { EVERY_FACT, FACT_STREAM } from '../../bus/subjects.ts';
import { findProgram } from '../binaries.ts';
import type { StateFolder } from './state-folder.ts';
import type { Program } from './supervise.ts';

/** Name of the account that may do everything, and of the one that may only read facts. */
export const NATS_GATEWAY_USER = 'gateway';
export const NATS_READER_USER = 'reader';
/**
 * The inbox of readers. They can't listen on the ordinary one, where answers to others arrive: a reader connects with
 * this as its inbox prefix.
 */
export const NATS_READER_INBOX = '_INBOX_reader';

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

const quoted = (texts: string[]): string => `[${texts.map((text) => JSON.stringify(text)).join(', ')}]`;

/** What a reader of facts may ask JetStream: only about the stream of facts. */
function readerPublishes(): string[] {
  const api = '$JS.API';
  const consumer = ['CREATE', 'DURABLE.CREATE', 'INFO', 'MSG.NEXT', 'DELETE', 'RESET', 'UNPIN'].map(
    (verb) => `${api}.CONSUMER.${verb}.${FACT_STREAM}.>`,
  );
  const lists = ['NAMES', 'LIST', 'CREATE'].map((verb) => `${api}.CONSUMER.${verb}.${FACT_STREAM}`);
  const stream = ['STREAM.INFO', 'STREAM.MSG.GET', 'DIRECT.GET'].map((verb) => `${api}.${verb}.${FACT_STREAM}`);
  return [
    ...[`${api}.INFO`, `${api}.STREAM.NAMES`, `${api}.DIRECT.GET.${FACT_STREAM}.>`],
    ...[...consumer, ...lists, ...stream, `$JS.ACK.${FACT_STREAM}.>`, `$JS.FC.${FACT_STREAM}.>`],
  ];
}

/** The configuration of nats-server: loopback, JetStream on file, one writer and one reader of facts. */
export function natsConfig(port: number, folder: string, passwords: { gateway: string; reader: string }): string {
  const user = (name: string, password: string, more = '') =>
    `    { user: ${JSON.stringify(name)}, password: ${JSON.stringify(password)}${more} }`;
  const permissions = `, permissions: {
      publish: ${quoted(readerPublishes())},
      subscribe: ${quoted([EVERY_FACT, `${NATS_READER_INBOX}.>`])}
    }`;
  return `listen: "127.0.0.1:${port}"
server_name: signalbox
max_payload: 8MB
jetstream { store_dir: ${JSON.stringify(folder)} }
authorization {
  users: [
${user(NATS_GATEWAY_USER, passwords.gateway)}
${user(NATS_READER_USER, passwords.reader, permissions)}
  ]
}
`;
}

/** nats-server with JetStream in the data folder. */
export function natsProgram(port: number, state: StateFolder, env: NodeJS.ProcessEnv): Program {
  const passwords = { gateway: state.secret('nats-gateway').value, reader: state.secret('nats-reader').value };
  const config = state.writeRun('nats.conf', natsConfig(port, path.join(state.path, 'nats'), passwords));
  return {
    name: 'nats',
    file: findProgram('nats-server', env),
    args: ['-c', config],
    env: bareEnvironment(env),
    ready: async () => Boolean(await converse(port, '', /INFO \{.*"jetstream":true/)),
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
