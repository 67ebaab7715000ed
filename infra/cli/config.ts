import path from 'node:path';
import type { Command } from 'commander';
import { settings } from '../config/declaration.ts';
import { OTHER_VARIABLES, variablesOf } from '../config/environment.ts';
import { ConfigError } from '../config/fault.ts';
import { loadConfig } from '../config.ts';
import { type CommonOptions, runningGroup, stateFolder } from './reach.ts';
import { table } from './table.ts';
import { CommandFailed, misused, type Terminal } from './terminal.ts';

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;

/** `signalbox config check`: reads a configuration as a start would, and tells every fault with its place. */
export function configCheckCommand(command: Command, out: Terminal): void {
  command
    .description('check a configuration file and the environment over it')
    .argument('[file]', 'the file; default: that of the running group')
    .action((named: string | undefined, options: CommonOptions) => {
      const file = named ?? runningGroup(stateFolder(options, out.env))?.config;
      if (file === undefined) throw misused('name the file to check: signalbox config check FILE');
      try {
        const config = loadConfig(file, out.env);
        const relays = config.relays.length;
        if (options.json) {
          out.printJson({
            file: config.file,
            valid: true,
            warnings: config.warnings,
            cameras: [...config.cameras.keys()],
          });
          return;
        }
        for (const warning of config.warnings) out.print(`${out.paint('warning', 'warn')} ${warning}`);
        out.print(
          `${out.paint('ok', 'good')} ${path.relative('.', config.file) || config.file}: ${counted(config.cameras.size, 'camera')}, ` +
            `${counted(relays, 'relay')}, listening on ${config.http.host}:${config.http.port}`,
        );
      } catch (error) {
        if (!(error instanceof ConfigError)) throw error;
        if (options.json) out.printJson({ file, valid: false, faults: error.faults });
        const count = error.faults.length;
        throw new CommandFailed(`${error.message}\n${counted(count, 'fault')}; nothing of it would be applied`);
      }
    });
}

/** `signalbox config variables`: the environment variables that override settings. */
export function configVariablesCommand(command: Command, out: Terminal): void {
  command.description('list the environment variables that override settings').action((options: CommonOptions) => {
    const variables = variablesOf(settings.schema).map(({ name, path: at, kind, description, fallback }) => ({
      name,
      setting: at.join('.'),
      kind,
      default: fallback,
      description,
    }));
    const others = Object.entries(OTHER_VARIABLES).map(([name, description]) => ({ name, kind: 'text', description }));
    const items = [...variables, ...others.map((other) => ({ ...other, setting: '', default: undefined }))];
    if (options.json) return out.printJson({ items });
    const shown = (value: unknown) =>
      value === undefined ? '' : Array.isArray(value) ? value.join(',') : String(value);
    out.print(
      table(
        items,
        [
          { heading: 'VARIABLE', cell: (row) => row.name },
          { heading: 'DEFAULT', cell: (row) => shown(row.default) },
          { heading: 'MEANS', cell: (row) => row.description ?? row.setting },
        ],
        out.columns,
      ),
    );
  });
}
