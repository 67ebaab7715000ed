import { execFile } from 'node:child_process';
import {
  closeSync,
  createWriteStream,
  fstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';

/** Of each log this much from its end. */
const LOG_BYTES = 2_000_000;

/** A part of the pack: its name, and how its text is had. */
export interface Part {
  name: string;
  text(): Promise<string> | string | AsyncIterable<string>;
}

/** The end of a file, from the beginning of a line. */
export function endOf(file: string, bytes = LOG_BYTES): string {
  const open = openSync(file, 'r');
  try {
    const { size } = fstatSync(open);
    const buffer = Buffer.alloc(Math.min(size, bytes));
    readSync(open, buffer, 0, buffer.length, size - buffer.length);
    const text = buffer.toString('utf8');
    return size > bytes ? text.slice(text.indexOf('\n') + 1) : text;
  } finally {
    closeSync(open);
  }
}

/** The logs of a data folder as parts. */
export function logParts(state: string): Part[] {
  const folder = path.join(state, 'log');
  let names: string[] = [];
  try {
    names = readdirSync(folder).sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  return names.map((name) => ({ name: `log/${name}`, text: () => endOf(path.join(folder, name)) }));
}

/**
 * Packs parts into a `.tar.gz` of mode 0600, each without its secrets. A part that can't be had is named in `missing.txt`
 * with the reason: support is asked for when something does not work.
 * @param redact takes the secrets out of a text
 * @returns what is missing
 */
export async function packSupport(
  file: string,
  parts: readonly Part[],
  redact: (text: string) => string,
): Promise<string[]> {
  const folder = mkdtempSync(path.join(tmpdir(), 'sbx-support-'));
  const inside = path.join(folder, 'signalbox-support');
  const missing: string[] = [];
  const unfinished = `${file}.part`;
  try {
    for (const { name, text } of parts) {
      const at = path.join(inside, name);
      mkdirSync(path.dirname(at), { recursive: true, mode: 0o700 });
      try {
        const had = await text();
        if (typeof had === 'string') writeFileSync(at, redact(had), { mode: 0o600 });
        else await pipeline(Readable.from(redacted(had, redact)), createWriteStream(at, { mode: 0o600 }));
      } catch (error) {
        missing.push(redact(`${name}: ${(error as Error).message}`));
      }
    }
    writeFileSync(path.join(inside, 'missing.txt'), missing.map((line) => `${line}\n`).join(''), { mode: 0o600 });
    closeSync(openSync(unfinished, 'w', 0o600));
    await promisify(execFile)('tar', ['-czf', path.resolve(unfinished), '-C', folder, 'signalbox-support']);
    renameSync(unfinished, file);
    return missing;
  } finally {
    rmSync(unfinished, { force: true });
    rmSync(folder, { recursive: true, force: true });
  }
}

async function* redacted(lines: AsyncIterable<string>, redact: (text: string) => string): AsyncGenerator<string> {
  for await (const line of lines) yield `${redact(line)}\n`;
}
