import { existsSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import Type from 'typebox';
import { openLink } from '../../bus/carriers/link.ts';
import { type Of, shape } from '../../bus/shape.ts';
import { ConfigError } from '../config/fault.ts';
import { loadConfig } from '../config.ts';
import type { Group } from '../group.ts';

const processes = shape(
  'processes message',
  Type.Object({
    type: Type.Literal('processes'),
    items: Type.Array(
      Type.Object({
        name: Type.String(),
        pid: Type.Optional(Type.Integer()),
        state: Type.Enum(['running', 'backoff', 'stopped']),
        restarts: Type.Integer(),
      }),
    ),
  }),
);
/** A process of the group, as its launcher sees it. */
export type ProcessAnswer = Of<typeof processes>['items'][number];

const ANSWER_WITHIN_MS = 1_500;

/** Asks the launcher what runs; undefined when it does not answer. It is there even while the gateway is not. */
export async function processesOf(group: Group): Promise<ProcessAnswer[] | undefined> {
  if (!existsSync(group.links.launcher)) return undefined;
  return new Promise((resolve) => {
    const done = (items: ProcessAnswer[] | undefined) => {
      clearTimeout(timer);
      link.close();
      resolve(items);
    };
    const timer = setTimeout(() => done(undefined), ANSWER_WITHIN_MS);
    // The launcher tells its processes to whoever connects.
    const link = openLink(group.links.launcher, {
      hear: (message) => {
        if (processes.check(message)) done(message.items);
      },
    });
  });
}

/** How this machine stands around a group, seen without asking the gateway. */
export interface Surrounding {
  processes: ProcessAnswer[] | undefined;
  /** What is wrong with the configuration file as it stands now: the gateway goes on with the one before. */
  configFaults: string[];
  disk: { free_bytes: number; total_bytes: number } | undefined;
}

/** Looks at a group from this machine. */
export async function surroundingOf(group: Group, env: NodeJS.ProcessEnv): Promise<Surrounding> {
  const [running, disk] = await Promise.all([processesOf(group), diskOf(group.state)]);
  return { processes: running, configFaults: faultsIn(group.config, env), disk };
}

async function diskOf(folder: string): Promise<Surrounding['disk']> {
  try {
    const { bavail, blocks, bsize } = await statfs(folder);
    return { free_bytes: bavail * bsize, total_bytes: blocks * bsize };
  } catch {
    return undefined;
  }
}

function faultsIn(file: string, env: NodeJS.ProcessEnv): string[] {
  try {
    loadConfig(file, env);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.message.split('\n');
  }
}
