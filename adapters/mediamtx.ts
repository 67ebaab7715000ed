import { agentFor, type Endpoint, exchange, originOf, type RelayRequest, refusalText } from './mediamtx/exchange.ts';

/** Where a relay's control API is. */
export interface RelayAddress extends Endpoint {
  /** Name of the relay, for messages. */
  relay: string;
  /** A token that allows `api`; asked for at every call. */
  token(): string;
  /** Told of every call, for counting. */
  onCall?(): void;
}

/** The relay answered and refused. */
export class RelayRefused extends Error {
  override name = 'RelayRefused';
  readonly reason = 'relay-refused';
  readonly status: number;
  constructor(message: string, status: number) {
    super(message);
    this.status = status;
  }
}

/** A path's configuration, as far as we set it. */
export interface PathConfig {
  source: string;
  rtspTransport?: 'tcp';
  /** Reads its source only while somebody reads the path. */
  sourceOnDemand?: boolean;
  overridePublisher?: boolean;
  sourceOnDemandCloseAfter?: string;
  /** Whether it is recorded; where and how stands in the relay's own settings. */
  record?: boolean;
  /** Addresses that the path is pushed to, keys included. */
  forward?: { dest: string; destFingerprint?: string }[];
}

/** How one push of a path stands. `forwarding` is said before anything is connected: only rising bytes prove it. */
export interface ForwardStanding {
  state: 'idle' | 'forwarding' | 'error';
  lastError?: string | null;
  outboundBytes: number;
}

/** A path as it lives. `available` is the only field that tells whether a pulled camera delivers. */
export interface LivePath {
  name: string;
  available: boolean;
  inboundBytes: number;
  /** To readers, and to where it is forwarded. */
  outboundBytes: number;
  tracks2?: { codec: string }[];
  /** Where it comes from; null while nobody publishes to it. */
  source: { type: string; id: string } | null;
  /** Who reads it now. */
  readers: { type: string; id: string }[];
}

/** The lists of sessions that a relay keeps, by protocol. A relay without that server has no such list. */
export type SessionKind = 'webrtcsessions' | 'rtspsessions' | 'rtspssessions' | 'srtconns' | 'rtmpconns' | 'rtmpsconns';

/** Somebody reading or publishing. `user` is the `sub` of their token. */
export interface RelaySession {
  id: string;
  /** When it began, ISO 8601. */
  created: string;
  /** Address and port. */
  remoteAddr: string;
  state: string;
  path: string;
  user: string;
  /** From whoever reads: what they report of what they receive. */
  inboundBytes: number;
  outboundBytes: number;
  /** WebRTC only. */
  peerConnectionEstablished?: boolean;
  /** WebRTC only: `type/protocol/address/port` of the other side. */
  remoteCandidate?: string;
}

/** The control API of one relay, typed as far as it is used. Every call throws RelayAway or RelayRefused. */
export interface Mediamtx {
  readonly relay: string;
  /** `started` changes when the process is a new one. */
  info(timeoutMs?: number): Promise<{ version: string; started: string }>;
  pathConfigs(): Promise<(PathConfig & { name: string })[]>;
  /** Puts a path's whole configuration, new or not. (A refused partial change would poison all later ones.) */
  replacePath(name: string, config: PathConfig): Promise<void>;
  /** False when there was none. */
  deletePath(name: string): Promise<boolean>;
  paths(): Promise<LivePath[]>;
  /** One of them. Refused with 404 while there is no such path. */
  path(name: string): Promise<LivePath>;
  /** The pushes of a path. Refused with 404 while there is no such path. */
  forwards(name: string): Promise<ForwardStanding[]>;
  sessions(kind: SessionKind): Promise<RelaySession[]>;
  session(kind: SessionKind, id: string): Promise<RelaySession>;
  /** Ends a session; false when it was gone. */
  kick(kind: SessionKind, id: string): Promise<boolean>;
  /** Has the relay fetch the token keys anew: it keeps them for an hour. */
  refreshKeys(): Promise<void>;
  close(): void;
}

const TIMEOUT_MS = 2000;
const ITEMS_PER_PAGE = 1000;
/** A session list is read beside others; more connections would only queue inside the relay. */
const CONNECTIONS = 4;

/** Makes the client of one relay. */
export function mediamtx({ relay, token, onCall, ...endpoint }: RelayAddress): Mediamtx {
  const agent = agentFor(endpoint.tls, { maxSockets: CONNECTIONS });
  const origin = originOf(endpoint);

  const ask = async <T>(method: RelayRequest['method'], path: string, config?: object, timeoutMs = TIMEOUT_MS) => {
    onCall?.();
    const { status, body } = await exchange(relay, agent, {
      method,
      url: new URL(path, origin),
      headers: { authorization: `Bearer ${token()}` },
      ...(config ? { body: JSON.stringify(config) } : {}),
      timeoutMs,
    });
    if (status >= 400) {
      throw new RelayRefused(`relay ${relay} refused ${method} ${path}: ${status} ${refusalText(body)}`, status);
    }
    try {
      return (body ? JSON.parse(body) : undefined) as T;
    } catch {
      throw new RelayRefused(`what answers at ${origin} is no relay: its port may be taken by another program`, status);
    }
  };

  const list = async <T>(path: string, query = ''): Promise<T[]> => {
    const items: T[] = [];
    for (let page = 0; ; page++) {
      const route = `/v3/${path}?${query}itemsPerPage=${ITEMS_PER_PAGE}&page=${page}`;
      const part = await ask<{ pageCount: number; items: T[] }>('GET', route);
      items.push(...part.items);
      if (page + 1 >= part.pageCount) return items;
    }
  };

  return {
    relay,
    info: (timeoutMs) => ask('GET', '/v3/info', undefined, timeoutMs),
    pathConfigs: () => list('config/paths/list'),
    async replacePath(name, config) {
      await ask('POST', `/v3/config/paths/replace/${inPath(name)}`, config);
    },
    deletePath: (name) => unlessGone(ask('DELETE', `/v3/config/paths/delete/${inPath(name)}`)),
    paths: () => list('paths/list'),
    path: (name) => ask('GET', `/v3/paths/get/${inPath(name)}`),
    forwards: (name) => list('paths/forward/list', `path=${encodeURIComponent(name)}&`),
    sessions: (kind) => list(`${kind}/list`),
    session: (kind, id) => ask('GET', `/v3/${kind}/get/${inPath(id)}`),
    kick: (kind, id) => unlessGone(ask('POST', `/v3/${kind}/kick/${inPath(id)}`)),
    async refreshKeys() {
      await ask('POST', '/v3/auth/jwks/refresh');
    },
    close: () => agent.destroy(),
  };
}

/** Path names have slashes, which stay; all else is escaped. */
const inPath = (name: string): string => name.split('/').map(encodeURIComponent).join('/');

async function unlessGone(call: Promise<unknown>): Promise<boolean> {
  try {
    await call;
    return true;
  } catch (error) {
    if (error instanceof RelayRefused && error.status === 404) return false;
    throw error;
  }
}
