import http from 'node:http';
import https from 'node:https';
import { readCertificate } from '../certificate.ts';
import type { Group } from '../group.ts';

/** Answers at a gateway's address while none is there, or one is there that can't serve yet. */
export interface StandIn {
  /** The gateway has ended, and is started again in so long. Takes its place until `leave`. */
  take(restartMs: number): void;
  /** The gateway, or who starts it, runs, and waits for what it says. Takes its place until `leave`. */
  waits(why: string): void;
  /** A gateway is about to listen: resolves when its address is free. */
  leave(): Promise<void>;
}

/** From its start until a gateway listens. */
const START_MS = 1_000;
/** Nobody knows how long a gateway waits. */
const ASK_AGAIN_S = 2;

/** Why there is no gateway, as things stand. */
interface Absence {
  /** Whether it goes on as soon as it has what it waits for. */
  isUp: boolean;
  reason: 'gateway-away' | 'gateway-waits';
  text: string;
  askAgainS(): number;
}

/**
 * Who waits for an event stream tries again by itself when its connection ends, and a cache goes on with what it has;
 * to both, a refusal would be an answer.
 */
const isDropped = ({ url = '', headers }: http.IncomingMessage): boolean =>
  url.startsWith('/hls/') || headers.accept?.includes('text/event-stream') === true;

/** Whether a person has opened a page: a program that asks reads the reason instead. */
const isPage = ({ headers }: http.IncomingMessage): boolean => headers.accept?.includes('text/html') === true;

/**
 * Makes one for a gateway; nothing listens until it takes the gateway's place. Every request is refused with 503 and
 * `Retry-After`, so that nobody has to guess why, and for how long; a page that somebody opens comes by itself then.
 * @param say what a person should know
 */
export function standIn({ http: at, node }: Pick<Group, 'http' | 'node'>, say: (line: string) => void): StandIn {
  let server: http.Server | undefined;
  let absence: Absence | undefined;
  let waitsSince: string | undefined;

  const refuse = (now: Absence, request: http.IncomingMessage, response: http.ServerResponse) => {
    const afterS = now.askAgainS();
    const error = `${now.text} Ask again in ${afterS} s.`;
    const headers = { 'cache-control': 'no-store', connection: 'close', 'retry-after': String(afterS) };
    if (isPage(request)) {
      response.writeHead(503, { ...headers, 'content-type': 'text/plain; charset=utf-8', refresh: String(afterS) });
      return response.end(error);
    }
    const isAlive = request.url === '/healthz' && now.isUp;
    response.writeHead(isAlive ? 200 : 503, { ...headers, 'content-type': 'application/json; charset=utf-8' });
    if (isAlive) return response.end(JSON.stringify({ status: 'ok', node }));
    // Whoever reads it from the gateway finds the same here.
    const readiness = { status: 'down', reasons: [{ part: 'gateway', state: 'down', text: now.text }] };
    response.end(JSON.stringify(request.url === '/readyz' ? readiness : { error, reason: now.reason }));
  };
  const answer = (request: http.IncomingMessage, response: http.ServerResponse) => {
    if (!absence || isDropped(request)) request.socket.destroy();
    else refuse(absence, request, response);
  };

  const open = () => {
    if (server) return;
    const fails = (error: Error) => say(`nobody answers for the gateway until it is back: ${error.message}`);
    try {
      server = at.tls ? https.createServer(readCertificate(at.tls), answer) : http.createServer(answer);
    } catch (error) {
      return fails(error as Error);
    }
    const mine = server;
    mine.on('error', (error) => {
      if (server === mine) server = undefined;
      fails(error);
    });
    mine.listen({ host: at.host, port: at.port });
  };

  return {
    take(restartMs) {
      const backAtMs = performance.now() + restartMs + START_MS;
      waitsSince = undefined;
      absence = {
        isUp: false,
        reason: 'gateway-away',
        text: 'The gateway has ended and is being started again; pictures go on.',
        askAgainS: () => Math.max(1, Math.ceil((backAtMs - performance.now()) / 1_000)),
      };
      open();
    },
    waits(why) {
      waitsSince ??= new Date().toISOString();
      absence = {
        isUp: true,
        reason: 'gateway-waits',
        text: `The gateway can't serve yet, since ${waitsSince}: ${why}. Pictures that are being watched go on.`,
        askAgainS: () => ASK_AGAIN_S,
      };
      open();
    },
    leave() {
      const leaving = server;
      server = undefined;
      waitsSince = undefined;
      return new Promise((resolve) => {
        if (!leaving) return resolve();
        leaving.close(() => resolve());
        leaving.closeAllConnections();
      });
    },
  };
}
