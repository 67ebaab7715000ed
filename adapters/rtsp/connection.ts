import net from 'node:net';
import tls from 'node:tls';
import { failureOf, RtspFailure } from './failure.ts';
import { createRtspReader, header, type RtspMessage } from './message.ts';

/** An answer of the peer, whatever its status. */
export type RtspResponse = Extract<RtspMessage, { kind: 'response' }>;

/** How to talk on a connection, and what to do as things arrive. */
export interface RtspOptions {
  connectTimeoutMs: number;
  answerTimeoutMs: number;
  /** An interleaved frame with its four-byte header; the buffer is the taker's own. */
  onFrame?(frame: Buffer): void;
  /** Every frame that came with the last read was handed over: the moment to write on. */
  onBatch?(): void;
  /** It is over, once; not called after `close`. */
  onEnd?(failure: RtspFailure): void;
  /** Certificate authorities for rtsps://, PEM; default: the system's. */
  ca?: string;
  /** Opens a socket without TLS instead of us; undefined: it can't now. @throws RtspFailure */
  dial?(host: string, port: number, timeoutMs: number): Promise<net.Socket> | undefined;
}

/** An open RTSP connection. */
export interface RtspConnection {
  /**
   * Asks and waits for the answer with its CSeq, whatever the status.
   * @param patienceMs instead of the connection's own answer timeout
   * @throws RtspFailure when the connection ends or the time is over, which ends the connection too
   */
  request(
    method: string,
    url: string,
    headers?: Record<string, string>,
    body?: string,
    patienceMs?: number,
  ): Promise<RtspResponse>;
  /** The socket, for interleaved frames. */
  readonly socket: net.Socket;
  close(): void;
}

interface Pending {
  resolve(response: RtspResponse): void;
  reject(failure: RtspFailure): void;
  timer: NodeJS.Timeout;
}

const DEFAULT_PORT = { 'rtsp:': 554, 'rtsps:': 322 };

/** Opens a socket, at once or not at all. @throws RtspFailure */
async function connect(address: string, options: RtspOptions): Promise<net.Socket> {
  const url = new URL(address);
  const secure = url.protocol === 'rtsps:';
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const port = Number(url.port) || DEFAULT_PORT[secure ? 'rtsps:' : 'rtsp:'];
  const dialled = secure ? undefined : options.dial?.(host, port, options.connectTimeoutMs);
  if (dialled) return dialled;
  const servername = net.isIP(host) ? {} : { servername: host };
  const socket = secure
    ? tls.connect({ host, port, ...servername, ...(options.ca ? { ca: options.ca } : {}) })
    : net.connect({ host, port, noDelay: true });
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => {
      socket.destroy();
      reject(new RtspFailure('timeout', `no connection within ${options.connectTimeoutMs} ms`));
    }, options.connectTimeoutMs);
    socket.once(secure ? 'secureConnect' : 'connect', () => {
      clearTimeout(timer);
      socket.removeAllListeners('error');
      resolve();
    });
    socket.once('error', (error) => {
      clearTimeout(timer);
      reject(failureOf(error));
    });
  });
  return socket;
}

/**
 * Opens an RTSP connection over TCP, or TLS for rtsps://.
 * @param address without user name and password
 * @throws RtspFailure
 */
export const openRtsp = async (address: string, options: RtspOptions): Promise<RtspConnection> =>
  converse(await connect(address, options), options);

/** Goes on with the conversation on a socket, whoever had it before. */
export function converse(socket: net.Socket, options: RtspOptions): RtspConnection {
  const pending = new Map<number, Pending>();
  let cseq = 0;
  let over = false;

  const end = (failure: RtspFailure, silent = false) => {
    if (over) return;
    over = true;
    socket.destroy();
    for (const waiting of pending.values()) {
      clearTimeout(waiting.timer);
      waiting.reject(failure);
    }
    pending.clear();
    if (!silent) options.onEnd?.(failure);
  };

  const reader = createRtspReader({
    frame: (frame) => options.onFrame?.(frame),
    message(message) {
      if (message.kind === 'request') {
        // Some servers ping their clients; the answer that keeps them content needs no content.
        socket.write(`RTSP/1.0 200 OK\r\nCSeq: ${Number(header(message.headers, 'cseq')) || 0}\r\n\r\n`);
        return;
      }
      const told = header(message.headers, 'cseq');
      // A server that forgets the CSeq answers in order.
      const number = told === undefined ? [...pending.keys()][0] : Number(told);
      const waiting = number === undefined ? undefined : pending.get(number);
      if (number === undefined || !waiting) return;
      pending.delete(number);
      clearTimeout(waiting.timer);
      waiting.resolve(message);
    },
  });

  socket.on('data', (chunk) => {
    try {
      reader.push(chunk);
    } catch (error) {
      if (error instanceof RtspFailure) return end(error);
      throw error;
    }
    options.onBatch?.();
  });
  socket.on('error', (error) => end(failureOf(error)));
  socket.on('close', () => end(new RtspFailure('closed', 'the peer closed the connection')));

  return {
    socket,
    close: () => end(new RtspFailure('closed', 'closed by us'), true),
    request(method, url, headers = {}, body = '', patienceMs = options.answerTimeoutMs) {
      if (over) return Promise.reject(new RtspFailure('closed', 'the connection is closed'));
      cseq += 1;
      const number = cseq;
      const lines = [`${method} ${url} RTSP/1.0`, `CSeq: ${number}`, 'User-Agent: signalbox'];
      for (const [name, value] of Object.entries(headers)) lines.push(`${name}: ${value}`);
      if (body) lines.push(`Content-Length: ${Buffer.byteLength(body)}`);
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          end(new RtspFailure('timeout', `no answer to ${method} within ${patienceMs} ms`));
        }, patienceMs);
        pending.set(number, { resolve, reject, timer });
        socket.write(`${lines.join('\r\n')}\r\n\r\n${body}`);
      });
    },
  };
}

/** The answer itself when it is 2xx. @throws RtspFailure (code `status`) otherwise */
export function expectOk(method: string, response: RtspResponse): RtspResponse {
  if (response.status >= 200 && response.status < 300) return response;
  throw new RtspFailure(
    'status',
    `${method} answered ${response.status} ${response.text.slice(0, 80)}`,
    response.status,
  );
}
