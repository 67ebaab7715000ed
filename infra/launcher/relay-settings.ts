import { authority } from '../../adapters/authority.ts';
import { DEPARTURE_PATHS, PROGRAM_PATH, PROGRAM_PATHS } from '../../adapters/provision.mediamtx.ts';
import { PULSE_PATHS } from '../../adapters/pulse.rtsp.ts';
import type { RelayRole } from '../../bus/events/relay.ts';
import type { CertificateFiles } from '../config/model.ts';
import type { RelayPlace } from '../group.ts';

/** What a relay's settings depend on besides its place. */
export interface RelayOptions {
  /** Where the gateway serves the keys that sign relay tokens; loopback. */
  jwksPort: number;
  /** `iss` and `aud` of relay tokens. The same keys sign login tokens, which must open nothing here. */
  issuer: string;
  audience: string;
  /** Addresses of this machine that browsers can reach, for instance its public one behind NAT. */
  publicHosts: string[];
  /** Whether WebRTC is offered over TCP too, at the number of its UDP port. */
  iceTcp?: boolean;
  /** Opens low-latency HLS at delivery relays to gateways; absent: they make none. */
  hlsSecret?: string;
  /** What RTSPS is offered with; mediamtx itself reads the files again when they are renewed. */
  tls?: CertificateFiles;
  /** The page's, which may speak WHEP with a delivery relay itself when no gateway answers. */
  origins: string[];
  /** Where intakes record what they are asked to. */
  recordings?: string;
  logLevel?: 'error' | 'warn' | 'info' | 'debug';
}

const LOOPBACK = '127.0.0.1';
const WILDCARDS = new Set(['0.0.0.0', '::', '']);

/** Packets waiting for one reader. The default of 512 is less than the two seconds of video a new viewer is sent. */
export const WRITE_QUEUE_PACKETS = 2048;

/** The servers of each role; what nobody needs does not listen. */
const SERVERS: Record<RelayRole, { rtmp: boolean }> = {
  // The switcher reads over RTSP; cameras that send come over this, RTMP, SRT or WebRTC.
  intake: { rtmp: true },
  delivery: { rtmp: false },
};

/**
 * The mediamtx configuration of one relay. API, WHEP and HLS listen on loopback, or where other hosts come in; every
 * stream is read and published, and the API used, only with a token that the gateway signed.
 */
export function relaySettings(place: RelayPlace, options: RelayOptions): Record<string, unknown> {
  const servers = SERVERS[place.role];
  // What only gateways and switchers speak with; those of other hosts come over the address of this one.
  const inside = place.on?.address ?? LOOPBACK;
  // Tokens of publishers go in the clear here: where all others come over TLS, only this machine may publish so.
  const mediaHost = place.role === 'intake' && options.tls !== undefined ? LOOPBACK : place.host;
  return {
    // Sources that come and go are told by the cells; the relay would write a line for each of five tries a second.
    logLevel: options.logLevel ?? 'warn',
    logDestinations: ['stdout'],
    writeQueueSize: WRITE_QUEUE_PACKETS,
    ...authentication(options),
    api: true,
    apiAddress: authority(inside, place.api),
    apiAllowOrigins: [],
    metrics: true,
    metricsAddress: `${LOOPBACK}:${place.metrics}`,
    metricsAllowOrigins: [],
    ...rtspServers(place, mediaHost, options.tls),
    rtmp: servers.rtmp,
    rtmpAddress: authority(mediaHost, place.rtmp),
    ...rtmpsServer(place, options.tls),
    // Its stream ids hold tokens, and go in the clear: where viewers come over TLS alone there is none.
    srt: place.role === 'intake' || place.rtsps === undefined,
    srtAddress: authority(mediaHost, place.srt),
    webrtc: true,
    webrtcAddress: authority(inside, place.whep),
    // Publishers speak WHIP with the gateway, which asks the intake.
    webrtcAllowOrigins: place.role === 'delivery' ? options.origins : [],
    // Encrypted in any case, and the gateway hands tokens on: for everybody, also where the rest is for this machine.
    ...webrtcMedia(place.host, place.webrtcUdp, options),
    ...{ moq: false, playback: false, pprof: false },
    ...lowLatencyHls(place, options),
    ...(place.role === 'intake' && options.recordings ? { pathDefaults: recording(options.recordings) } : {}),
    // In the file, so that a relay takes programs and the pulse the moment it runs, with or without a gateway; one that
    // pulls programs is given a path for each.
    paths: {
      ...(place.role === 'delivery' && !place.pull
        ? { [PROGRAM_PATHS]: PROGRAM_PATH, [DEPARTURE_PATHS]: PROGRAM_PATH }
        : {}),
      [PULSE_PATHS]: PROGRAM_PATH,
    },
  };
}

