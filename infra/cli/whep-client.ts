import { type IceServer, serversOf } from '../client/runtime/ice-servers.ts';
import { pinnedFetch } from './pinned-fetch.ts';
import type { Reach } from './reach.ts';
import { refused } from './request.ts';
import { CommandFailed } from './terminal.ts';

/** A WHEP session that a command opened. */
export interface Whep {
  answer: string;
  servers: IceServer[];
  leave(): Promise<void>;
}

const PATIENCE_MS = 15_000;

/** Offers to watch a camera. @throws CommandFailed when it is refused */
export async function openWhep(to: Reach, camera: string, offer: string): Promise<Whep> {
  const ask = to.certFile === undefined ? fetch : await pinnedFetch(to.certFile);
  const send = (method: string, url: string, body: string | null): Promise<Response> =>
    ask(url, {
      method,
      headers: {
        authorization: `Bearer ${to.token()}`,
        ...(body === null ? {} : { 'content-type': 'application/sdp' }),
      },
      body,
      signal: AbortSignal.timeout(PATIENCE_MS),
      redirect: 'error',
    });
  let response: Response;
  try {
    response = await send('POST', `${to.url}/live/${camera}/whep`, offer);
  } catch (error) {
    const { cause } = error as { cause?: { code?: string } };
    throw new CommandFailed(`${to.url} can't be reached: ${cause?.code ?? String(error)}`);
  }
  const text = await response.text();
  if (!response.ok) throw refused(to, response, said(text));
  const place = new URL(response.headers.get('location') ?? '', `${to.url}/`).href;
  return {
    answer: text,
    servers: serversOf(response.headers.get('link') ?? ''),
    async leave() {
      await send('DELETE', place, null).catch(() => {}); // the session ends by itself, only later
    },
  };
}

const said = (text: string): { error?: string; reason?: string } => {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
};
