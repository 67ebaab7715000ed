import type { WebSocket } from 'ws';
import { until } from '../fixtures/process.ts';
import type { FakeGateway } from './http.ts';

/** A player's end of the signalling, led by a test. */
export interface FakePlayer {
  socket: WebSocket;
  // biome-ignore lint/suspicious/noExplicitAny: each test knows what it is told
  heard: any[];
  say(message: unknown): void;
  /** The first message of a type. */
  // biome-ignore lint/suspicious/noExplicitAny: each test knows what it is told
  told(type: string): Promise<any>;
  closed(): Promise<void>;
}

/** Connects to a gateway; nothing is said yet. */
export async function connectPlayer(
  gateway: FakeGateway,
  camera = 'cam_001',
  headers: Record<string, string> = {},
): Promise<FakePlayer> {
  const socket: WebSocket = await gateway.server.injectWS(`/webrtc/${camera}`, {
    headers: { host: 'localhost:8080', 'sec-websocket-protocol': 'signalbox.v1', ...headers },
  });
  const heard: FakePlayer['heard'] = [];
  let gone = false;
  socket.on('message', (data) => heard.push(JSON.parse(data.toString())));
  // Browsers do so; one that is injected does not by itself.
  socket.on('ping', (data) => socket.pong(data));
  socket.on('close', () => {
    gone = true;
  });
  return {
    socket,
    heard,
    say: (message) => socket.send(typeof message === 'string' ? message : JSON.stringify(message)),
    told: (type) =>
      until(`${type} among ${JSON.stringify(heard)}`, () => heard.find((one) => one.type === type), 2_000, 5),
    closed: async () => void (await until('the end of the connection', () => gone, 2_000, 5)),
  };
}
