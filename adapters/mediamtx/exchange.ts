import http from 'node:http';
import https from 'node:https';
import { authority } from '../authority.ts';

/** Where a server of a relay listens. */
export interface Endpoint {
  host: string;
  port: number;
  /** Over TLS: the way there is not our own. */
  tls?: boolean;
}

/** The address of an HTTP server of a relay. */
export const originOf = ({ host, port, tls }: Endpoint): string =>
  `${tls ? 'https' : 'http'}://${authority(host, port)}`;

/** The address of a stream over RTSP. */
export const rtspAddress = ({ host, port, tls }: Endpoint, path: string): string =>
  `${tls ? 'rtsps' : 'rtsp'}://${authority(host, port)}/${path}`;

/** Keeps connections to such a server open. */
export const agentFor = (tls = false, options: http.AgentOptions = {}): http.Agent =>
  new (tls ? https : http).Agent({ keepAlive: true, ...options });

/** One HTTP request to a relay. */
export interface RelayRequest {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  url: URL;
  headers?: http.OutgoingHttpHeaders;
  body?: string;
  timeoutMs: number;
}

/** What the relay answered, whatever its status. */
export interface RelayAnswer {
  status: number;
  headers: http.IncomingHttpHeaders;
  body: string;
}

/** The relay can't be reached, or did not answer in time; nothing is known about what was asked. */
export class RelayAway extends Error {
  override name = 'RelayAway';
  readonly reason = 'relay-away';
}

/** A list of ten thousand sessions is 10 MB. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;

/** The relay closed an idle connection just as it was used: it never saw the request, so asking again is safe. */
class StaleConnection extends Error {}

function once(agent: http.Agent, { method, url, headers, body, timeoutMs }: RelayRequest): Promise<RelayAnswer> {
  return new Promise((resolve, reject) => {
    const request = (url.protocol === 'https:' ? https : http).request(url, {
      agent,
      method,
      headers,
      signal: AbortSignal.timeout(timeoutMs),
    });
    request.on('response', (response) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        chunks.push(chunk);
        if (bytes > MAX_ANSWER_BYTES) request.destroy(new Error(`the answer is longer than ${MAX_ANSWER_BYTES} bytes`));
      });
      response.on('error', reject);
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks).toString('utf8'),
        }),
      );
    });
    request.on('error', (error: NodeJS.ErrnoException) => {
      const stale = request.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
      reject(stale ? new StaleConnection() : error);
    });
    request.end(body);
  });
}

/**
 * Asks a relay over HTTP; a connection that went stale is replaced once.
 * @param relay its name, for the message
 * @throws RelayAway
 */
export async function exchange(relay: string, agent: http.Agent, request: RelayRequest): Promise<RelayAnswer> {
  try {
    return await once(agent, request).catch((error) => {
      if (!(error instanceof StaleConnection)) throw error;
      // A fresh connection: the other idle ones are as old.
      return once(agentFor(request.url.protocol === 'https:', { keepAlive: false }), request);
    });
  } catch (error) {
    const { code, name, message } = error as NodeJS.ErrnoException;
    const what = name === 'AbortError' ? `no answer within ${request.timeoutMs} ms` : (code ?? message);
    const where = request.url.host;
    throw new RelayAway(`relay ${relay} can't be reached at ${where} (${what}): its process is down, or starting`);
  }
}

/** The text of a refusal, without what it may quote of a login. */
export function refusalText(body: string): string {
  let text = body;
  try {
    const { error } = JSON.parse(body) as { error?: unknown };
    if (typeof error === 'string') text = error;
  } catch {
    // told as it is
  }
  return text.slice(0, 300).replace(/\/\/[^/\s'"]*@/g, '//');
}
