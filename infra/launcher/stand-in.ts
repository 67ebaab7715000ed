import http from 'node:http';
import https from 'node:https';
import { readCertificate } from '../certificate.ts';
import type { Group } from '../group.ts';

/** Answers at a gateway's address while none is there. */
export interface StandIn {
  /** The gateway has ended, and is started again in so long. Takes its place until `leave`. */
  take(restartMs: number): void;
  /** A gateway is about to listen: resolves when its address is free. */
  leave(): Promise<void>;
}

/** From its start until a gateway listens. */
const START_MS = 1_000;

/**
 * Who waits for an event stream tries again by itself when its connection ends, and a cache goes on with what it has;
 * to both, a refusal would be an answer.
 */
const isDropped = ({ url = '', headers }: http.IncomingMessage): boolean =>
  url.startsWith('/hls/') || headers.accept?.includes('text/event-stream') === true;

/** Whether a person has opened a page: a program that asks reads the reason instead. */
const isPage = ({ headers }: http.IncomingMessage): boolean => headers.accept?.includes('text/html') === true;

/**
 * Makes one for a gateway; nothing listens until `take`. Every request is refused with 503 and `Retry-After`, so that
 * nobody has to guess why, and for how long; a page that somebody opens comes by itself then.
 * @param say what a person should know
 */
export function standIn({ host, port, tls }: Group['http'], say: (line: string) => void): StandIn {
  let server: http.Server | undefined;
  let backAtMs = 0;

  const refuse = (request: http.IncomingMessage, response: http.ServerResponse) => {
    if (isDropped(request)) return request.socket.destroy();
    const afterS = Math.max(1, Math.ceil((backAtMs - performance.now()) / 1_000));
    const error = `The gateway has ended and is being started again; pictures go on. Ask again in ${afterS} s.`;
    const headers = { 'cache-control': 'no-store', connection: 'close', 'retry-after': String(afterS) };
    if (isPage(request)) {
      response.writeHead(503, { ...headers, 'content-type': 'text/plain; charset=utf-8', refresh: String(afterS) });
      return response.end(error);
    }
    response.writeHead(503, { ...headers, 'content-type': 'application/json; charset=utf-8' });
    return response.end(JSON.stringify({ error, reason: 'gateway-away' }));
  };

  return {
    take(restartMs) {
      backAtMs = performance.now() + restartMs + START_MS;
      if (server) return;
      try {
        server = tls ? https.createServer(readCertificate(tls), refuse) : http.createServer(refuse);
      } catch (error) {
        return say(`nobody answers for the gateway until it is back: ${(error as Error).message}`);
      }
      const mine = server;
      mine.on('error', (error) => {
        if (server === mine) server = undefined;
        say(`nobody answers for the gateway until it is back: ${error.message}`);
      });
      mine.listen({ host, port });
    },
    leave() {
      const leaving = server;
      server = undefined;
      return new Promise((resolve) => {
        if (!leaving) return resolve();
        leaving.close(() => resolve());
        leaving.closeAllConnections();
      });
    },
  };
}
