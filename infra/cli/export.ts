import { createReadStream } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import type { Command } from 'commander';
import { hashOf } from '../../actors/past.ts';
import { type Manifest, tallyLines, writeArchive } from '../archive/file.ts';
import { foldLines, type Line, textOf } from '../archive/lines.ts';
import { type Pseudonyms, pseudonyms } from '../archive/pseudonyms.ts';
import { textLines } from '../archive/text-lines.ts';
import { exportedLines, parsedLines } from './export-stream.ts';
import { momentOf } from './moment.ts';
import { type CommonOptions, reach } from './reach.ts';
import { CommandFailed, misused, type Terminal } from './terminal.ts';

interface ExportOptions extends CommonOptions {
  from?: string;
  to?: string;
  out: string;
  redactNames?: boolean;
}

/** `signalbox export`: what happened in a window as one file, to be replayed on any machine. */
export function exportCommand(command: Command, out: Terminal): void {
  command
    .description('write what happened between two moments into one file, for replay elsewhere; secrets are never in it')
    .requiredOption('--out <FILE>', 'the file to write, for instance night.sbx')
    .option('--from <T>', 'a time back (2h) or a moment (2026-01-31T03:12); default: the oldest that is kept')
    .option('--to <T>', 'likewise; default now')
    .option('--redact-names', 'give people, cameras and network addresses other names, the same one everywhere')
    .action(async (options: ExportOptions) => {
      const nowMs = Date.now();
      const from = timeOf('--from', options.from, nowMs);
      const to = timeOf('--to', options.to, nowMs) ?? nowMs;
      if (from !== undefined && from > to) throw misused('--from lies behind --to: exchange them');
      const query = new URLSearchParams({ to: String(to), ...(from === undefined ? {} : { from: String(from) }) });
      const raw = `${options.out}.raw`;
      const names = options.redactNames ? pseudonyms() : undefined;
      try {
        await fetchTo(raw, exportedLines(out, reach(options, out), query), names);
        const texts = () => rewritten(raw, names);
        const head = await manifestOf(texts, { from: from ?? null, to, redacted: names ? 'names' : 'secrets' });
        await writeArchive(options.out, head, texts());
        if (options.json) out.printJson({ file: options.out, ...head });
        else {
          out.print(
            `${options.out}: ${head.records} records, ${head.facts} facts; state ${head.state.slice(0, 16)} at its end`,
          );
        }
      } catch (error) {
        throw asFailure(options.out, error);
      } finally {
        await rm(raw, { force: true });
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

/** Keeps the lines on the disk: there may be more of them than memory, and names must be known before the first. */
async function fetchTo(file: string, texts: AsyncIterable<string>, names: Pseudonyms | undefined): Promise<void> {
  const handle = await open(file, 'w', 0o600);
  try {
    for await (const text of texts) {
      names?.learn(JSON.parse(text) as Line);
      await handle.write(`${text}\n`);
    }
  } finally {
    await handle.close();
  }
}

async function* rewritten(file: string, names: Pseudonyms | undefined): AsyncGenerator<string> {
  for await (const text of textLines(createReadStream(file))) {
    yield names ? textOf(names.rewrite(JSON.parse(text) as Line)) : text;
  }
}

async function manifestOf(
  texts: () => AsyncIterable<string>,
  more: Pick<Manifest, 'from' | 'to' | 'redacted'>,
): Promise<Manifest> {
  const tally = tallyLines();
  const counted = async function* () {
    for await (const text of texts()) {
      tally.add(text);
      yield text;
    }
  };
  const past = await foldLines(parsedLines(counted()), { at: more.to });
  return { signalbox_archive: 1, made_at: Date.now(), ...more, state: hashOf(past.cells()), ...tally.result() };
}

function asFailure(file: string, error: unknown): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (!code || !['ENOENT', 'EACCES', 'EISDIR', 'ENOSPC', 'ENOTDIR', 'EROFS'].includes(code)) return error;
  return new CommandFailed(`${file} can't be written (${code}): name a file in a folder that exists and has room`);
}
