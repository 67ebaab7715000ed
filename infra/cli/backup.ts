import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { SnapshotFailed } from '../../bus/carriers/nats/snapshot.ts';
import { JournalAway } from '../../bus/ports/faults.ts';
import { BrokenBackup, proveBackup } from '../backup/file.ts';
import { BackupRefused, makeBackup } from '../backup/make.ts';
import { RestoreRefused, restoreBackup } from '../backup/restore.ts';
import { ConfigError } from '../config/fault.ts';
import { loadConfig } from '../config.ts';
import { type CommonOptions, runningGroup, stateFolder } from './reach.ts';
import { CommandFailed, misused, patiently, type Terminal } from './terminal.ts';

interface BackupOptions extends CommonOptions {
  passphraseFile?: string;
}
interface RestoreOptions extends BackupOptions {
  check?: boolean;
  replace?: boolean;
  config?: string;
}

const PASSPHRASE = ['--passphrase-file <FILE>', 'a file with the passphrase that encrypts it'] as const;
const SHORTEST_PASSPHRASE = 12;

/** `signalbox backup`: everything that a group keeps, as one file, while it runs. */
export function backupCommand(command: Command, out: Terminal): void {
  command
    .description('write people, keys, logins, added cameras and the whole event log of the running group into one file')
    .argument('<file>', 'the file to write; it holds keys and passwords')
    .option(...PASSPHRASE)
    .action(async (file: string, options: BackupOptions) => {
      const state = stateFolder(options, out.env);
      const group = runningGroup(state);
      if (!group) {
        throw new CommandFailed(
          `no Signalbox runs on ${state}: start it, or, while nothing runs, copy that folder as it is`,
        );
      }
      const passphrase = passphraseIn(options.passphraseFile);
      const made = await patiently(out, `backing up ${state}`, makeBackup(group, file, passphrase)).catch(told(file));
      if (options.json) return out.printJson({ file, encrypted: passphrase !== undefined, ...made });
      out.print(`${file}: ${made.records} records, ${made.files} files; state ${made.state.slice(0, 16)}`);
      if (passphrase === undefined) {
        out.note(
          'note: it holds the keys and the passwords of cameras in the clear, for its owner alone (mode 0600); --passphrase-file encrypts it',
        );
      }
      out.note('note: recordings and the configuration file are not in it');
    });
}

/** `signalbox restore`: a backup takes the place of a data folder. */
export function restoreCommand(command: Command, out: Terminal): void {
  command
    .description('prove a backup whole and put it in the place of a data folder on which nothing runs')
    .argument('<file>', 'what `signalbox backup` wrote')
    .option(...PASSPHRASE)
    .option('--check', 'prove it only')
    .option('--replace', 'put a data folder that is there aside, under another name')
    .option('--config <FILE>', 'the configuration, where it names a NATS of your own')
    .action(async (file: string, options: RestoreOptions) => {
      const passphrase = passphraseIn(options.passphraseFile);
      if (options.check) {
        const proved = await patiently(out, `reading ${file}`, proveBackup(file, passphrase)).catch(told(file));
        if (options.json) return out.printJson(proved);
        return out.print(`${file} is whole: ${proved.records} records, made ${new Date(proved.made_at).toISOString()}`);
      }
      const state = stateFolder(options, out.env);
      const { check: _, config, replace = false } = options;
      const wish = {
        ...{ file, state, replace, env: out.env },
        ...(passphrase === undefined ? {} : { passphrase }),
        nats: config === undefined ? ('embedded' as const) : natsOf(config, out.env),
      };
      const done = await patiently(out, `restoring ${file}`, restoreBackup(wish)).catch(told(file));
      if (options.json) return out.printJson({ state_folder: state, ...done });
      const leads =
        done.foldedTo === undefined
          ? `state ${done.state.slice(0, 16)}, as it was`
          : `made by an earlier release; here it leads to state ${done.foldedTo.slice(0, 16)}`;
      out.print(`${state}: ${done.records} records, ${done.cells} cells, ${done.files} files; ${leads}`);
      if (done.aside) out.note(`what was there is in ${done.aside}`);
      if (done.notUnderstood.length > 0) {
        const [first] = done.notUnderstood;
        out.note(
          `note: ${done.notUnderstood.length} records are not understood by this release (the first, ${first?.seq}: ${first?.reason})`,
        );
      }
    });
}

function natsOf(file: string, env: NodeJS.ProcessEnv) {
  try {
    return loadConfig(file, env).nats;
  } catch (error) {
    if (error instanceof ConfigError) throw new CommandFailed(error.message);
    throw error;
  }
}

function passphraseIn(file: string | undefined): string | undefined {
  if (file === undefined) return undefined;
  let text: string;
  try {
    text = readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw new CommandFailed(`--passphrase-file ${file}: can't be read (${(error as NodeJS.ErrnoException).code})`);
  }
  if (text.length < SHORTEST_PASSPHRASE) {
    throw misused(`--passphrase-file ${file}: at least ${SHORTEST_PASSPHRASE} characters are wanted`);
  }
  return text;
}

/** What can go wrong as a sentence. */
const told = (file: string) => (error: unknown) => {
  const known = [BackupRefused, RestoreRefused, BrokenBackup, SnapshotFailed, JournalAway];
  if (known.some((one) => error instanceof one)) throw new CommandFailed((error as Error).message);
  const { code, path: at = file } = error as NodeJS.ErrnoException;
  if (code && /^E[A-Z]+$/.test(code)) throw new CommandFailed(`${at} can't be used (${code})`);
  throw error;
};
