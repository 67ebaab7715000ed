import Type from 'typebox';
import { type Of, shape } from '../bus/shape.ts';

const Port = Type.Integer({ minimum: 1, maximum: 65535 });

/** Of a delivery relay that pulls programs on demand: from which others, the preferred one first; empty: from any. */
const Pull = Type.Optional(Type.Array(Type.String()));

/** A relay process of this group and where its servers listen. */
const RelaySchema = Type.Object({
  id: Type.String(),
  role: Type.Enum(['intake', 'delivery']),
  region: Type.String(),
  weight: Type.Number(),
  pull: Pull,
  /** Supervised by our launcher. */
  embedded: Type.Boolean(),
  host: Type.String(),
  api: Port,
  metrics: Port,
  rtsp: Port,
  /** Where viewers come over TLS; then `rtsp` is on loopback. */
  rtsps: Type.Optional(Port),
  srt: Port,
  /** WHEP and WHIP over HTTP, loopback only: the gateway is the one who talks to it. */
  whep: Port,
  /** Media, UDP. */
  webrtcUdp: Port,
  hls: Port,
  rtmp: Port,
  /** Where publishers come over TLS; then `rtmp` and `srt` of an intake are on loopback. */
  rtmps: Type.Optional(Port),
  /** Where there are several hosts: which one runs it, where the others reach it, and where viewers do. */
  on: Type.Optional(Type.Object({ host: Type.String(), address: Type.String(), publicHost: Type.String() })),
});
export type RelayPlace = Type.Static<typeof RelaySchema>;

/** A server of a relay that somebody else runs. */
const EndpointSchema = Type.Object({ host: Type.String(), port: Port, tls: Type.Boolean() });

/** A relay that somebody else runs, and how we reach it. */
const RemoteRelaySchema = Type.Object({
  id: Type.String(),
  role: Type.Enum(['intake', 'delivery']),
  region: Type.String(),
  weight: Type.Number(),
  pull: Pull,
  api: EndpointSchema,
  rtsp: EndpointSchema,
  /** Of a delivery relay. */
  whep: Type.Optional(EndpointSchema),
});
export type RemoteRelay = Type.Static<typeof RemoteRelaySchema>;

/**
 * What the launcher made and where it listens: written to `STATE/run/group.json` (mode 0600) before the gateway
 * starts, read by the gateway and the command line. Secrets are files named here, never values.
 */
export const group = shape(
  'group file',
  Type.Object({
    /** Name of the gateway that this file is for, and its number among those that are run here. */
    node: Type.String(),
    gateway: Type.Integer({ minimum: 1 }),
    gateways: Type.Integer({ minimum: 1 }),
    launcherPid: Type.Integer(),
    state: Type.String({ description: 'absolute path of the data folder' }),
    config: Type.String({ description: 'absolute path of the configuration file' }),
    demo: Type.Boolean(),
    http: Type.Object({
      host: Type.String(),
      port: Port,
      /** The name under which viewers reach this machine, where the configuration has one. */
      publicHost: Type.Optional(Type.String()),
      /** Absent: plain HTTP, on loopback or behind a proxy that ends TLS. */
      tls: Type.Optional(Type.Object({ certFile: Type.String(), keyFile: Type.String() })),
    }),
    /** Where the relays fetch the keys that sign relay tokens; loopback. */
    jwks: Type.Object({ port: Port }),
    /** An empty file name or user: there is none. `credentialsFile` is one of NATS's own, and takes the place of both. */
    nats: Type.Object({
      servers: Type.Array(Type.String()),
      user: Type.String(),
      passwordFile: Type.String(),
      credentialsFile: Type.Optional(Type.String()),
      replicas: Type.Optional(Type.Integer()),
    }),
    redis: Type.Object({ host: Type.String(), port: Port, passwordFile: Type.String() }),
    relays: Type.Array(RelaySchema),
    /** Where there are several hosts, which run these relays together: this one, and where the others let gateways in. */
    cluster: Type.Optional(
      Type.Object({
        host: Type.String(),
        keyFile: Type.String(),
        hosts: Type.Record(Type.String(), Type.Object({ address: Type.String(), port: Port })),
      }),
    ),
    /** Opens low-latency HLS at our relays. */
    lowLatency: Type.Object({ secretFile: Type.String() }),
    /** What others run. */
    remoteRelays: Type.Array(RemoteRelaySchema),
    /** Unix sockets. `switchers` is a folder with one socket per switcher process: switcher-1.sock, … */
    links: Type.Object({ launcher: Type.String(), switchers: Type.String() }),
    /** Demo cameras: where each source's RTSP server listens. */
    demoCameras: Type.Array(
      Type.Object({ id: Type.String(), name: Type.String(), zone: Type.String(), sources: Type.Array(Type.String()) }),
    ),
    /** Demo only: the nginx-rtmp that stands for every destination of the configuration. */
    demoDestination: Type.Optional(
      Type.Object({ to: Type.String(), keyFile: Type.String(), stat: Type.String(), monitor: Type.String() }),
    ),
  }),
);
export type Group = Of<typeof group>;

/** Whether a relay of a group is run by its own launcher. */
export const runsHere = ({ cluster }: Pick<Group, 'cluster'>, { on }: Pick<RelayPlace, 'on'>): boolean =>
  on === undefined || on.host === cluster?.host;

/** The name of a gateway where there are several hosts, and back: the first one's is its host's. */
export const gatewayOn = (host: string, gateway: number): string => (gateway === 1 ? host : `${host}_${gateway}`);
export function placeOfGateway(node: string): { host: string; gateway: number } {
  const [host = '', gateway = '1'] = node.split('_');
  return { host, gateway: Number(gateway) };
}

/** The group file of one of a group's gateways, by its number: the first one's is the group's. */
export const groupFileName = (gateway: number): string => (gateway === 1 ? 'group.json' : `group-${gateway}.json`);

/** Where a data folder keeps its group file. */
export const groupFile = (state: string): string => `${state}/run/${groupFileName(1)}`;
