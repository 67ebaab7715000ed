import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Command } from 'commander';
import { findProgram } from '../binaries.ts';
import { ConfigError } from '../config/fault.ts';
import type { Config } from '../config/model.ts';
import { loadConfig } from '../config.ts';
import { type Edge, edgeSettings } from '../nginx/edge.ts';
import { type CommonOptions, runningGroup, stateFolder } from './reach.ts';
import { CommandFailed, misused, type Terminal } from './terminal.ts';

interface EdgeOptions extends CommonOptions {
  config?: string;
  listen?: string;
  origin?: string[];
  cache?: string;
  out?: string;
}

/** `HOST:PORT`, with `=WEIGHT` behind it where gateways differ in strength. */
const ORIGIN = /^([A-Za-z0-9.-]+|\[[0-9a-fA-F:]+\]):(\d{1,5})(?:=([1-9]\d{0,3}))?$/;
const LISTEN = /^([A-Za-z0-9.-]+|\[[0-9a-fA-F:]+\]):\d{1,5}$/;

/** `signalbox edge`: writes the configuration of an nginx before the gateways, and has nginx check it. */
export function edgeCommand(command: Command, out: Terminal): void {
  command
    .description('write the configuration of an nginx edge for HLS, checked by nginx itself')
    .option('--config <FILE>', 'the configuration; default: that of the running group')
    .option('--out <FILE>', 'where to write it; default: edge.conf in the cache folder')
    .option('--listen <HOST:PORT>', "where the edge listens; default: http.listen's host and ports.edge")
    .option(
      '--origin <ORIGIN...>',
      'the gateways, as HOST:PORT or HOST:PORT=WEIGHT; default: those of the configuration, on this machine',
    )
    .option('--cache <DIR>', 'where it keeps segments; default: edge in the data folder, for root /var/cache/signalbox')
    .action((options: EdgeOptions) => {
      const state = stateFolder(options, out.env);
      const config = configOf(options, state, out);
      const isRoot = process.getuid?.() === 0;
      // Workers of an nginx that root starts are somebody else, who may not enter the data folder.
      const cache = path.resolve(options.cache ?? (isRoot ? '/var/cache/signalbox' : path.join(state, 'edge')));
      const edge = { ...placeOf(options, config), cache };
      const file = path.resolve(options.out ?? path.join(cache, 'edge.conf'));
      mkdirSync(cache, { recursive: true, mode: 0o755 });
      writeFileSync(file, edgeSettings(edge));
      checkWithNginx(file, cache);
      const start = `nginx -p ${cache} -e ${path.join(cache, 'error.log')} -c ${file}`;
      if (options.json) return out.printJson({ file, cache, listen: edge.listen, origins: edge.origins, start });
      out.print(`${out.paint('ok', 'good')} ${file}: nginx takes it; ${edge.listen} before ${namesOf(edge)}`);
      out.print(`start it with: ${start}   (and after a change: the same with -s reload)`);
    });
}

const namesOf = ({ origins }: Pick<Edge, 'origins'>): string => origins.map(({ address }) => address).join(', ');

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
function placeOf(options: EdgeOptions, { http, gateways, ports }: Config): Omit<Edge, 'cache'> {
  const inAddress = (host: string) => (host.includes(':') ? `[${host}]` : host);
  const listen = options.listen ?? `${inAddress(http.host)}:${ports.edge}`;
  if (!LISTEN.test(listen)) throw misused(`--listen ${listen}: expected HOST:PORT`);
  if (http.tls && options.origin) {
    // What is not on this machine would have to be believed whatever certificate it shows.
    throw new CommandFailed('with http.tls an edge goes on the machine of its gateways: leave --origin out');
  }
  const here = http.host === '0.0.0.0' ? '127.0.0.1' : http.host === '::' ? '::1' : http.host;
  const own = Array.from({ length: gateways }, (_, index) => `${inAddress(here)}:${http.port + index}`);
  const origins = (options.origin ?? own).map((origin) => {
    const [, host, port, weight = '1'] = ORIGIN.exec(origin) ?? [];
    if (host === undefined) throw misused(`--origin ${origin}: expected HOST:PORT, or HOST:PORT=WEIGHT`);
    return { address: `${host}:${port}`, weight: Number(weight) };
  });
  return { listen, origins, ...(http.tls ? { tls: http.tls } : {}) };
}

/** @throws CommandFailed with what nginx says */
function checkWithNginx(file: string, cache: string): void {
  let nginx: string;
  try {
    nginx = findProgram('nginx');
  } catch (error) {
    throw new CommandFailed(`${file} is written but not checked: ${(error as Error).message}`);
  }
  const { status, stderr } = spawnSync(nginx, ['-t', '-p', cache, '-e', path.join(cache, 'error.log'), '-c', file], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new CommandFailed(`nginx does not take ${file}: ${stderr.trim()}`);
}
