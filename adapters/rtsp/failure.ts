/** What went wrong on an RTSP connection; `status` comes with the answer's own code. */
export type RtspFailureCode =
  | 'refused'
  | 'no-route'
  | 'unknown-host'
  | 'timeout'
  | 'closed'
  | 'garbage'
  | 'no-video'
  | 'status';

/** Thrown, or told as the end of a connection. Its message never holds an address, so no token or password either. */
export class RtspFailure extends Error {
  override name = 'RtspFailure';
  readonly code: RtspFailureCode;
  /** The RTSP status, when the peer answered with one that is not 2xx. */
  readonly status: number | undefined;
  constructor(code: RtspFailureCode, message: string, status?: number) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

const CODES: Record<string, RtspFailureCode> = {
  ECONNREFUSED: 'refused',
  EHOSTUNREACH: 'no-route',
  EHOSTDOWN: 'no-route',
  ENETUNREACH: 'no-route',
  ENETDOWN: 'no-route',
  EADDRNOTAVAIL: 'no-route',
  ENOTFOUND: 'unknown-host',
  EAI_AGAIN: 'unknown-host',
  EAI_NONAME: 'unknown-host',
  ETIMEDOUT: 'timeout',
  ECONNRESET: 'closed',
  EPIPE: 'closed',
};

const TEXTS: Record<string, string> = {
  refused: 'nothing listens there',
  'no-route': 'no route to the host',
  'unknown-host': 'the host name is unknown',
  timeout: 'no answer from the host',
  closed: 'the peer closed the connection',
};

/** Makes a failure of what a socket said. */
export function failureOf(error: NodeJS.ErrnoException): RtspFailure {
  const code = CODES[error.code ?? ''];
  if (code) return new RtspFailure(code, `${TEXTS[code]} (${error.code})`);
  // What remains are TLS faults: a bad certificate, or a peer that does not speak TLS at all.
  return new RtspFailure('garbage', `the connection failed: ${error.code ?? error.message.slice(0, 80)}`);
}
