import { pinnedFetch } from './pinned-fetch.ts';
import type { Reach } from './reach.ts';
import { CommandFailed, patiently, printable, type Terminal } from './terminal.ts';

/** How long a gateway may take to answer. */
const PATIENCE_MS = 15_000;

interface Refused {
  error?: string;
  reason?: string;
}

/** Asks the gateway. @returns the answer's JSON body @throws CommandFailed saying what to do next */
export async function request(
  out: Terminal,
  to: Reach,
  method: string,
  route: string,
  body?: unknown,
): Promise<unknown> {
  const response = await patiently(out, `waiting for ${to.url}`, send(to, method, route, body));
  const text = await response.text();
  const value = parsed(text);
  if (response.ok) return value;
  throw refused(to, response, (value ?? {}) as Refused);
}

/** A list to its last page. */
export async function requestAll(out: Terminal, to: Reach, route: string): Promise<{ items: unknown[]; next: null }> {
  const items: unknown[] = [];
  let cursor: string | null | undefined;
  do {
    const query = cursor ? `?limit=1000&cursor=${encodeURIComponent(cursor)}` : '?limit=1000';
    const page = (await request(out, to, 'GET', route + query)) as { items?: unknown[]; next?: string | null };
    items.push(...(page?.items ?? []));
    cursor = page?.next;
  } while (cursor);
  return { items, next: null };
}

/** Opens a request and leaves reading its answer to the caller. @throws CommandFailed when nobody answers */
export async function send(
  to: Reach,
  method: string,
  route: string,
  body?: unknown,
  more: { headers?: Record<string, string>; signal?: AbortSignal } = {},
): Promise<Response> {
  try {
    const ask = to.certFile === undefined ? fetch : await pinnedFetch(to.certFile);
    return await ask(to.url + route, {
      method,
      headers: {
        authorization: `Bearer ${to.token()}`,
        accept: 'application/json',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...more.headers,
      },
      body: body === undefined ? null : JSON.stringify(body),
      signal: more.signal ?? AbortSignal.timeout(PATIENCE_MS),
      redirect: 'error',
    });
  } catch (error) {
    if (error instanceof CommandFailed || more.signal?.aborted) throw error;
    throw new CommandFailed(unreachable(to.url, error));
  }
}

/** An answer that is an error, as a sentence with what to do next. */
export function refused(to: Reach, response: Response, { error, reason }: Refused): CommandFailed {
  const said = printable(error ?? response.statusText).replace(/\.$/, '');
  if (response.status === 401) {
    return new CommandFailed(
      `${to.url} does not accept our token (${reason ?? said}): is --state the data folder of that gateway?`,
    );
  }
  if (response.status === 503) {
    const wait = response.headers.get('retry-after');
    return new CommandFailed(`${said} (${reason ?? 503})${wait ? `; try again in ${wait} s` : ''}`);
  }
  return new CommandFailed(reason ? `${said} (${printable(reason)})` : said);
}

function unreachable(url: string, error: unknown): string {
  const cause = (error as { cause?: { code?: string; message?: string } }).cause;
  if ((error as Error).name === 'TimeoutError') return `${url} took the connection but did not answer within 15 s`;
  if (cause?.code === 'ECONNREFUSED') {
    return `nothing answers at ${url}: start Signalbox with \`npm start\`, or give its address with --url URL`;
  }
  return `${url} can't be reached: ${cause?.code ?? cause?.message ?? String(error)}`;
}

function parsed(text: string): unknown {
  try {
    return text ? JSON.parse(text) : undefined;
  } catch {
    return undefined;
  }
}
