import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Command } from 'commander';
import { authority } from '../../adapters/authority.ts';
import { findProgram } from '../binaries.ts';
import { ConfigError } from '../config/fault.ts';
import type { Config } from '../config/model.ts';
import { loadConfig } from '../config.ts';
import { type Edge, edgeSettings } from '../nginx/edge.ts';
import { clientRegions } from '../nginx/regions.ts';
import { offeredRelays, type RtspEdge } from '../nginx/rtsp.ts';
import { streamModule } from '../nginx/stream-module.ts';
import { OLDEST_NGINX, outdatedVersion } from '../nginx/version.ts';
import { type CommonOptions, runningGroup, stateFolder } from './reach.ts';
import { CommandFailed, misused, type Terminal } from './terminal.ts';

interface EdgeOptions extends CommonOptions {
  config?: string;
  listen?: string;
  origin?: string[];
  rtsp?: string;
  cache?: string;
  out?: string;
}

/** `HOST:PORT`, with `=WEIGHT` behind it where gateways differ in strength, and `@REGION` where in place. */
const ORIGIN = /^([A-Za-z0-9.-]+|\[[0-9a-fA-F:]+\]):(\d{1,5})(?:=([1-9]\d{0,3}))?(?:@(.+))?$/;
const ORIGIN_FORM = 'HOST:PORT, HOST:PORT=WEIGHT or HOST:PORT=WEIGHT@REGION';
const LISTEN = /^([A-Za-z0-9.-]+|\[[0-9a-fA-F:]+\]):\d{1,5}$/;

/** `signalbox edge`: writes the configuration of an nginx before the gateways, and has nginx check it. */
export function edgeCommand(command: Command, out: Terminal): void {
  command
    .description('write the configuration of an nginx edge for HLS and RTSP, checked by nginx itself')
    .option('--config <FILE>', 'the configuration; default: that of the running group')
    .option('--out <FILE>', 'where to write it; default: edge.conf in the cache folder')
    .option('--listen <HOST:PORT>', "where the edge listens; default: http.listen's host and ports.edge")
    .option(
      '--origin <ORIGIN...>',
      `the gateways, as ${ORIGIN_FORM}; default: those of the configuration, on this machine`,
    )
    .option('--rtsp <HOST:PORT>', 'where it listens for RTSP, before the delivery relays; default: nowhere')
    .option('--cache <DIR>', 'where it keeps segments; default: edge in the data folder, for root /var/cache/signalbox')
    .action((options: EdgeOptions) => {
      const state = stateFolder(options, out.env);
      const config = configOf(options, state, out);
      const isRoot = process.getuid?.() === 0;
      // Workers of an nginx that root starts are somebody else, who may not enter the data folder.
      const cache = path.resolve(options.cache ?? (isRoot ? '/var/cache/signalbox' : path.join(state, 'edge')));
      const rtsp = options.rtsp === undefined ? undefined : rtspOf(options.rtsp, config, out);
      const edge = { ...placeOf(options, config), cache, ...(rtsp ? { rtsp } : {}) };
      const file = path.resolve(options.out ?? path.join(cache, 'edge.conf'));
      mkdirSync(cache, { recursive: true, mode: 0o755 });
      writeFileSync(file, edgeSettings(edge));
      checkWithNginx(file, cache, out);
      const start = `nginx -p ${cache} -e ${path.join(cache, 'error.log')} -c ${file}`;
      const { listen, origins } = edge;
      const relays = rtsp ? { rtsp: { listen: rtsp.listen, relays: rtsp.relays } } : {};
      if (options.json) return out.printJson({ file, cache, listen, origins, ...relays, start });
      out.print(`${out.paint('ok', 'good')} ${file}: nginx takes it; ${listen} before ${namesOf(origins)}`);
      if (rtsp) out.print(`RTSP: ${rtsp.listen} before ${namesOf(rtsp.relays)}`);
      out.print(`start it with: ${start}   (and after a change: the same with -s reload)`);
    });
}

const namesOf = (servers: Edge['origins']): string => servers.map(({ address }) => address).join(', ');

