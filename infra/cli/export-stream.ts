import { Readable } from 'node:stream';
import { textLines } from '../archive/text-lines.ts';
import type { Reach } from './reach.ts';
import { refused, send } from './request.ts';
import { CommandFailed, patiently, type Terminal } from './terminal.ts';

/** A gateway that says nothing for this long while it exports has stopped. */
const SILENT_MS = 30_000;

/**
 * What a gateway exports, line by line.
 * @throws CommandFailed when it refuses, or breaks off before its last line
 */
export async function* exportedLines(out: Terminal, to: Reach, query: URLSearchParams): AsyncGenerator<string> {
  const stop = new AbortController();
  const opening = send(to, 'GET', `/api/v1/export?${query}`, undefined, { signal: stop.signal });
  const response = await patiently(out, `waiting for ${to.url}`, opening);
  if (!response.ok || !response.body)
    throw refused(to, response, ((await response.json().catch(() => ({}))) ?? {}) as object);
  const timer = setTimeout(() => stop.abort(), SILENT_MS);
  let ended = false;
  try {
    const body = Readable.fromWeb(response.body as Parameters<typeof Readable.fromWeb>[0]);
    for await (const text of textLines(body)) {
      timer.refresh();
      ended = text === '{"end":true}';
      yield text;
    }
  } catch (error) {
    throw new CommandFailed(`the export broke off: ${(error as Error).message}; try again`);
  } finally {
    clearTimeout(timer);
    stop.abort();
  }
  if (!ended) throw new CommandFailed('the export broke off before its end; try again');
}
