import path from 'node:path';
import { findProgram } from '../binaries.ts';
import { type Group, groupFileName, group as groupShape, runsHere } from '../group.ts';
import { type CommandLink, Refused, serveCommands } from './commands.ts';
import { canWrite, demoCameraName, demoCameraProgram } from './demo-cameras.ts';
import { demoDestinationProgram } from './demo-destination.ts';
import { keepEncoders } from './encoders.ts';
import { keepNatsReaders } from './nats-readers.ts';
import {
  gatewayName,
  gatewayProgram,
  type Parts,
  peersProgram,
  relayName,
  relayProgram,
  switcherProgram,
} from './node-programs.ts';
import type { Plan } from './plan.ts';
import { openProcessLog } from './process-log.ts';
import { natsProgram, redisProgram } from './servers.ts';
import type { StandIn } from './stand-in.ts';
import type { StateFolder } from './state-folder.ts';
import { type Program, type Supervised, supervise, type Watch } from './supervise.ts';
import { startUndertaker } from './undertaker.ts';

/** A running group. */
export interface RunningGroup {
  /** Resolves to the address where browsers sign in, once every gateway serves. @throws StartFailed */
  started: Promise<string>;
  /** Starts the gateways again, one after the other, each with what it has to know now; all else goes on. @throws StartFailed */
  regroup(gateways: readonly Group[]): Promise<void>;
  /** Ends every process in order; resolves when all are gone. */
  stop(): Promise<void>;
}

/** How long each kind of process has for an orderly end; the sum stays under the five seconds that are promised. */
const GRACE_MS = { gateway: 2500, media: 800, stores: 1000 };

/**
 * Starts the processes of a group, siblings under this one: first the stores, then what carries media, then the gateway.
 * @param say progress for a person
 * @param inItsPlace answers for an only gateway while that can't
 */