/**
 * Low-latency HLS, made while somebody asks. Gateways alone come here and look at the right of each request, so the
 * relay takes them for a CDN. Parts of half a second: who waits for one at an edge is looked after twice a second.
 */
function lowLatencyHls({ role, hls, on }: RelayPlace, { hlsSecret }: RelayOptions): Record<string, unknown> {
  if (role !== 'delivery' || hlsSecret === undefined) return { hls: false };
  return {
    ...{ hls: true, hlsAddress: authority(on?.address ?? LOOPBACK, hls) },
    ...{ hlsAllowOrigins: [], hlsCDNSecret: hlsSecret },
    ...{ hlsVariant: 'lowLatency', hlsSegmentDuration: '1s', hlsPartDuration: '500ms', hlsMuxerCloseAfter: '30s' },
  };
}

/** A crash costs a part, and the pictures that are on their way to it: together less than a second. Deleting is ours: the relay's cleaner starts anew at each of our writes. */
function recording(folder: string): Record<string, unknown> {
  return {
    recordPath: `${folder}/%path/%s-%f`,
    recordFormat: 'fmp4',
    recordPartDuration: '800ms',
    recordSegmentDuration: '10m',
    recordDeleteAfter: '0s',
  };
}

/** With a certificate viewers and publishers come over TLS alone, and plain RTSP is for the switcher and the pulse. */
function rtspServers(place: RelayPlace, mediaHost: string, tls: CertificateFiles | undefined): Record<string, unknown> {
  const plain = { rtsp: true, rtspTransports: ['tcp'] };
  if (!tls || place.rtsps === undefined) return { ...plain, rtspAddress: authority(mediaHost, place.rtsp) };
  return {
    ...plain,
    rtspEncryption: 'optional',
    rtspAddress: authority(place.on?.address ?? LOOPBACK, place.rtsp),
    rtspsAddress: authority(place.host, place.rtsps),
    rtspServerCert: tls.certFile,
    rtspServerKey: tls.keyFile,
  };
}

/** RTMP over TLS, beside the plain one that is for this machine. */
function rtmpsServer({ host, rtmps }: RelayPlace, tls: CertificateFiles | undefined): Record<string, unknown> {
  if (!tls || rtmps === undefined) return {};
  const certificate = { rtmpServerCert: tls.certFile, rtmpServerKey: tls.keyFile };
  return { rtmpEncryption: 'optional', rtmpsAddress: authority(host, rtmps), ...certificate };
}

function authentication({ jwksPort, issuer, audience }: RelayOptions): Record<string, unknown> {
  return {
    authMethod: 'jwt',
    authJWTJWKS: `http://${LOOPBACK}:${jwksPort}/jwks.json`,
    authJWTIssuer: issuer,
    authJWTAudience: audience,
    // The API runs commands and shows camera passwords: a page in a browser on this machine must not reach it either.
    authJWTExclude: [{ action: 'metrics' }],
  };
}

/** Where browsers are told to send media. On all interfaces, each of their addresses is offered too. */
function webrtcMedia(
  host: string,
  port: number,
  { publicHosts, iceTcp }: Pick<RelayOptions, 'publicHosts' | 'iceTcp'>,
): Record<string, unknown> {
  const everywhere = WILDCARDS.has(host);
  return {
    webrtcLocalUDPAddress: authority(host, port),
    ...(iceTcp ? { webrtcLocalTCPAddress: authority(host, port) } : {}),
    webrtcIPsFromInterfaces: everywhere,
    webrtcAdditionalHosts: [...new Set([...(everywhere ? [] : [host]), ...publicHosts])],
    webrtcICEServers2: [],
  };
}
