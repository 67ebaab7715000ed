import { readFileSync } from 'node:fs';
import { release, type, uptime } from 'node:os';
import type { Command } from 'commander';
import manifest from '../../package.json' with { type: 'json' };
import { durationMs } from '../config/durations.ts';
import { logParts, type Part, packSupport } from '../support/pack.ts';
import { knownSecrets, redactor } from '../support/redact.ts';
import { exportedLines } from './export-stream.ts';
import { surroundingOf } from './processes.ts';
import { type CommonOptions, reach, runningGroup, stateFolder } from './reach.ts';
import { requestAll, send } from './request.ts';
import { CommandFailed, type Terminal } from './terminal.ts';

const STATES = ['cameras', 'sessions', 'relays', 'broadcasts', 'incidents', 'revocations', 'service-tokens'];
const LAST = '1h';

/** `signalbox support`: what somebody needs who is to help, as one file without secrets. */
export function supportCommand(command: Command, out: Terminal): void {
  command
    .description(
      'pack logs, the configuration without its secrets, all states and the last hour of the log into one file',
    )
    .argument('<file>', 'the file to write, for instance signalbox-support.tar.gz')
    .action(async (file: string, options: CommonOptions) => {
      const state = stateFolder(options, out.env);
      const group = runningGroup(state);
      if (!group) throw new CommandFailed(`no Signalbox runs on ${state}: name its data folder with --state DIR`);
      const redact = redactor(knownSecrets(state, group.config));
      const ask = async (route: string) => (await send(reach(options, out), 'GET', route)).text();
      const json = (value: unknown) => JSON.stringify(value, null, 1);
      const since = String(Date.now() - durationMs(LAST));
      const parts: Part[] = [
        { name: 'about.json', text: () => json(aboutThis(group.node)) },
        { name: 'configuration.yaml', text: () => readFileSync(group.config, 'utf8') },
        { name: 'group.json', text: () => json(group) },
        { name: 'machine.json', text: async () => json(await surroundingOf(group, out.env)) },
        { name: 'readiness.json', text: () => ask('/readyz') },
        { name: 'metrics.txt', text: () => ask('/metrics') },
        ...STATES.map((kind) => ({
          name: `states/${kind}.json`,
          text: async () => json(await requestAll(out, reach(options, out), `/api/v1/${kind}`)),
        })),
        {
          name: 'last-hour.jsonl',
          text: () => exportedLines(out, reach(options, out), new URLSearchParams({ from: since })),
        },
        ...logParts(state),
      ];
      const missing = await packSupport(file, parts, redact).catch((error) => {
        const { code } = error as NodeJS.ErrnoException;
        throw code ? new CommandFailed(`${file} can't be written (${code})`) : error;
      });
      if (options.json) return out.printJson({ file, missing });
      out.print(`${file}: ${parts.length - missing.length} parts`);
      for (const one of missing) out.note(`note: missing ${one}`);
      out.note('note: passwords, keys and tokens are taken out; names of people and network addresses are in it');
    });
}

const aboutThis = (node: string) => ({
  ...{ version: manifest.version, gateway: node, node_version: process.version, at: new Date().toISOString() },
  ...{ system: `${type()} ${release()}`, processor: process.arch, machine_up_s: Math.round(uptime()) },
});
