import type { Command } from 'commander';
import { makeArchive } from '../archive/make.ts';
import { pseudonyms } from '../archive/pseudonyms.ts';
import { unwritable } from './download.ts';
import { exportPackage } from './export-package.ts';
import { exportedLines } from './export-stream.ts';
import { momentOf } from './moment.ts';
import { type CommonOptions, reach } from './reach.ts';
import { misused, type Terminal } from './terminal.ts';

interface ExportOptions extends CommonOptions {
  from?: string;
  to?: string;
  out: string;
  redactNames?: boolean;
  camera?: string;
  video?: boolean;
}

/** `signalbox export`: what happened in a window as one file, to be replayed on any machine. */
export function exportCommand(command: Command, out: Terminal): void {
  command
    .description('write what happened between two moments into one file, for replay elsewhere; secrets are never in it')
    .requiredOption('-o, --out <FILE>', 'the file to write, for instance night.sbx')
    .option('--from <T>', 'a time back (2h) or a moment (2026-01-31T03:12); default: the oldest that is kept')
    .option('--to <T>', 'likewise; default now')
    .option(
      '--redact-names',
      'give people, cameras, gateways and network addresses other names, the same one everywhere',
    )
    .option('--video', 'a package of the log and the video of cameras, signed, that `signalbox verify` proves')
    .option('--camera <ID>', 'whose video is wanted, with --video; several with commas between')
    .action(async (options: ExportOptions) => {
      const nowMs = Date.now();
      const from = timeOf('--from', options.from, nowMs);
      const to = timeOf('--to', options.to, nowMs) ?? nowMs;
      if (options.video) return exportPackage(out, options, { from, to });
      if (options.camera !== undefined)
        throw misused('--camera goes with --video: the log is always that of all cameras');
      if (from !== undefined && from > to) throw misused('--from lies behind --to: exchange them');
      const query = new URLSearchParams({ to: String(to), ...(from === undefined ? {} : { from: String(from) }) });
      const names = options.redactNames ? pseudonyms() : undefined;
      try {
        const lines = exportedLines(out, reach(options, out), query);
        const head = await makeArchive(options.out, lines, { from: from ?? null, to, names });
        if (options.json) out.printJson({ file: options.out, ...head });
        else {
          out.print(
            `${options.out}: ${head.records} records, ${head.facts} facts; state ${head.state.slice(0, 16)} at its end`,
          );
        }
      } catch (error) {
        throw unwritable(options.out, error);
      }
    });
}

function timeOf(option: string, text: string | undefined, nowMs: number): number | undefined {
  if (text === undefined) return undefined;
  const at = momentOf(text, nowMs)?.at;
  if (at === undefined)
    throw misused(`${option} ${text}: expected a time back such as 2h, or a moment such as 2026-01-31T03:12`);
  return Math.round(at);
}
