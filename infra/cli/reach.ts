import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { createGate, type LoginGrant } from '../../adapters/gate.jsonwebtoken.ts';
import { openSigningKeys } from '../../adapters/keys.files.ts';
import { originOf } from '../../adapters/mediamtx/exchange.ts';
import { isLoopback } from '../config/doors.ts';
import { ConfigError } from '../config/fault.ts';
import type { Config } from '../config/model.ts';
import { parseYaml } from '../config/parse.ts';
import { loadConfig, readConfig } from '../config.ts';
import { type Group, group, groupFile } from '../group.ts';
import { CommandFailed, misused, type Terminal } from './terminal.ts';

/** The options that every command has. */
export interface CommonOptions {
  json?: boolean;
  state?: string;
  url?: string;
  tokenFile?: string;
}

/** Where a command goes, and as whom. */
export interface Reach {
  /** Without a slash at its end. */
  url: string;
  /** Of the gateway on this machine: its certificate, which need not be made out to the address that is used here. */
  certFile?: string;
  /** A token for the next request; made anew, as they last a minute. */
  token(): string;
}

const ADMIN_MINUTE: LoginGrant = {
  sub: 'signalbox-cli',
  name: 'Command line',
  role: 'admin',
  cameras: [],
  zones: ['*'],
};

/** The data folder that a command works on. */
export function stateFolder(options: CommonOptions, env: NodeJS.ProcessEnv): string {
  return path.resolve(options.state ?? env.SIGNALBOX_STATE ?? '.signalbox');
}

/** What the launcher wrote down of the group that runs on a data folder; undefined when none does. */
export function runningGroup(state: string): Group | undefined {
  let text: string;
  try {
    text = readFileSync(groupFile(state), 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new CommandFailed(`${groupFile(state)} can't be read (${code}): run this as the user that runs Signalbox`);
  }
  try {
    return group.parse(JSON.parse(text));
  } catch {
    throw new CommandFailed(`${groupFile(state)} is not what the launcher writes: start Signalbox again`);
  }
}

/** Finds the gateway: `--url`, else the group that runs on the data folder. */
export function reach(options: CommonOptions, out: Terminal): Reach {
  const state = stateFolder(options, out.env);
  const url = options.url === undefined ? localUrl(state) : checkedUrl(options.url);
  const certFile = options.url === undefined ? runningGroup(state)?.http.tls?.certFile : undefined;
  const way = certFile === undefined ? { url } : { url, certFile };
  const { protocol, hostname } = new URL(url);
  if (protocol === 'http:' && !isLoopback(hostname.replace(/^\[|\]$/g, ''))) {
    out.note(`note: ${url} is not encrypted, and the token that opens it travels in the clear; https:// is safe`);
  }
  const { tokenFile } = options;
  if (tokenFile !== undefined) return { ...way, token: () => tokenFrom(tokenFile) };
  const mint = minter(state, out.env);
  return { ...way, token: () => mint(ADMIN_MINUTE, 60) };
}

/** Signs login tokens with the keys of a data folder. @throws CommandFailed when it has none */
export function minter(state: string, env: NodeJS.ProcessEnv): (grant: LoginGrant, ttlSeconds: number) => string {
  const folder = path.join(state, 'keys');
  if (!existsSync(folder)) {
    throw new CommandFailed(
      `${state} has no keys to sign with: start Signalbox there once with \`npm start\`, or name its data folder with --state DIR`,
    );
  }
  const { issuer, audience } = tokenNames(state, env);
  try {
    const gate = createGate({ keys: openSigningKeys(folder), issuer, audience, revoked: () => false });
    return (grant, ttlSeconds) => gate.mintLogin(grant, ttlSeconds);
  } catch (error) {
    throw new CommandFailed((error as Error).message);
  }
}

const OWN_NAMES = { issuer: 'signalbox', audience: 'signalbox' };

/**
 * What tokens of this installation say as issuer and audience. A file that is just being edited may be broken while
 * the gateway goes on with the one before; its `auth` section alone is the best guess then.
 */
function tokenNames(state: string, env: NodeJS.ProcessEnv): Pick<Config['auth'], 'issuer' | 'audience'> {
  const file = runningGroup(state)?.config;
  if (file === undefined) return OWN_NAMES;
  try {
    return loadConfig(file, env).auth;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
  }
  try {
    const { auth = 'local' } = parseYaml(readFileSync(file, 'utf8')).value as { auth?: unknown };
    return readConfig(file, JSON.stringify({ auth }), env).auth;
  } catch {
    return OWN_NAMES;
  }
}

/** Where the gateway of the group that runs on a data folder listens. @throws CommandFailed when none does */
export function localUrl(state: string): string {
  const found = runningGroup(state);
  if (!found) {
    throw new CommandFailed(
      `no Signalbox runs on ${state}: start it with \`npm start\`, or name its data folder with --state DIR or its address with --url URL`,
    );
  }
  const { host, port, tls } = found.http;
  const anywhere = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return originOf({ host: anywhere, port, tls: tls !== undefined });
}

function checkedUrl(text: string): string {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw misused(`--url ${text}: expected an address such as https://stream.example.com`);
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw misused('--url: expected http:// or https://');
  if (url.username || url.password) throw misused('--url: a password does not belong here; use --token-file FILE');
  return url.href.replace(/\/+$/, '');
}

function tokenFrom(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw new CommandFailed(`--token-file ${file}: can't be read (${(error as NodeJS.ErrnoException).code})`);
  }
}
