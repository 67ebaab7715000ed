import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { findProgram } from '../binaries.ts';
import { claimPortBlock } from '../launcher/ports.ts';
import { bareEnvironment, converse, natsConfig } from '../launcher/servers.ts';
import { NATS_GATEWAY_USER } from '../nats/accounts.ts';

/** A nats-server that runs for one command alone. */
export interface OwnNats {
  servers: string[];
  user: string;
  password: string;
  /** Ends it; what it holds is on the disk then. */
  stop(): Promise<void>;
}

const READY_WITHIN_MS = 20_000;
const AGAIN_MS = 50;

/**
 * Starts nats-server on a folder, on a free port of loopback, with a password that nobody else knows.
 * @param folder where its store shall be; its configuration is written beside
 * @throws Error when it is not installed or does not come up, with what it said
 */
export async function startOwnNats(folder: string, env: NodeJS.ProcessEnv): Promise<OwnNats> {
  const block = await claimPortBlock();
  const port = await block.next();
  const password = randomBytes(24).toString('base64url');
  const config = path.join(folder, 'restore.conf');
  writeFileSync(config, natsConfig({ port }, path.join(folder, 'nats'), password, []), { mode: 0o600 });
  const child = spawn(findProgram('nats-server', env), ['-c', config], {
    env: bareEnvironment(env),
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-2_000);
  });
  const ended = once(child, 'exit').finally(() => block.release());
  const isUp = () =>
    converse(port, '', /INFO \{.*"jetstream":true/).then(
      () => true,
      () => false,
    );
  const deadline = performance.now() + READY_WITHIN_MS;
  while (!(await isUp())) {
    if (child.exitCode !== null || performance.now() > deadline) {
      child.kill('SIGKILL');
      throw new Error(
        `nats-server did not come up on ${folder}: ${said.trim().split('\n').at(-1) ?? 'it said nothing'}`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
  }
  return {
    servers: [`nats://127.0.0.1:${port}`],
    user: NATS_GATEWAY_USER,
    password,
    async stop() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}
