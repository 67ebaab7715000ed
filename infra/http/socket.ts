import type { WebSocket } from 'ws';
import type { Ending } from './ending.ts';

/** Whoever does not read for long is cut off rather than let grow. */
const MAX_BACKLOG_BYTES = 1024 * 1024;
const PING_EVERY_MS = 15_000;

/** Where a player's conversation is heard. */
export interface Line {
  send(message: { type: string; [field: string]: unknown }): void;
  /** Says goodbye and closes. */
  end(ending: Ending): void;
  /** Whether the player is known to be there just now; if not, it is asked, and gone unless it answers soon. */
  isThere(): boolean;
}

/** Sends JSON; a peer that lets its messages pile up is cut off. */
export function sendJson(socket: WebSocket, message: object): void {
  if (socket.readyState !== socket.OPEN) return;
  if (socket.bufferedAmount > MAX_BACKLOG_BYTES) socket.terminate();
  else socket.send(JSON.stringify(message));
}

/** Whoever is asked whether they are there answers within this, and counts as there for so long. */
const PRESENCE = { answerMs: 4_000, lastsMs: 1_000 };

/**
 * Cuts a peer off that is no longer there: it must answer one ping before the next is due.
 * @returns whether it is known to be there just now; if not, it is asked, and cut off unless it answers soon
 */
export function keepAlive(socket: WebSocket, { answerMs, lastsMs } = PRESENCE): () => boolean {
  let answered = true;
  let answeredMs = Number.NEGATIVE_INFINITY;
  let asking: NodeJS.Timeout | undefined;
  socket.on('pong', () => {
    answered = true;
    answeredMs = performance.now();
    clearTimeout(asking);
    asking = undefined;
  });
  const timer = setInterval(() => {
    if (!answered) return socket.terminate();
    answered = false;
    socket.ping();
  }, PING_EVERY_MS);
  socket.on('close', () => {
    clearInterval(timer);
    clearTimeout(asking);
  });
  return () => {
    if (socket.readyState !== socket.OPEN) return false;
    if (performance.now() - answeredMs < lastsMs) return true;
    if (asking === undefined) {
      asking = setTimeout(() => socket.terminate(), answerMs);
      socket.ping();
    }
    return false;
  };
}

/** A bucket that lets `perSecond` through, and `burst` at once. */
export function limiter(perSecond: number, burst: number, now: () => number = () => performance.now()) {
  let left = burst;
  let at = now();
  return (cost = 1): boolean => {
    const moment = now();
    left = Math.min(burst, left + ((moment - at) / 1000) * perSecond);
    at = moment;
    if (left < cost) return false;
    left -= cost;
    return true;
  };
}
