import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { findProgram } from '../binaries.ts';
import type { Group } from '../group.ts';
import { destinationConfig } from '../nginx/destination.ts';
import { bareEnvironment } from './servers.ts';
import type { StateFolder } from './state-folder.ts';
import type { Program } from './supervise.ts';

/** Where Debian and others put the module; elsewhere nginx has it built in, or not at all. */
const MODULE_FILES = ['/usr/lib/nginx/modules/ngx_rtmp_module.so', '/usr/share/nginx/modules/ngx_rtmp_module.so'];

/** The path of nginx's RTMP module, where it is a file of its own. */
export const rtmpModule = (): string | undefined => MODULE_FILES.find((file) => existsSync(file));

/** The demo's broadcast destination as the gateway reaches it. */
export function demoDestination(port: number, httpPort: number, state: StateFolder): Group['demoDestination'] {
  return {
    to: `rtmp://127.0.0.1:${port}/live`,
    keyFile: state.writeRun('demo-destination.key', `${state.secret('demo-destination').value}-{camera}\n`),
    stat: `http://127.0.0.1:${httpPort}/stat`,
    monitor: `http://127.0.0.1:${httpPort}/monitor/#{camera}`,
  };
}

/** An nginx-rtmp that stands for a television station. */
export function demoDestinationProgram(
  port: number,
  httpPort: number,
  state: StateFolder,
  env: NodeJS.ProcessEnv,
): Program {
  const folder = path.join(state.run, 'destination');
  mkdirSync(path.join(folder, 'hls'), { recursive: true, mode: 0o700 });
  const module = rtmpModule();
  const key = state.secret('demo-destination').value;
  const text = destinationConfig({ port, httpPort, folder, key, ...(module ? { module } : {}) });
  return {
    name: 'destination',
    file: findProgram('nginx', env),
    args: ['-c', state.writeRun('destination.conf', text), '-p', folder],
    env: bareEnvironment(env),
    purpose: 'pictures',
    ready: async () => (await fetch(`http://127.0.0.1:${httpPort}/stat`)).ok,
  };
}
