import { createHash } from 'node:crypto';
import { hostname } from 'node:os';
import path from 'node:path';
import { originOf } from '../../adapters/mediamtx/exchange.ts';
import { recordingsFolder } from '../../adapters/recordings.files.ts';
import { openSeal } from '../../adapters/seal.aes.ts';
import type { Config, ConfiguredRelay } from '../config/model.ts';
import { type Group, gatewayOn, type RelayPlace } from '../group.ts';
import { type DemoSource, demoSourceUrl } from './demo-cameras.ts';
import { demoDestination } from './demo-destination.ts';
import type { PortBlock, PortUse } from './ports.ts';
import type { RelayOptions } from './relay-settings.ts';
import type { NatsPlan } from './servers.ts';
import type { StateFolder } from './state-folder.ts';

/** What will run, decided before anything is started. */
export interface Plan {
  group: Group;
  /** The group as each of its gateways sees it, the first one's being the group's. */
  gateways: Group[];
  /** Every port that must be free. */
  uses: PortUse[];
  /** The servers that run here; undefined: somebody else runs them. */
  nats: NatsPlan | undefined;
  redisPort: number | undefined;
  demoSources: DemoSource[];
  /** RTMP and HTTP of the demo's broadcast destination; undefined: there is none. */
  demoDestination: { port: number; httpPort: number } | undefined;
  switchers: number;
  /** Whether there may be any. */
  adaptivePeers: boolean;
  relayOptions: RelayOptions;
}

/** A switcher process serves at most this many cameras. */
const CAMERAS_PER_SWITCHER = 20;
const LOOPBACK = '127.0.0.1';
const ANYWHERE = '0.0.0.0';
const UDP = new Set(['srt', 'webrtcUdp']);
const FOR_EVERYBODY = new Set(['rtsp', 'rtsps', 'srt', 'rtmp', 'rtmps', 'webrtcUdp']);
/** What gateways and switchers of other hosts come to. */
const FOR_HOSTS = new Set(['rtsp', 'api', 'whep', 'hls']);
/** Of what is for everybody, what is not where the same is there over TLS. */
const IN_THE_CLEAR = new Map([
  ['rtsp', 'rtsps'],
  ['rtmp', 'rtmps'],
  ['srt', 'rtmps'],
]);

/** A name for this group among others: the machine's, and a mark of the data folder. */
function nodeName(state: string): string {
  const host =
    hostname()
      .toLowerCase()
      .replace(/[^a-z0-9_-]/g, '-')
      .replace(/^[^a-z0-9]+/, '')
      .slice(0, 40) || 'node';
  return `${host}-${createHash('sha256').update(state).digest('hex').slice(0, 6)}`;
}

/** `webrtcUdp` of the first intake is `ports.intake_webrtc_udp` in the configuration. */
function settingOf(relay: ConfiguredRelay, isFirst: boolean, name: string): string {
  const spelled = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  if (!isFirst) return `ports.${spelled} of relay ${relay.id}`;
  return `ports.${relay.role === 'intake' ? 'intake_' : ''}${spelled}`;
}

/**
 * Decides what runs and where it listens.
 * @param httpPort overrides the configuration
 * @param block when given, every port comes from it instead of from the configuration
 */
