import { RtspFailure } from './failure.ts';

/** Header fields by lower-case name; a field may come several times. */
export type RtspHeaders = Map<string, string[]>;

/** A response, or a request that the peer sends us. */
export type RtspMessage = { headers: RtspHeaders; body: string } & (
  | { kind: 'response'; status: number; text: string }
  | { kind: 'request'; method: string }
);

/** What to do with what was read. */
export interface RtspReaderHandlers {
  /** An interleaved frame with its four-byte header (`$`, channel, length); the buffer belongs to the taker alone. */
  frame(frame: Buffer): void;
  message(message: RtspMessage): void;
}

/** Bounds on what a hostile peer may make us hold. */
const MAX_HEAD_BYTES = 16 * 1024;
const MAX_BODY_BYTES = 64 * 1024;
const FRAME_HEADER_BYTES = 4;
const DOLLAR = 0x24;
const CR = 0x0d;
const LF = 0x0a;

const START_LINE = /^(?:RTSP\/1\.\d (\d{3})(?: (.*))?|([A-Z_]{1,32}) \S+ RTSP\/1\.\d)$/;

/** The first value of a header field. */
export const header = (headers: RtspHeaders, name: string): string | undefined => headers.get(name)?.[0];

function parseHead(head: string): Omit<RtspMessage, 'body'> {
  const [startLine = '', ...lines] = head.split('\r\n');
  const start = START_LINE.exec(startLine);
  if (!start) throw new RtspFailure('garbage', 'the peer does not speak RTSP');
  const headers: RtspHeaders = new Map();
  for (const line of lines) {
    const colon = line.indexOf(':');
    if (colon < 1 || /[\r\n]/.test(line)) throw new RtspFailure('garbage', 'the peer sent a broken header line');
    const name = line.slice(0, colon).trim().toLowerCase();
    const values = headers.get(name);
    const value = line.slice(colon + 1).trim();
    if (values) values.push(value);
    else headers.set(name, [value]);
  }
  const [, status, text, method] = start;
  if (method) return { kind: 'request', method, headers } as Omit<RtspMessage, 'body'>;
  return { kind: 'response', status: Number(status), text: text ?? '', headers } as Omit<RtspMessage, 'body'>;
}

function bodyBytesOf(headers: RtspHeaders): number {
  const text = header(headers, 'content-length');
  if (text === undefined) return 0;
  const bytes = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (!(bytes <= MAX_BODY_BYTES)) throw new RtspFailure('garbage', 'the peer announced a body that is too large');
  return bytes;
}

/**
 * Reads RTSP with interleaved frames from a byte stream. It never holds more than one message or frame, and one chunk.
 * `push` throws RtspFailure (code `garbage`) for what is not RTSP; the reader is then of no further use.
 */
export function createRtspReader(handlers: RtspReaderHandlers): { push(chunk: Buffer): void } {
  let pending: Buffer | undefined;

  /** Takes one frame or message from `bytes` at `offset`; returns where it ends, or 0 when it is not all there. */
  const take = (bytes: Buffer, offset: number): number => {
    if (bytes[offset] === DOLLAR) {
      if (bytes.length - offset < FRAME_HEADER_BYTES) return 0;
      const end = offset + FRAME_HEADER_BYTES + bytes.readUInt16BE(offset + 2);
      if (end > bytes.length) return 0;
      handlers.frame(bytes.subarray(offset, end));
      return end;
    }
    if (bytes[offset] === CR || bytes[offset] === LF) return offset + 1; // some servers pad between messages
    const first = bytes[offset] ?? 0;
    if (first < 0x41 || first > 0x5a) throw new RtspFailure('garbage', 'the peer does not speak RTSP');
    const headEnd = bytes.indexOf('\r\n\r\n', offset, 'latin1');
    if (headEnd < 0 ? bytes.length - offset > MAX_HEAD_BYTES : headEnd - offset > MAX_HEAD_BYTES)
      throw new RtspFailure('garbage', 'the peer sent a header without an end');
    if (headEnd < 0) {
      // What speaks something else may never send an empty line.
      const lineEnd = bytes.indexOf('\r\n', offset, 'latin1');
      if (lineEnd >= 0) parseHead(bytes.toString('latin1', offset, lineEnd));
      return 0;
    }
    const head = parseHead(bytes.toString('latin1', offset, headEnd));
    const end = headEnd + 4 + bodyBytesOf(head.headers);
    if (end > bytes.length) return 0;
    handlers.message({ ...head, body: bytes.toString('utf8', headEnd + 4, end) } as RtspMessage);
    return end;
  };

  return {
    push(chunk) {
      const bytes = pending ? Buffer.concat([pending, chunk]) : chunk;
      pending = undefined;
      let offset = 0;
      while (offset < bytes.length) {
        const end = take(bytes, offset);
        if (end === 0) {
          pending = bytes.subarray(offset);
          return;
        }
        offset = end;
      }
    },
  };
}
