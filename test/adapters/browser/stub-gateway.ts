import { readFile } from 'node:fs/promises';
import http from 'node:http';
import path from 'node:path';
import { build } from 'vite';
import { type WebSocket, WebSocketServer } from 'ws';
import { freePort } from '../../fixtures/process.ts';

/** What the pages are served with. */
const POLICY =
  "default-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; connect-src 'self' ws: wss: http://127.0.0.1:*; style-src 'self'; script-src 'self'";
const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
};

/** Builds the pages into a folder of the test's own. */
export async function buildPages(folder: string): Promise<void> {
  const configFile = new URL('../../../adapters/browser/vite.config.ts', import.meta.url).pathname;
  await build({ configFile, logLevel: 'error', build: { outDir: folder, emptyOutDir: true } });
}

type Answer = { status?: number; json?: unknown; body?: Buffer | string; headers?: Record<string, string> };
type Route = (request: http.IncomingMessage, match: RegExpMatchArray, body: string) => Answer | Promise<Answer>;

/**
 * As much of a gateway as a page needs, with a real mediamtx behind the signalling. It can be taken away and brought
 * back on the same port, as when a gateway is killed.
 */
export interface StubGateway {
  url: string;
  /** What players said over their WebSockets. */
  // biome-ignore lint/suspicious/noExplicitAny: tests read what they know is there
  said: any[];
  /** What players over WHEP asked for after their offer, and how it was answered. */
  asked: { method: string; status: number }[];
  sockets: Set<WebSocket>;
  /** Hears what players say, and answers nothing. */
  mute: boolean;
  /** Changes an answer to an offer over the WebSocket; by default it is the relay's own. */
  answerAs(sdp: string): string;
  /** How often a session was asked for. */
  admissions(): number;
  /** Answers to `GET /live/…` other than a session. */
  refuse: { status: number; body: unknown } | undefined;
  /** Answers of the API, by `METHOD /path` (a regular expression). */
  route(pattern: string, answer: Route): void;
  /** An answer that stays open. */
  stream(pattern: string, answer: (request: http.IncomingMessage, response: http.ServerResponse) => void): void;
  tell(message: object): void;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * @param pages folder of the built pages
 * @param whep where a relay takes WHEP for a camera; the relay is named by a player that goes there by itself
 */
export async function startStubGateway(
  pages: string,
  whep: (camera: string, relay?: string) => string,
): Promise<StubGateway> {
  const port = await freePort();
  const routes: { pattern: RegExp; answer: Route }[] = [];
  const streams: { pattern: RegExp; answer: Parameters<StubGateway['stream']>[1] }[] = [];
  let admissions = 0;
  let server: http.Server;
  let upgrader: WebSocketServer;
  const stub: StubGateway = {
    url: `http://127.0.0.1:${port}`,
    said: [],
    asked: [],
    sockets: new Set(),
    mute: false,
    answerAs: (sdp) => sdp,
    admissions: () => admissions,
    refuse: undefined,
    route: (pattern, answer) => routes.unshift({ pattern: new RegExp(`^${pattern}$`), answer }),
    stream: (pattern, answer) => streams.push({ pattern: new RegExp(`^${pattern}$`), answer }),
    tell: (message) => {
      for (const socket of stub.sockets) socket.send(JSON.stringify(message));
    },
    async start() {
      server = http.createServer((request, response) => void serve(request, response));
      upgrader = new WebSocketServer({ server, handleProtocols: () => 'signalbox.v1' });
      upgrader.on('connection', (socket, request) => {
        stub.sockets.add(socket);
        socket.on('close', () => stub.sockets.delete(socket));
        signal(socket, String(request.url?.split('/').pop()), whep, stub);
      });
      await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    },
    async stop() {
      for (const socket of stub.sockets) socket.terminate();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };

  stub.route('GET /live/([^/?]+)/webrtc.*', (_request, [, camera]) => {
    admissions++;
    if (stub.refuse) return { status: stub.refuse.status, json: stub.refuse.body };
    return {
      json: {
        session_id: 'ses_1',
        webrtc_url: `ws://127.0.0.1:${port}/webrtc/${camera}`,
        whep_url: `${stub.url}/live/${camera}/whep`,
        ice_servers: [],
        stream_token: 'stream-token',
        expires_in: 3600,
        quality: 'source',
      },
    };
  });
  stub.route('POST /live/([^/?]+)/whep', async (request, [, camera], body) => {
    if (request.headers.authorization !== 'Bearer stream-token') return { status: 401, json: { error: 'no token' } };
    const answer = await fetch(whep(String(camera)), {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/sdp' },
    });
    const location = answer.headers.get('location') ?? '';
    const sdp = await answer.text();
    if (!answer.ok) return { status: answer.status, json: { error: sdp } };
    return { status: 201, body: sdp, headers: { 'content-type': 'application/sdp', location: `/relay${location}` } };
  });
  stub.route('(PATCH|DELETE) /relay(/([^/]+)/whep/.*)', async (request, [, method, rest, camera], body) => {
    const type = request.headers['content-type'];
    const target = new URL(String(rest), whep(String(camera)));
    const answer = await fetch(target, {
      method: String(method),
      ...(body ? { body } : {}),
      headers: type ? { 'content-type': type, 'if-match': '*' } : {},
    });
    stub.asked.push({ method: String(method), status: answer.status });
    return { status: answer.status };
  });

  async function serve(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    let body = '';
    for await (const chunk of request) body += chunk;
    const line = `${request.method} ${request.url}`;
    const stream = streams.find(({ pattern }) => pattern.test(line));
    if (stream) return stream.answer(request, response);
    for (const { pattern, answer } of routes) {
      const match = line.match(pattern);
      if (!match) continue;
      const { status = 200, json, body: sent, headers = {} } = await answer(request, match, body);
      response.writeHead(status, { ...(json === undefined ? {} : { 'content-type': 'application/json' }), ...headers });
      return void response.end(json === undefined ? sent : JSON.stringify(json));
    }
    const name = pageFile(request.url ?? '/');
    const file = await readFile(path.join(pages, name)).catch(() => undefined);
    if (!file) return void response.writeHead(404, { 'content-type': 'application/json' }).end('{"error":"not found"}');
    response.writeHead(200, { 'content-type': TYPES[path.extname(name)] ?? '', 'content-security-policy': POLICY });
    response.end(file);
  }
  await stub.start();
  return stub;
}

function pageFile(url: string): string {
  const { pathname } = new URL(url, 'http://stub');
  if (pathname === '/') return 'index.html';
  return pathname.startsWith('/watch/') ? 'watch.html' : path.normalize(pathname);
}

/** The gateway's end of the signalling: hello, then offers, which the relay answers. */
function signal(
  socket: WebSocket,
  camera: string,
  whep: (camera: string, relay?: string) => string,
  stub: Pick<StubGateway, 'said' | 'mute' | 'answerAs'>,
): void {
  const send = (message: object): void => socket.send(JSON.stringify(message));
  let greeted = false;
  socket.on('message', async (data) => {
    const message = JSON.parse(String(data));
    stub.said.push(message);
    if (stub.mute) return;
    if (message.type === 'hello') {
      greeted = message.stream_token === 'stream-token';
      send({ type: 'welcome', session_id: 'ses_1', camera, rungs: [] });
    } else if (message.type === 'offer' && greeted) {
      const headers = { 'content-type': 'application/sdp' };
      const at = whep(camera, message.relay);
      const answer = await fetch(at, { method: 'POST', body: message.sdp, headers }).catch(() => undefined);
      if (answer?.ok) send({ type: 'answer', leg: message.leg, sdp: stub.answerAs(await answer.text()) });
      else send({ type: 'refused', leg: message.leg, text: 'The relay has no such picture.' });
    }
  });
}