export async function planGroup(
  config: Config,
  { demo, httpPort }: { demo: boolean; httpPort: number | undefined },
  state: StateFolder,
  block?: PortBlock,
): Promise<Plan> {
  const uses: PortUse[] = [];
  const listen = async (
    port: number,
    what: string,
    setting: string,
    host = LOOPBACK,
    transport: 'tcp' | 'udp' = 'tcp',
  ) => {
    const chosen = block ? await block.next() : port;
    uses.push({ host, port: chosen, transport, what, setting });
    return chosen;
  };
  const http = {
    host: config.http.host,
    port: await listen(
      httpPort ?? config.http.port,
      'page, API and signalling',
      'http.port or --port',
      config.http.host,
    ),
    ...(config.http.publicUrl === undefined ? {} : { publicHost: new URL(config.http.publicUrl).hostname }),
    ...(config.http.tls ? { tls: config.http.tls } : {}),
  };
  const otherPorts: number[] = [];
  for (let gateway = 2; gateway <= config.gateways; gateway++) {
    const port = http.port + gateway - 1;
    otherPorts.push(await listen(port, `gateway ${gateway}`, 'http.port, gateways', config.http.host));
  }
  const jwks = { port: await listen(config.ports.jwks, 'keys for the relays', 'ports.jwks') };
  const nats = config.nats === 'embedded' ? await planNats(config, listen) : undefined;
  const redisPort =
    config.redis === 'embedded' ? await listen(config.ports.redis, 'redis-server', 'ports.redis') : undefined;
  const cluster = config.cluster && config.host !== undefined ? { ...config.cluster, host: config.host } : undefined;
  const door = cluster?.hosts[cluster.host];
  if (door) await listen(door.port, 'gateways of other hosts', `cluster.hosts.${cluster.host}`, door.address);
  const relays = await placeRelays(config, listen);
  for (const { id, host, webrtcUdp, on } of config.ice.tcp ? relays : []) {
    if (on !== undefined && on.host !== config.host) continue;
    uses.push({ host, port: webrtcUdp, transport: 'tcp', what: `relay ${id}, WebRTC over TCP`, setting: 'ice.tcp' });
  }
  const demoSources: DemoSource[] = [];
  for (const [index, [camera, { name, sources }]] of demo ? [...config.cameras].entries() : []) {
    for (const [source, { url }] of sources.entries()) {
      const what = `demo camera ${camera}, source ${source}`;
      const port = await listen(Number(new URL(url).port), what, `cameras.${camera}.sources`);
      demoSources.push({ camera, name, index, source, port });
    }
  }
  const destination = demo &&
    Object.keys(config.destinations).length > 0 && {
      port: await listen(config.ports.demoDestination, 'demo destination, RTMP', 'ports.demo_destination'),
      httpPort: await listen(config.ports.demoDestinationHttp, 'demo destination, HTTP', 'ports.demo_destination_http'),
    };
  // Gateways of every host ask the relays of all, so that one secret opens them.
  const relaysHls = state.secret('relay-hls', cluster && openSeal(cluster.keyFile).secret('relay-hls'));
  const group: Group = {
    node: config.host ?? nodeName(state.path),
    gateway: 1,
    gateways: config.gateways,
    launcherPid: process.pid,
    state: state.path,
    config: config.file,
    demo,
    http,
    jwks,
    nats: natsAddress(config, nats?.port, state),
    redis: redisAddress(config, redisPort, state),
    relays,
    ...(cluster ? { cluster } : {}),
    lowLatency: { secretFile: relaysHls.file },
    remoteRelays: config.relays.flatMap(({ id, role, region, weight, pull, remote }) =>
      remote ? [{ id, role, region, weight, ...(pull ? { pull } : {}), ...remote }] : [],
    ),
    links: { launcher: path.join(state.sockets, 'launcher.sock'), switchers: state.sockets },
    demoCameras: demo ? demoCameras(config, demoSources) : [],
    ...(destination ? { demoDestination: demoDestination(destination.port, destination.httpPort, state) } : {}),
  };
  const switchers = Math.max(1, Math.ceil(config.cameras.size / CAMERAS_PER_SWITCHER));
  const relayOptions = {
    jwksPort: jwks.port,
    issuer: config.auth.issuer,
    // The gate signs relay tokens for an audience of their own.
    audience: `${config.auth.audience}:relay`,
    publicHosts: [...new Set([...config.ice.publicHosts, ...(door ? [door.publicHost] : [])])],
    ...(config.ice.tcp ? { iceTcp: true } : {}),
    hlsSecret: relaysHls.value,
    ...(config.http.tls ? { tls: config.http.tls } : {}),
    recordings: recordingsFolder(state.path),
    origins: pageOrigins(config, [http.port, ...otherPorts]),
  };
  const others = otherPorts.map((port, index) => ({
    ...group,
    node: cluster ? gatewayOn(group.node, index + 2) : `${group.node}-${index + 2}`,
    gateway: index + 2,
    http: { ...http, port },
  }));
  return {
    group,
    gateways: [group, ...others],
    uses,
    nats,
    redisPort,
    demoSources,
    demoDestination: destination || undefined,
    switchers,
    adaptivePeers: config.limits.adaptivePeers > 0,
    relayOptions,
  };
}

