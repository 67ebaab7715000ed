import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Command } from 'commander';
import { openSecrets } from '../../adapters/secrets.files.ts';
import { inboxOf } from '../../bus/subjects.ts';
import { findProgram } from '../binaries.ts';
import { ConfigError } from '../config/fault.ts';
import type { Config } from '../config/model.ts';
import { openOverlay } from '../config/overlay.ts';
import { loadConfig } from '../config.ts';
import { readerSecret } from '../launcher/servers.ts';
import { secretIn } from '../launcher/state-folder.ts';
import {
  authorization,
  type CameraZones,
  camerasHeard,
  NATS_GATEWAY_USER,
  permissionsOf,
  type ReaderScope,
} from '../nats/accounts.ts';
import { type CommonOptions, runningGroup, stateFolder } from './reach.ts';
import { table } from './table.ts';
import { CommandFailed, misused, type Terminal } from './terminal.ts';

interface AccountsOptions extends CommonOptions {
  config?: string;
  out?: string;
}

/** `signalbox nats accounts`: who may come into a NATS of one's own, as a file for its configuration. */
export function natsAccountsCommand(command: Command, out: Terminal): void {
  command
    .description('list the readers of facts over NATS; for a NATS of your own, write its users as a file to include')
    .option('--config <FILE>', 'the configuration; default: that of the running group')
    .option('--out <FILE>', 'where to write the users, for `include FILE` in the configuration of nats-server')
    .action((options: AccountsOptions) => {
      const state = stateFolder(options, out.env);
      const config = configOf(options, state, out);
      const zones = placedCameras(config, state);
      const readers = Object.entries(config.natsReaders).map(([name, scope]) => {
        const cameras = camerasHeard(scope, zones);
        const { file, value } = secretIn(state, readerSecret(name));
        const said = scope.zones ? { zones: scope.zones } : {};
        return { name, password: value, passwordFile: file, ...said, ...(cameras ? { cameras } : {}) };
      });
      const listed = readers.map(({ password: _secret, ...reader }) => ({
        ...reader,
        inbox: inboxOf(reader.name),
        permissions: permissionsOf(reader),
      }));
      const { out: file } = options;
      if (file !== undefined) {
        writeFileSync(file, authorization(gatewayOf(config), readers), { mode: 0o600 });
        checkWithServer(file, out);
      }
      if (options.json) return out.printJson({ readers: listed, ...(file === undefined ? {} : { file }) });
      if (file !== undefined) out.print(`${out.paint('ok', 'good')} ${file}: nats-server takes it`);
      if (listed.length === 0) return out.print('no readers: add them under nats.readers');
      const columns = [
        { heading: 'USER', cell: ({ name }: (typeof listed)[0]) => name },
        { heading: 'HEARS', cell: heardBy },
        { heading: 'INBOX PREFIX', cell: ({ inbox }: (typeof listed)[0]) => inbox },
        { heading: 'PASSWORD IN', cell: ({ passwordFile }: (typeof listed)[0]) => passwordFile },
      ];
      out.print(table(listed, columns, out.columns));
    });
}

/** The zones of all cameras, those that were added while it ran included. */
function placedCameras({ cameras }: Config, state: string): CameraZones {
  const added = openOverlay(state, openSecrets(path.join(state, 'secrets'))).cameras();
  return new Map([...cameras, ...added].map(([camera, { zone }]) => [camera, zone]));
}

/** Whose facts a reader hears, for a person. */
function heardBy({ cameras, zones }: ReaderScope): string {
  if (cameras === undefined) return 'all facts';
  const now = cameras.length > 0 ? cameras.join(', ') : 'no camera';
  return zones ? `${zones.join(', ')}: ${now} at present` : now;
}

function configOf(options: AccountsOptions, state: string, out: Terminal): Config {
  const file = options.config ?? runningGroup(state)?.config;
  if (file === undefined) throw misused('name the configuration: signalbox nats accounts --config FILE');
  try {
    return loadConfig(file, out.env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new CommandFailed(error.message);
  }
}

/** The gateways' own user at a NATS that somebody else runs. @throws CommandFailed */
function gatewayOf({ nats }: Config): { user: string; password: string } {
  if (nats === 'embedded') {
    throw new CommandFailed('the nats-server that is run here has its readers already; --out is for nats.servers');
  }
  if (nats.passwordFile === undefined) {
    throw new CommandFailed(
      'users are written for gateways that come in by nats.password_file; with nats.credentials, give a user of nsc what `nats accounts` lists',
    );
  }
  try {
    return { user: nats.user ?? NATS_GATEWAY_USER, password: readFileSync(nats.passwordFile, 'utf8').trim() };
  } catch (error) {
    throw new CommandFailed(`${nats.passwordFile} can't be read (${(error as NodeJS.ErrnoException).code})`);
  }
}

/** @throws CommandFailed with what nats-server says */
function checkWithServer(file: string, out: Terminal): void {
  let server: string;
  try {
    server = findProgram('nats-server', out.env);
  } catch (error) {
    throw new CommandFailed(`${file} is written but not checked: ${(error as Error).message}`);
  }
  const { status, stderr } = spawnSync(server, ['-t', '-c', path.resolve(file)], { encoding: 'utf8' });
  if (status !== 0) throw new CommandFailed(`nats-server does not take ${file}: ${stderr.trim()}`);
}
