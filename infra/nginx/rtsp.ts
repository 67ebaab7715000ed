import { authority } from '../../adapters/authority.ts';
import type { Config, ConfiguredRelay } from '../config/model.ts';
import { byRegion, type ClientRegions, type Server } from './regions.ts';

/** Where RTSP clients come that no gateway placed, and who serves them. */
export interface RtspEdge {
  listen: string;
  relays: readonly Server[];
  regions: ClientRegions;
  /** Where nginx has its stream module as a file: that file. */
  module?: string;
}

/** A delivery relay as RTSP clients reach it; over TLS it is RTSPS. */
export interface OfferedRelay extends Server {
  tls: boolean;
}

/** nginx knows whole weights alone. */
const wholeWeights = (weights: number[]): number[] =>
  weights.every(Number.isInteger) ? weights : weights.map((weight) => Math.max(1, Math.round(weight * 100)));

/** The delivery relays that take viewers, as they are reached from one of our machines. */
export function offeredRelays({
  relays,
  media,
  cluster,
}: Pick<Config, 'relays' | 'media' | 'cluster'>): OfferedRelay[] {
  const everywhere = media.host === '0.0.0.0' || media.host === '::';
  const own = everywhere ? '127.0.0.1' : media.host;
  const endpoint = ({ remote, host, ports: { rtsp, rtsps } }: ConfiguredRelay) =>
    remote?.rtsp ?? {
      host: (host !== undefined && cluster?.hosts[host]?.address) || own,
      port: rtsps ?? rtsp,
      tls: rtsps !== undefined,
    };
  const taking = relays.filter(({ role, drain, weight }) => role === 'delivery' && !drain && weight > 0);
  const weights = wholeWeights(taking.map(({ weight }) => weight));
  return taking.map((relay, index) => {
    const { host, port, tls } = endpoint(relay);
    return { address: authority(host, port), weight: weights[index] ?? 1, region: relay.region, tls };
  });
}

/**
 * The part of an edge for RTSP: it hands connections on as they come, RTSPS unopened. Who may watch is the relay's own
 * question, asked by the token in the address, which is good at every relay. A client stays for hours, so that the next
 * one goes where the fewest are for the weight.
 */
export function rtspSettings({ listen, relays, regions }: RtspEdge): string {
  const each = '    least_conn;\n';
  const { directives, chosen } = byRegion({ name: 'relays', servers: relays, regions, failTimeout: '2s', each });
  return `stream {
${directives}
  server {
    listen ${listen};
    proxy_pass ${chosen};
    proxy_connect_timeout 1s;
    proxy_next_upstream on;
    proxy_next_upstream_timeout 5s;
    # A client that holds the picture says so each minute at the latest (RFC 2326, 12.37).
    proxy_timeout 90s;
  }
}
`;
}
