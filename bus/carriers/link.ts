import { chmod, rm } from 'node:fs/promises';
import net from 'node:net';

/** A message between two processes of one group: JSON, with an optional binary payload. `type` says what it is. */
export interface LinkMessage {
  type: string;
  [field: string]: unknown;
}

/** The other end of a link. */
export interface Peer {
  /** Sends, or drops the message when the link is down; the receiver of state must be told it again on `up`. */
  send(message: LinkMessage, payload?: Uint8Array): void;
  close(): void;
}

/** What to do as messages arrive. */
export interface LinkHandlers {
  up?(peer: Peer): void;
  hear(message: LinkMessage, payload: Buffer | undefined, peer: Peer): void;
  down?(peer: Peer): void;
}

/** A way to another process that is no Unix socket of this machine. */
export interface Way {
  /** Begins a connection. */
  open(): net.Socket;
  /** The event by which it says that it can be used. */
  ready: 'connect' | 'secureConnect';
  /** A sign of life is sent this often; a connection without any for three times as long is given up. */
  beatMs: number;
}

/** A frame is two big-endian lengths, then the JSON, then the payload. One of nothing is a sign of life, and answered. */
const HEADER_BYTES = 8;
const MAX_FRAME_BYTES = 16 * 1024 * 1024;
/** A peer that does not read is cut off rather than let grow. */
const MAX_BACKLOG_BYTES = 64 * 1024 * 1024;

const SIGN_OF_LIFE = Buffer.alloc(HEADER_BYTES);
const BEATS_MISSED = 3;

/** @param asks whether this end asks for signs of life, instead of answering */
function attach(socket: net.Socket, handlers: LinkHandlers, asks = false): Peer {
  let pending: Buffer = Buffer.alloc(0);
  const peer: Peer = {
    send(message, payload) {
      if (socket.destroyed || !socket.writable) return;
      const json = Buffer.from(JSON.stringify(message));
      const header = Buffer.allocUnsafe(HEADER_BYTES);
      header.writeUInt32BE(json.length, 0);
      header.writeUInt32BE(payload?.length ?? 0, 4);
      socket.cork();
      socket.write(header);
      socket.write(json);
      if (payload?.length) socket.write(payload);
      socket.uncork();
      if (socket.writableLength > MAX_BACKLOG_BYTES) socket.destroy();
    },
    close: () => socket.destroy(),
  };
  socket.on('data', (chunk) => {
    pending = pending.length ? Buffer.concat([pending, chunk]) : chunk;
    while (pending.length >= HEADER_BYTES) {
      const jsonBytes = pending.readUInt32BE(0);
      const payloadBytes = pending.readUInt32BE(4);
      const frameBytes = HEADER_BYTES + jsonBytes + payloadBytes;
      if (frameBytes > MAX_FRAME_BYTES) return void socket.destroy();
      if (pending.length < frameBytes) return;
      const frame = pending.subarray(HEADER_BYTES, frameBytes);
      pending = pending.subarray(frameBytes);
      if (frameBytes === HEADER_BYTES) {
        if (!asks) socket.write(SIGN_OF_LIFE);
        continue;
      }
      const message = JSON.parse(frame.toString('utf8', 0, jsonBytes)) as LinkMessage;
      handlers.hear(message, payloadBytes ? Buffer.from(frame.subarray(jsonBytes)) : undefined, peer);
    }
  });
  socket.on('error', () => {}); // 'close' follows and tells the same
  socket.on('close', () => handlers.down?.(peer));
  handlers.up?.(peer);
  return peer;
}

/**
 * Listens for peers on a Unix socket that only this user can open.
 * @param path at most about 100 bytes, a limit of the operating system
 */
export async function serveLink(path: string, handlers: LinkHandlers): Promise<{ close(): void }> {
  await rm(path, { force: true });
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    attach(socket, handlers);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
  await chmod(path, 0o600);
  return {
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** Gives a connection up from which nothing comes; what is sent into a cut network counts for nothing. */
function keepAlive(socket: net.Socket, { ready, beatMs }: Way): NodeJS.Timeout {
  let missed = 0;
  let up = false;
  socket.on('data', () => {
    missed = 0;
  });
  socket.once(ready, () => {
    up = true;
  });
  return setInterval(() => {
    missed += 1;
    if (missed > BEATS_MISSED) socket.destroy();
    else if (up) socket.write(SIGN_OF_LIFE);
  }, beatMs);
}

/** Connects and stays connected: after a loss it tries again every `retryMs`. @param to a Unix socket, or another way */
export function openLink(to: string | Way, handlers: LinkHandlers, retryMs = 100): Peer & { isUp(): boolean } {
  const way = typeof to === 'string' ? undefined : to;
  let peer: Peer | undefined;
  let closed = false;
  let retry: NodeJS.Timeout | undefined;
  let socket: net.Socket | undefined;
  const connect = () => {
    const attempt = typeof to === 'string' ? net.connect(to) : to.open();
    socket = attempt;
    const beat = way && keepAlive(attempt, way);
    attempt.once(way?.ready ?? 'connect', () => {
      const ends: LinkHandlers = {
        up(connected) {
          peer = connected;
          handlers.up?.(connected);
        },
        hear: handlers.hear,
        down(lost) {
          peer = undefined;
          handlers.down?.(lost);
        },
      };
      attach(attempt, ends, way !== undefined);
    });
    attempt.on('error', () => {});
    attempt.on('close', () => clearInterval(beat));
    attempt.on('close', () => {
      if (!closed) retry = setTimeout(connect, retryMs);
    });
  };
  connect();
  return {
    send: (message, payload) => peer?.send(message, payload),
    isUp: () => peer !== undefined,
    close() {
      closed = true;
      clearTimeout(retry);
      socket?.destroy();
    },
  };
}
