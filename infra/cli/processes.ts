import { existsSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { openLink } from '../../bus/carriers/link.ts';
import { ConfigError } from '../config/fault.ts';
import { loadConfig } from '../config.ts';
import type { Group } from '../group.ts';
import { type ProcessState, processList } from '../launcher/process-list.ts';

const ANSWER_WITHIN_MS = 1_500;

/** Asks the launcher what runs; undefined when it does not answer. It is there even while the gateway is not. */
export async function processesOf(group: Group): Promise<ProcessState[] | undefined> {
  if (!existsSync(group.links.launcher)) return undefined;
  return new Promise((resolve) => {
    const done = (items: ProcessState[] | undefined) => {
      clearTimeout(timer);
      link.close();
      resolve(items);
    };
    const timer = setTimeout(() => done(undefined), ANSWER_WITHIN_MS);
    // The launcher tells its processes to whoever connects.
    const link = openLink(group.links.launcher, {
      hear: (message) => {
        if (message.type === 'processes' && processList.check(message)) done(message.items);
      },
    });
  });
}

/** How this machine stands around a group, seen without asking the gateway. */
export interface Surrounding {
  processes: ProcessState[] | undefined;
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