export async function runGroup(
  plan: Plan,
  state: StateFolder,
  parts: Parts,
  env: NodeJS.ProcessEnv,
  say: (line: string) => void,
  inItsPlace: StandIn | undefined,
): Promise<RunningGroup> {
  const undertaker = startUndertaker();
  const supervised = new Map<string, Supervised>();
  let link: CommandLink | undefined;
  let stopping: Promise<void> | undefined;
  const urls = new Map<string, string>();
  /** What gateways wait for that have started and can't serve yet. */
  const waiting = new Map<string, string>();

  const watch: Watch = {
    started: (name, pid) => link?.started(name, pid),
    exited(exit) {
      link?.exited(exit);
      const gateway = plan.gateways.find((group) => gatewayName(group.gateway) === exit.name);
      if (gateway) waiting.delete(gateway.node);
      if (exit.name === gatewayName(1) && exit.restartMs !== undefined) inItsPlace?.take(exit.restartMs);
      if (exit.restartMs !== undefined) say(`${exit.name} ${exit.text}; starting it again in ${exit.restartMs} ms`);
    },
  };
  const add = (program: Program): Supervised => {
    if (stopping) throw new Error(`${program.name} is not started: the group is being stopped`);
    const log = openProcessLog(path.join(state.log, `${program.name.replaceAll(':', '-')}.log`));
    const child = supervise(program, log, undertaker, watch);
    supervised.set(program.name, child);
    return child;
  };
  const start = async (child: Supervised) => {
    const startedAt = performance.now();
    await child.start();
    say(`${child.name} serves after ${Math.round(performance.now() - startedAt)} ms`);
  };
  const startAll = (children: Supervised[]) => Promise.all(children.map(start));

  const ensureSwitchers = async (count: number) => {
    const wanted = Array.from({ length: count }, (_, index) => `switcher-${index + 1}`);
    const missing = wanted.filter((name) => !supervised.has(name));
    await startAll(missing.map((name) => add(switcherProgram(name, parts.switcher, state.sockets, env))));
  };
  /** One after the other: one that is written back while it ends is started when it has. */
  let relayTurn: Promise<void> = Promise.resolve();
  const runRelay = (relay: string, runs: boolean): Promise<void> => {
    const turn = relayTurn.then(async () => {
      const child = supervised.get(relayName(relay));
      if (!child) throw new Refused('unknown', `there is no relay "${relay}" among those that were started`);
      if (!runs) await child.stop(GRACE_MS.media);
      else if (child.state().state === 'stopped' && !stopping) await start(child);
    });
    relayTurn = turn.catch(() => {});
    return turn;
  };
  const encoders = keepEncoders(findProgram('ffmpeg', env), path.join(state.sockets, 'pushes'), {
    made: (name, mediaMs) => link?.encoder.made(name, mediaMs),
    ended: (name, detail) => link?.encoder.ended(name, detail),
  });
  const reloadNats = (): boolean => {
    const pid = supervised.get('nats')?.state().pid;
    if (pid !== undefined) process.kill(pid, 'SIGHUP');
    return pid !== undefined;
  };
  const readers = plan.nats && keepNatsReaders(plan.nats, state, reloadNats);
  link = await serveCommands(plan.group.links.launcher, {
    async plug({ camera, source, plugged }) {
      const child = supervised.get(demoCameraName(camera, source));
      if (!child) throw new Refused('unknown', `there is no demo camera "${camera}" with a source ${source}`);
      if (plugged) await child.start();
      else await child.stop(0);
    },
    ensureSwitchers,
    runRelay,
    encoders,
    // A NATS that others run is told by its own configuration.
    placeCameras: async (zones, scopes) => readers?.place(zones, scopes),
    processes: () => [...supervised.values()].map((child) => child.state()),
    waits(gateway, text) {
      if (waiting.get(gateway) !== text) say(`${gateway} can't serve yet: ${text}`);
      waiting.set(gateway, text);
      inItsPlace?.waits(text);
    },
    listens: async () => inItsPlace?.leave(),
    ready(gateway, url) {
      waiting.delete(gateway);
      urls.set(gateway, url);
    },
  });

  /** Its native part may not run on this machine; all others watch without it. */
  const startPeers = () =>
    start(add(peersProgram(parts.peers, state.sockets, env))).catch((error: Error) =>
      say(`there are no adaptive peers: ${error.message}`),
    );

  const writeGroup = (group: Group) => state.writeRun(groupFileName(group.gateway), groupText(group));
  const startEverything = async (): Promise<string> => {
    // Node takes its second to start and the switcher waits for nobody, so it starts beside the servers.
    const switchers = ensureSwitchers(plan.switchers);
    const peers = plan.adaptivePeers ? startPeers() : undefined;
    const media = mediaPrograms(plan, state, parts, env);
    const stores: Program[] = [];
    if (plan.nats) stores.push(natsProgram(plan.nats, state, env));
    if (plan.redisPort !== undefined) stores.push(redisProgram(plan.redisPort, state, env));
    await Promise.all([switchers, peers, startAll(stores.map(add)).then(async () => startAll((await media).map(add)))]);
    const gateways = plan.gateways.map((group) => {
      const file = writeGroup(group);
      const says = { isReady: () => urls.has(group.node), waits: () => waiting.has(group.node) };
      return gatewayProgram(group.gateway, parts.gateway, file, says, env);
    });
    await startAll(gateways.map(add));
    return urls.get(plan.group.node) as string;
  };

  const regroup = async (groups: readonly Group[]): Promise<void> => {
    await started;
    for (const group of groups) {
      const gateway = supervised.get(gatewayName(group.gateway));
      if (!gateway || stopping) return;
      writeGroup(group);
      await gateway.stop(GRACE_MS.gateway);
      urls.delete(group.node);
      if (!stopping) await start(gateway);
    }
  };

  const stopKind = (kind: RegExp, graceMs: number) =>
    Promise.all([...supervised.values()].filter(({ name }) => kind.test(name)).map((child) => child.stop(graceMs)));
  const stopEverything = async () => {
    await Promise.all([stopKind(/^gateway/, GRACE_MS.gateway), inItsPlace?.leave()]);
    encoders.stopAll();
    await stopKind(/^(switcher|peers|relay|camera|destination)/, GRACE_MS.media);
    await stopKind(/^(nats|redis)$/, GRACE_MS.stores);
    link?.close();
    await undertaker.dismiss();
  };
  const started = startEverything();
  return {
    started,
    regroup,
    stop: () => (stopping ??= stopEverything()),
  };
}

async function mediaPrograms(plan: Plan, state: StateFolder, parts: Parts, env: NodeJS.ProcessEnv): Promise<Program[]> {
  const labelled = plan.demoSources.length > 0 && (await canWrite(env));
  return [
    ...plan.group.relays
      .filter((place) => runsHere(plan.group, place))
      .map((place) => relayProgram(place, parts.relaySettings(place, plan.relayOptions), state, env)),
    ...(plan.demoDestination
      ? [demoDestinationProgram(plan.demoDestination.port, plan.demoDestination.httpPort, state, env)]
      : []),
    ...plan.demoSources.map((source) => demoCameraProgram(source, labelled, state, env)),
  ];
}

const groupText = (group: Group): string => `${JSON.stringify(groupShape.parse(group), null, 2)}\n`;