/** Where pages of ours come from, as browsers tell it. */
const pageOrigins = ({ http }: Config, ports: number[]): string[] =>
  http.publicUrl === undefined
    ? [http.host, 'localhost'].flatMap((host) =>
        ports.map((port) => originOf({ host, port, tls: http.tls !== undefined })),
      )
    : [new URL(http.publicUrl).origin];

type Listen = (
  port: number,
  what: string,
  setting: string,
  host?: string,
  transport?: 'tcp' | 'udp',
) => Promise<number>;

async function placeRelays(config: Config, listen: Listen): Promise<RelayPlace[]> {
  const places: RelayPlace[] = [];
  const embedded = config.relays.filter((relay) => relay.embedded);
  for (const relay of embedded) {
    const on = hostOf(config, relay);
    const elsewhere = on !== undefined && on.host !== config.host;
    // On all interfaces, or each on the address of its own host.
    const host = elsewhere && config.media.host !== ANYWHERE ? on.address : config.media.host;
    const isFirst = embedded.find(({ role, host: at }) => role === relay.role && at === relay.host) === relay;
    const ports = { ...relay.ports };
    for (const [name, port] of elsewhere ? [] : (Object.entries(relay.ports) as [keyof typeof ports, number][])) {
      const isOffered = FOR_EVERYBODY.has(name) && !((IN_THE_CLEAR.get(name) ?? '') in relay.ports);
      const at = isOffered ? host : FOR_HOSTS.has(name) ? (on?.address ?? LOOPBACK) : LOOPBACK;
      const setting = settingOf(relay, isFirst, name);
      ports[name] = await listen(port, `relay ${relay.id}, ${name}`, setting, at, UDP.has(name) ? 'udp' : 'tcp');
    }
    const { id, role, region, weight, pull } = relay;
    const pulls = pull ? { pull } : {};
    places.push({ id, role, region, weight, ...pulls, embedded: true, host, ...ports, ...(on ? { on } : {}) });
  }
  return places;
}

/** The host that runs a relay, where there are several. */
function hostOf({ cluster }: Config, { host }: ConfiguredRelay): RelayPlace['on'] {
  const found = host === undefined ? undefined : cluster?.hosts[host];
  return found && host !== undefined ? { host, address: found.address, publicHost: found.publicHost } : undefined;
}

async function planNats({ ports, natsWebSocket, natsReaders, http }: Config, listen: Listen): Promise<NatsPlan> {
  const port = await listen(ports.nats, 'nats-server', 'ports.nats');
  if (!natsWebSocket) return { port, readers: natsReaders };
  const { host } = natsWebSocket;
  const at = { host, port: await listen(natsWebSocket.port, 'NATS over WebSocket', 'nats.websocket', host) };
  const websocket = { ...at, ...(http.tls ? { tls: http.tls } : {}), origins: http.allowedOrigins };
  return { port, websocket, readers: natsReaders };
}

function natsAddress(config: Config, port: number | undefined, state: StateFolder): Group['nats'] {
  if (config.nats !== 'embedded') {
    const { servers, user = '', passwordFile = '', credentialsFile, replicas } = config.nats;
    return {
      servers,
      user,
      passwordFile,
      ...(credentialsFile ? { credentialsFile } : {}),
      ...(replicas ? { replicas } : {}),
    };
  }
  return { servers: [`nats://${LOOPBACK}:${port}`], user: 'gateway', passwordFile: state.secret('nats-gateway').file };
}

function redisAddress(config: Config, port: number | undefined, state: StateFolder): Group['redis'] {
  if (config.redis === 'embedded' || port !== undefined) {
    return { host: LOOPBACK, port: port as number, passwordFile: state.secret('redis').file };
  }
  const url = new URL(config.redis.url);
  return { host: url.hostname, port: Number(url.port || 6379), passwordFile: config.redis.passwordFile ?? '' };
}

function demoCameras(config: Config, sources: DemoSource[]): Group['demoCameras'] {
  return [...config.cameras].map(([id, { name, zone }]) => ({
    id,
    name,
    zone,
    sources: sources.filter(({ camera }) => camera === id).map(({ port }) => demoSourceUrl(port)),
  }));
}
