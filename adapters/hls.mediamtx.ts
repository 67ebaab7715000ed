import http from 'node:http';
import type { Readable } from 'node:stream';
import { agentFor, type Endpoint, exchange, originOf } from './mediamtx/exchange.ts';

/** Why a relay gives no low-latency HLS of a path: nothing is published there, it can't be made of that, or it is away. */
export class NoLowLatency extends Error {
  override name = 'NoLowLatency';
  readonly reason: 'no-stream' | 'refused' | 'relay-away';
  constructor(reason: NoLowLatency['reason'], text: string) {
    super(text);
    this.reason = reason;
  }
}

/** A file of low-latency HLS, as the relay answers. */
export interface LowLatencyFile {
  status: number;
  body: Readable;
}

/** Low-latency HLS (RFC 8216bis), which relays make of their paths while somebody asks. */
export interface LowLatencyHls {
  /** Whether a relay makes it for us. */
  offers(relay: string): boolean;
  /** The master playlist of a path; from then on it is made. @throws NoLowLatency */
  master(relay: string, path: string): Promise<string>;
  /**
   * What the playlists of a path name. Those that are asked for a part that is still to come, and the part itself, are
   * answered when it is there.
   * @param query the directives of a blocking reload
   * @param signal nobody waits for it any more
   * @throws NoLowLatency
   */
  file(relay: string, path: string, file: string, query: string, signal: AbortSignal): Promise<LowLatencyFile>;
}

/** The muxer begins with the next key frame, and its first playlist waits for a whole segment. */
const MASTER_MS = 10_000;
/** Much longer than any part: the relay is stuck, or the camera is. */
const FILE_MS = 15_000;

/**
 * The relays' own muxer. It takes the gateway for a CDN: no session of its own, and so no names in the addresses that
 * would be somebody's alone.
 * @param addressOf where a relay serves HLS; undefined: it does not, for us
 * @param secret opens it without a token
 */
export function hlsMediamtx(
  addressOf: (relay: string) => Endpoint | undefined,
  secret: () => string,
): LowLatencyHls & { close(): void } {
  const agent = agentFor();
  const urlOf = (relay: string, path: string, file: string): URL => {
    const address = addressOf(relay);
    if (!address) throw new NoLowLatency('relay-away', `relay ${relay} makes no low-latency HLS here`);
    return new URL(`/${path}/${file}`, originOf(address));
  };
  const headers = () => ({ authorization: `Bearer ${secret()}` });
  return {
    offers: (relay) => addressOf(relay) !== undefined,
    async master(relay, path) {
      const url = urlOf(relay, path, 'index.m3u8');
      const asked = exchange(relay, agent, { method: 'GET', url, headers: headers(), timeoutMs: MASTER_MS });
      const { status, body } = await asked.catch((error: Error) => {
        throw new NoLowLatency('relay-away', error.message);
      });
      if (status === 200) return body;
      const text = `relay ${relay} answered ${status} to HLS of ${path}`;
      // A path that nobody has configured yet, as that of a rung to be, is answered with 500.
      throw new NoLowLatency(status === 404 || status === 500 ? 'no-stream' : 'refused', text);
    },
    file(relay, path, file, query, signal) {
      const url = urlOf(relay, path, file);
      url.search = query;
      return new Promise((resolve, reject) => {
        const request = http.get(url, { agent, headers: headers(), signal, timeout: FILE_MS }, (response) =>
          resolve({ status: response.statusCode ?? 502, body: response }),
        );
        request.on('timeout', () => request.destroy(new Error(`no answer within ${FILE_MS} ms`)));
        request.on('error', ({ message }) => reject(new NoLowLatency('relay-away', `relay ${relay}: ${message}`)));
      });
    },
    close: () => agent.destroy(),
  };
}