function configOf(options: EdgeOptions, state: string, out: Terminal): Config {
  const file = options.config ?? runningGroup(state)?.config;
  if (file === undefined) throw misused('name the configuration: signalbox edge --config FILE');
  try {
    return loadConfig(file, out.env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new CommandFailed(error.message);
  }
}

/** Where the edge listens, and before whom. @throws CommandFailed */
function placeOf(options: EdgeOptions, config: Config): Omit<Edge, 'cache'> {
  const { http, gateways, ports, regions } = config;
  const listen = options.listen ?? authority(http.host, ports.edge);
  if (!LISTEN.test(listen)) throw misused(`--listen ${listen}: expected HOST:PORT`);
  if (http.tls && options.origin) {
    // What is not on this machine would have to be believed whatever certificate it shows.
    throw new CommandFailed('with http.tls an edge goes on the machine of its gateways: leave --origin out');
  }
  const here = http.host === '0.0.0.0' ? '127.0.0.1' : http.host === '::' ? '::1' : http.host;
  const own = Array.from({ length: gateways }, (_, index) => authority(here, http.port + index));
  const origins = (options.origin ?? own).map((origin) => {
    const [, host, port, weight = '1', region] = ORIGIN.exec(origin) ?? [];
    if (host === undefined) throw misused(`--origin ${origin}: expected ${ORIGIN_FORM}`);
    if (region !== undefined) checkRegion(origin, region, config);
    return { address: `${host}:${port}`, weight: Number(weight), ...(region === undefined ? {} : { region }) };
  });
  const { trustedProxies, tls } = http;
  return { listen, origins, regions: clientRegions(regions), trustedProxies, ...(tls ? { tls } : {}) };
}

function checkRegion(origin: string, region: string, { regions, relays }: Config): void {
  const named = [regions.default, ...Object.values(regions.networks), ...relays.map((relay) => relay.region)];
  const known = [...new Set(named)];
  if (known.includes(region)) return;
  throw misused(`--origin ${origin}: no network or relay is in region ${region}; known are ${known.join(', ')}`);
}

/** Where the edge listens for RTSP, and before which relays. @throws CommandFailed */
function rtspOf(listen: string, config: Config, out: Terminal): RtspEdge {
  if (!LISTEN.test(listen)) throw misused(`--rtsp ${listen}: expected HOST:PORT`);
  const relays = offeredRelays(config);
  if (relays.length === 0)
    throw new CommandFailed('no delivery relay takes viewers (drain, or weight 0): nobody is left to serve RTSP');
  if (new Set(relays.map(({ tls }) => tls)).size > 1) {
    const shown = relays.map(({ address, tls }) => `${tls ? 'rtsps' : 'rtsp'}://${address}`).join(', ');
    throw new CommandFailed(`one address for RTSP and RTSPS can't be: let all relays speak the same (${shown})`);
  }
  const servers = relays.map(({ tls: _tls, ...server }) => server);
  try {
    const module = streamModule(findProgram('nginx', out.env));
    const regions = clientRegions(config.regions);
    return { listen, relays: servers, regions, ...(module === undefined ? {} : { module }) };
  } catch (error) {
    throw new CommandFailed((error as Error).message);
  }
}

/** @throws CommandFailed with what nginx says */
function checkWithNginx(file: string, cache: string, out: Terminal): void {
  let nginx: string;
  try {
    nginx = findProgram('nginx', out.env);
  } catch (error) {
    throw new CommandFailed(`${file} is written but not checked: ${(error as Error).message}`);
  }
  const { status, stderr } = spawnSync(nginx, ['-t', '-p', cache, '-e', path.join(cache, 'error.log'), '-c', file], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new CommandFailed(`nginx does not take ${file}: ${stderr.trim()}`);
  const outdated = outdatedVersion(nginx);
  if (outdated !== undefined)
    out.note(
      `warning: nginx ${outdated} is too old: who was refused may watch on for as long as it keeps answers for when no gateway is there; install ${OLDEST_NGINX} or later`,
    );
}
