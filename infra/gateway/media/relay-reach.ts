import { type Endpoint, originOf } from '../../../adapters/mediamtx/exchange.ts';
import type { Reach } from '../../../adapters/peer.wrtc/sdp.ts';
import { isLoopback } from '../../config/doors.ts';
import type { Config } from '../../config/model.ts';
import type { Group, RelayPlace } from '../../group.ts';

/** How this gateway reaches a relay, whoever runs it. */
export interface RelayReach {
  id: string;
  role: RelayPlace['role'];
  weight: number;
  /** Of a delivery relay that pulls programs: from which others, the preferred one first; empty: from any. */
  pull?: readonly string[];
  /** The host that runs it, where there are several. */
  host?: string;
  /** Its settings are ours: a launcher wrote them. */
  embedded: boolean;
  api: Endpoint;
  /** For the switcher and the pulse. */
  rtsp: Endpoint;
  whep?: Endpoint;
  /** Where a delivery relay of ours makes low-latency HLS for gateways. */
  hls?: Endpoint;
  /** Where viewers find RTSP. */
  offered: Offered;
  /** Where viewers find SRT, if they do; at an intake, publishers. */
  srt?: Offered;
  /** Where publishers find RTMP. */
  rtmp?: Offered;
}

/** Without a host, at the name under which viewers reach the gateway. */
type Offered = Omit<Endpoint, 'host'> & { host?: string };

const LOOPBACK = '127.0.0.1';

/** Relays listen where viewers and publishers come, unless these come over TLS or from other hosts. */
const mediaHost = ({ host, rtsps, on }: RelayPlace): string => {
  if (on) return on.address;
  return rtsps !== undefined || host === '0.0.0.0' || host === '::' ? LOOPBACK : host;
};

/** A certificate is made out to a name, and what listens everywhere has no address of its own. */
function offeredBy(place: RelayPlace): Pick<RelayReach, 'offered' | 'srt' | 'rtmp'> {
  const { role, host, rtsp, rtsps, srt, rtmp, rtmps, on } = place;
  const named = on ? { host: on.publicHost } : {};
  if (rtsps !== undefined && rtmps !== undefined) {
    const offered = { offered: { ...named, port: rtsps, tls: true }, rtmp: { ...named, port: rtmps, tls: true } };
    // SRT has no TLS: it stays on this machine, which where there are several is not known to be the publisher's.
    return on ? offered : { ...offered, srt: { host: LOOPBACK, port: srt } };
  }
  if (rtsps !== undefined) return { offered: { ...named, port: rtsps, tls: true } };
  const at = on ? named : host === '0.0.0.0' || host === '::' ? {} : { host };
  const taking = role === 'intake' ? { rtmp: { ...at, port: rtmp } } : {};
  return { offered: { ...at, port: rtsp }, srt: { ...at, port: srt }, ...taking };
}

/** Every relay of a group. */
export function relayReaches({ relays, remoteRelays }: Group): RelayReach[] {
  const own = relays.map((place) => ({
    id: place.id,
    role: place.role,
    weight: place.weight,
    ...(place.pull ? { pull: place.pull } : {}),
    embedded: true,
    ...(place.on ? { host: place.on.host } : {}),
    api: { host: place.on?.address ?? LOOPBACK, port: place.api },
    rtsp: { host: mediaHost(place), port: place.rtsp },
    whep: { host: place.on?.address ?? LOOPBACK, port: place.whep },
    ...(place.role === 'delivery' ? { hls: { host: place.on?.address ?? LOOPBACK, port: place.hls } } : {}),
    ...offeredBy(place),
  }));
  const others = remoteRelays.map(({ region: _region, ...one }) => ({ ...one, embedded: false, offered: one.rtsp }));
  return [...own, ...others];
}

/**
 * Where a relay reads from another one: as gateways do; one that somebody else runs reaches those of this machine as
 * viewers do.
 * @param publicHost the name under which viewers reach this machine
 */
export function rtspFrom(
  reader: Pick<RelayReach, 'embedded'>,
  { rtsp, offered, embedded, host }: Pick<RelayReach, 'rtsp' | 'offered' | 'embedded' | 'host'>,
  publicHost: string | undefined,
): Endpoint {
  if (reader.embedded || !embedded || host !== undefined) return rtsp;
  return { ...offered, host: offered.host ?? publicHost ?? rtsp.host };
}

/**
 * Where players reach a relay's WHEP themselves, should no gateway answer: as configured, or on loopback where all of
 * them are on this machine. Undefined: nowhere.
 */
export function publicWhep(relay: string, { relays, http }: Pick<Config, 'relays' | 'http'>, group: Group) {
  const named = relays.find(({ id }) => id === relay)?.whepPublic;
  const own = group.relays.find(({ id }) => id === relay);
  if (named !== undefined || !own || own.on || http.publicUrl !== undefined || !isLoopback(group.http.host))
    return named;
  return originOf({ host: LOOPBACK, port: own.whep });
}

/** Of a port that was just given back the system is not always done: there are twice as many as peers. */
const PORTS_PER_PEER = 2;

/** Where viewers reach the adaptive peers. */
export function adaptiveReach({ media, ice, ports, limits, cluster, host }: Config): Reach {
  const { adaptiveUdp: min } = ports;
  const own = host === undefined ? undefined : cluster?.hosts[host]?.publicHost;
  return {
    address: media.host,
    hosts: [...new Set([...ice.publicHosts, ...(own === undefined ? [] : [own])])],
    ports: min === undefined ? undefined : { min, max: min + PORTS_PER_PEER * Math.max(1, limits.adaptivePeers) - 1 },
  };
}
