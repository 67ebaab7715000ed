import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { sizeText } from '../config/sizes.ts';
import { type CommonOptions, reach } from './reach.ts';
import { refused, send } from './request.ts';
import { CommandFailed, patiently, type Terminal } from './terminal.ts';

/** The gateway reads all of the video of a package once before it sends the first byte. */
const SILENT_MS = 600_000;
const TOLD_EVERY_MS = 250;

/**
 * Fetches what a route answers into a file, and tells whoever looks how far it is.
 * @param what it is, for messages: `the package`
 * @returns the answer's head, and how many bytes came
 * @throws CommandFailed when it is refused or breaks off; the error of the file system when it can't be written
 */
export async function fetchTo(
  file: string,
  out: Terminal,
  options: CommonOptions,
  { route, what }: { route: string; what: string },
): Promise<{ headers: Headers; bytes: number }> {
  const to = reach(options, out);
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), SILENT_MS);
  let bytes = 0;
  try {
    const response = await patiently(
      out,
      `waiting for ${to.url}`,
      send(to, 'GET', route, undefined, { signal: stop.signal }),
    );
    if (!response.ok || !response.body) {
      throw refused(to, response, ((await response.json().catch(() => ({}))) ?? {}) as object);
    }
    const length = Number(response.headers.get('content-length'));
    const body = Readable.fromWeb(response.body as Parameters<typeof Readable.fromWeb>[0]);
    let toldAt = 0;
    body.on('data', (chunk: Buffer) => {
      timer.refresh();
      bytes += chunk.length;
      if (Date.now() - toldAt < TOLD_EVERY_MS) return;
      toldAt = Date.now();
      out.progress(`${what}: ${sizeText(bytes)}${length > 0 ? ` of ${sizeText(length)}` : ''}`);
    });
    await pipeline(body, createWriteStream(file, { mode: 0o600 })).catch((error: NodeJS.ErrnoException) => {
      if (error.syscall) throw error;
      throw new CommandFailed(`${what} broke off: ${error.message}; try again`);
    });
    return { headers: response.headers, bytes };
  } finally {
    out.progress('');
    clearTimeout(timer);
  }
}

/** What the file system says against a file, as a sentence with what to do next; any other error as it is. */
export function unwritable(file: string, error: unknown): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (!code || !['ENOENT', 'EACCES', 'EISDIR', 'ENOSPC', 'ENOTDIR', 'EROFS'].includes(String(code))) return error;
  return new CommandFailed(`${file} can't be written (${code}): name a file in a folder that exists and has room`);
}
