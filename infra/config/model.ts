import type { Login } from '../../adapters/secrets.files.ts';
import type { CameraSettings } from '../../bus/events/camera.ts';
import type { RelayRole } from '../../bus/events/relay.ts';
import type { Rung } from '../../bus/events/rendition.ts';
import type { Id } from '../../bus/identity.ts';
import type { ClaimRule } from '../../machines/policy/claims.ts';
import type { HistoryLimits } from '../../machines/policy/history.ts';
import type { ReaderScope } from '../nats/accounts.ts';
import type { Settings } from './declaration.ts';

/** Where something listens. */
export interface Listener {
  host: string;
  port: number;
}

/** Files that hold a certificate, with those in between, and its key. */
export interface CertificateFiles {
  certFile: string;
  keyFile: string;
}

/**
 * The listeners of one relay. All but `rtsp`, `srt`, `rtmp` and `webrtcUdp` stay on loopback; where `rtsps` is there,
 * which is where viewers and publishers come over TLS, `rtsp` does too, and so do `rtmp` and `srt` of an intake.
 */
export interface RelayPorts {
  rtsp: number;
  rtsps?: number;
  srt: number;
  rtmp: number;
  /** Where publishers come over TLS. */
  rtmps?: number;
  webrtcUdp: number;
  whep: number;
  hls: number;
  api: number;
  metrics: number;
}

/** Where a server of a relay that others run is reached. */
export interface RelayEndpoint extends Listener {
  tls: boolean;
}

/** A relay as configured. */
export interface ConfiguredRelay {
  id: Id;
  role: RelayRole;
  region: string;
  weight: number;
  /** Viewers it may carry at a time; absent: as many as placement gives it. */
  maxReaders?: number;
  /** Takes no new viewers, or cameras. */
  drain: boolean;
  /** It pulls programs on demand from one of these delivery relays, the preferred one first; empty: from any. */
  pull?: string[];
  /** Supervised by our launcher; otherwise somebody else runs it at these addresses. */
  embedded: boolean;
  remote?: { api: RelayEndpoint; rtsp: RelayEndpoint; whep?: RelayEndpoint };
  /** Its WHEP as players reach it, without a slash at the end. */
  whepPublic?: string;
  ports: RelayPorts;
  /** The host on which it runs, where there are several. */
  host?: string;
}

/** One of the machines of an installation. */
export interface ClusterHost {
  /** Where the others reach it. */
  address: string;
  /** Where its launcher lets their gateways in. */
  port: number;
  /** As viewers reach its media. */
  publicHost: string;
}

/** How long, and how much of it, a camera's recording is kept. */
export interface RecordSettings {
  keepMs: number;
  maxBytes?: number;
}

/** Where a camera is asked and moved over ONVIF; the login is in the secret store. */
export interface DeviceAddress {
  url: string;
  credential?: string;
}

/** One validated configuration: the file, the environment over it, every default, in the program's own units. */
export interface Config {
  /** Absolute path of the file it came from. */
  file: string;
  http: Listener & { publicUrl?: string; trustedProxies: string[]; allowedOrigins: string[]; tls?: CertificateFiles };
  /** Host on which relays offer media: RTSP, SRT, RTMP, WebRTC. */
  media: { host: string };
  /** A listener of its own for /metrics, if wanted. */
  metrics?: Listener;
  /** Where traces are sent, if anywhere. */
  telemetry: { otlpUrl?: string };
  /** Absolute path of the data folder. */
  state: string;
  /** Name of this machine among those on the same NATS, if the file gives it one. */
  host?: string;
  /** Several machines that are one installation, by name; this one is `host`. */
  cluster?: { keyFile: string; hosts: Record<string, ClusterHost> };
  /** How many gateway processes are run here. */
  gateways: number;
  nats:
    | 'embedded'
    | { servers: string[]; user?: string; passwordFile?: string; credentialsFile?: string; replicas?: number };
  /** Programs that hear facts over NATS and do nothing else: all facts, or those of some cameras and zones. */
  natsReaders: Record<string, ReaderScope>;
  /** Where browsers reach the embedded nats-server. */
  natsWebSocket?: Listener;
  redis: 'embedded' | { url: string; passwordFile?: string };
  /** `issuer` and `audience` are those of the tokens that we sign; `external` are somebody else's, taken beside them. */
  auth: {
    issuer: string;
    audience: string;
    external?: { issuer: string; audience: string; jwksUrl: string };
    /** Where people sign in with OpenID Connect, and what is granted to whom: the first rule that fits. */
    oidc?: {
      issuer: string;
      clientId: string;
      secretFile?: string;
      scopes: string[];
      name: string;
      rights: ClaimRule[];
    };
    streamTokenTtlMs: number;
    loginTokenTtlMs: number;
    /** How far back each role may look at most. */
    history: HistoryLimits;
  };
  ice: {
    stun: string[];
    turn?: { urls: string[]; secretFile: string; credentialTtlMs: number };
    publicHosts: string[];
    tcp: boolean;
  };
  /** `databases` are absolute paths of MaxMind files; `places` is by country, subdivision, city or AS number. */
  regions: { default: string; networks: Record<string, string>; databases: string[]; places: Record<string, string> };
  /** Where ONVIF cameras may be looked for: addresses of this machine. */
  discovery: { on: string[] };
  /** At least one of each role. */
  relays: ConfiguredRelay[];
  cameras: ReadonlyMap<Id, CameraSettings>;
  /** The ladders of cameras that have one of their own, best rung first. */
  ladders: ReadonlyMap<Id, Rung[]>;
  /** Cameras that are recorded. */
  records: ReadonlyMap<Id, RecordSettings>;
  /** Cameras that can be moved. */
  devices: ReadonlyMap<Id, DeviceAddress>;
  /** The logins that camera addresses carried, by credential reference. A Map, so that JSON of a Config has none. */
  logins: ReadonlyMap<string, Login>;
  destinations: Settings['destinations'];
  /** Other systems that facts are posted to; the secrets stand in files. */
  webhooks: { url: string; secretFile: string; types: string[] }[];
  ports: {
    jwks: number;
    nats: number;
    redis: number;
    edge: number;
    demoDestination: number;
    demoDestinationHttp: number;
    /** The first of a range; undefined: any free ones. */
    adaptiveUdp?: number;
  };
  /** `encoders`: FFmpegs that may encode at a time. `adaptiveCores`: processor cores for adaptive peers. */
  limits: {
    sessionsPerSubject: number;
    encoders: number;
    adaptivePeers: number;
    adaptiveCores: number;
    /** A relay that was taken out waits this long for viewers who can't be moved. */
    relayGraceMs: number;
    /** A relay has served, and a viewer stayed, this long before he is moved for balance alone. */
    settledMs: number;
    /** What one delivery relay may send. */
    egressBps?: number;
  };
  /** How far back the event log reaches, and how large it may become. */
  events: { keepMs: number; maxBytes: number };
  /** How long it is known who watched what. */
  ledger: { keepMs: number };
  log: { level: Settings['log']['level'] };
  /** What works but deserves a look, one line each, with its place. */
  warnings: string[];
}
