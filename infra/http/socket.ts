import type { WebSocket } from 'ws';

/** Whoever does not read for long is cut off rather than let grow. */
const MAX_BACKLOG_BYTES = 1024 * 1024;
const PING_EVERY_MS = 15_000;

/** Sends JSON; a peer that lets its messages pile up is cut off. */
export function sendJson(socket: WebSocket, message: object): void {
  if (socket.readyState !== socket.OPEN) return;
  if (socket.bufferedAmount > MAX_BACKLOG_BYTES) socket.terminate();
  else socket.send(JSON.stringify(message));
}

/** Cuts a peer off that is no longer there: it must answer one ping before the next is due. */
export function keepAlive(socket: WebSocket): void {
  let answered = true;
  socket.on('pong', () => {
    answered = true;
  });
  const timer = setInterval(() => {
    if (!answered) return socket.terminate();
    answered = false;
    socket.ping();
  }, PING_EVERY_MS);
  socket.on('close', () => clearInterval(timer));
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
