import path from 'node:path';
import type { Command } from 'commander';
import { ConfigError } from '../config/fault.ts';
import { loadConfig } from '../config.ts';
import { openLoginLinks } from '../http/links.ts';
import { type CommonOptions, localUrl, runningGroup, stateFolder } from './reach.ts';
import { CommandFailed, type Terminal } from './terminal.ts';
import { type GrantOptions, grantOf, grantOptions, lifetimeMs } from './token.ts';

/** `signalbox login`: a link that signs one browser in, once. */
export function loginCommand(command: Command, out: Terminal): void {
  grantOptions(command.description('make a link that signs one browser in, once'), { sub: 'local', role: 'admin' })
    .option('--ttl <DURATION>', 'how long the link can be used', '15m')
    .option('--layout <ID>', 'the wall that it opens, as its link has it')
    .action((options: CommonOptions & GrantOptions & { ttl: string; layout?: string }) => {
      const state = stateFolder(options, out.env);
      const grant = grantOf(options);
      const ttlMs = lifetimeMs(options.ttl);
      const base = publicUrl(state, out.env) ?? localUrl(state);
      const wall = options.layout === undefined ? '' : `&layout=${encodeURIComponent(options.layout)}`;
      const url = `${base}/?login=${openLoginLinks(path.join(state, 'links')).make(grant, ttlMs)}${wall}`;
      if (options.json) out.printJson({ url, ...grant, expires_at: new Date(Date.now() + ttlMs).toISOString() });
      else out.print(url);
    });
}

/** What people's browsers see, if the configuration tells. */
function publicUrl(state: string, env: NodeJS.ProcessEnv): string | undefined {
  const file = runningGroup(state)?.config;
  try {
    return file === undefined ? undefined : loadConfig(file, env).http.publicUrl;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new CommandFailed(`the configuration of the running group is broken, repair it first:\n${error.message}`);
  }
}
