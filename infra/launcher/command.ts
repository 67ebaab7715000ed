import { existsSync, rmSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { readCertificate } from '../certificate.ts';
import type { Config } from '../config/model.ts';
import { loadConfig } from '../config.ts';
import { compile } from './compile.ts';
import { type AnnouncedPlace, announceHost } from './host.ts';
import { compiledFolder, type Parts } from './node-programs.ts';
import { planGroup } from './plan.ts';
import { claimPortBlock, refuseTakenPorts } from './ports.ts';
import { followHosts } from './regrouping.ts';
import { claimForRelease } from './release.ts';
import { type RunningGroup, runGroup } from './run-group.ts';
import { standIn } from './stand-in.ts';
import { takeStateFolder } from './state-folder.ts';

const demoFile = fileURLToPath(new URL('../demo.yaml', import.meta.url));

const HELP = `npm start -- [--config FILE] [--port N] [--state DIR]

  --config FILE  your own configuration; without it three demo cameras are started (see infra/signalbox.yaml)
  --port N       where the page and the API listen; 0 picks free ports for everything
  --state DIR    data folder (default .signalbox)
`;

/** What a person asked for on the command line. */
export interface LaunchArguments {
  config: string | undefined;
  port: number | undefined;
  state: string | undefined;
}

/** Reads the command line. @throws Error saying what is wrong with it; 'help' when help is wanted */
export function readArguments(argv: string[]): LaunchArguments | 'help' {
  const { values } = parseArgs({
    args: argv,
    options: {
      config: { type: 'string' },
      port: { type: 'string' },
      state: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) return 'help';
  const port = values.port === undefined ? undefined : Number(values.port);
  if (port !== undefined && !(Number.isInteger(port) && port >= 0 && port <= 65535)) {
    throw new Error(`--port ${values.port}: expected a port from 0 to 65535`);
  }
  return { config: values.config, port, state: values.state };
}

interface Opening {
  parts: Parts;
  env: NodeJS.ProcessEnv;
  say(line: string): void;
  /** Another launcher acts under this host's name now. */
  onLost(): void;
}

async function open(asked: LaunchArguments, { parts, env, say, onLost }: Opening) {
  const file = path.resolve(asked.config ?? demoFile);
  if (asked.config !== undefined && !existsSync(file))
    throw new Error(`--config ${asked.config}: there is no such file`);
  const config = loadConfig(file, env);
  for (const warning of config.warnings) say(warning);
  if (config.http.tls) readCertificate(config.http.tls);
  const state = takeStateFolder(asked.state ?? config.state, env);
  const block = asked.port === 0 ? await claimPortBlock() : undefined;
  const compiled = compiledFolder(state);
  let place: AnnouncedPlace | undefined;
  let following: { close(): void } | undefined;
  const release = async () => {
    following?.close();
    await place?.close();
    block?.release();
    rmSync(compiled, { recursive: true, force: true });
    state.release();
  };
  try {
    claimForRelease(state.path);
    if (config.cluster && block) {
      throw new Error('--port 0 picks ports that other hosts could not know: leave it out where there is a cluster');
    }
    const options = { demo: file === demoFile, httpPort: asked.port || undefined };
    const planOf = (now: Config) => planGroup(now, options, state, block);
    const plan = await planOf(config);
    await refuseTakenPorts(plan.uses);
    // Where there are others, a connection that is refused sends everybody to them.
    const isOnly = plan.gateways.length === 1 && plan.group.cluster === undefined;
    const inItsPlace = isOnly ? standIn(plan.group, say) : undefined;
    // An embedded NATS is this machine's alone.
    if (plan.nats === undefined) {
      const onWait = () => inItsPlace?.waits('NATS does not answer');
      place = await announceHost(plan.group, say, onLost, onWait).finally(() => inItsPlace?.leave());
    }
    const scripts = await compile(
      { gateway: parts.gateway, switcher: parts.switcher, peers: parts.peers },
      compiled,
      say,
    );
    const group = await runGroup(plan, state, { ...parts, ...scripts }, env, say, inItsPlace);
    if (place && config.cluster) {
      following = followHosts({ config, plan, planAgain: planOf, place, running: group, env, say });
    }
    return { group, release };
  } catch (error) {
    await release();
    throw error;
  }
}

/**
 * `npm start`: runs a group until it is told to end. Standard output gets the one line `ready URL`; all else goes to
 * standard error. Ends the process.
 */
export async function launch(argv: string[], env: NodeJS.ProcessEnv, parts: Parts): Promise<void> {
  const say = (line: string) => process.stderr.write(`${line}\n`);
  const fail = (error: unknown) => say(`signalbox: ${error instanceof Error ? error.message : String(error)}`);
  let opened: { group: RunningGroup; release(): Promise<void> } | undefined;
  let ending = false;
  const end = async (code: number) => {
    if (ending) return;
    ending = true;
    await opened?.group.stop();
    await opened?.release();
    process.exit(code);
  };
  // A terminal that was closed can't be written to; the group is stopped in order all the same.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => void end(0));
  process.on('uncaughtException', (error) => {
    say(`signalbox: the launcher failed: ${error.stack}`);
    void end(1);
  });
  try {
    const asked = readArguments(argv);
    if (asked === 'help') {
      process.stdout.write(HELP);
      return;
    }
    const onLost = () => {
      say(
        'signalbox: another launcher runs under the name of this host now; this one was not heard of for too long, and ends',
      );
      void end(1);
    };
    opened = await open(asked, { parts, env, say, onLost });
    const url = await opened.group.started;
    if (!ending) process.stdout.write(`ready ${url}\n`);
  } catch (error) {
    if (ending) return;
    fail(error);
    await end(1);
  }
}
