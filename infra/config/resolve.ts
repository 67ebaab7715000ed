import { availableParallelism } from 'node:os';
import path from 'node:path';
import ipaddr from 'ipaddr.js';
import { BadDatabase, openPlaces } from '../../adapters/places.maxmind.ts';
import type { Login } from '../../adapters/secrets.files.ts';
import type { CameraSettings } from '../../bus/events/camera.ts';
import { type Id, id } from '../../bus/identity.ts';
import type { Of } from '../../bus/shape.ts';
import { BadAddress, loginOf, parseCameraAddress, parseDeviceAddress } from './address.ts';
import { resolveCluster } from './cluster.ts';
import { complete, type Findings } from './complete.ts';
import { authSettings, type Settings } from './declaration.ts';
import { faultsOf } from './destinations.ts';
import { durationMs } from './durations.ts';
import { HISTORY_EXPECTED, historyIn } from './history.ts';
import type { Config, DeviceAddress, Listener, RecordSettings } from './model.ts';
import { resolveNats } from './nats.ts';
import type { SettingPath } from './parse.ts';
import { resolveRelays } from './relays.ts';
import { bytesIn } from './sizes.ts';

/**
 * Turns what the file says into what the program uses, and checks what no grammar can: addresses, ports that collide,
 * doors that would stand open. Faults are added to the findings; the result counts only without them.
 */
export function resolve(file: string, settings: Settings, findings: Findings): Config {
  const fault = (at: SettingPath, message: string) => findings.faults.push({ path: at, part: 'value', message });
  const beside = (name: string) => path.resolve(path.dirname(file), name);
  const listening = listener(settings.http.listen, ['http', 'listen'], fault);
  const http = { host: listening.host, port: settings.http.port ?? listening.port };
  const cluster = resolveCluster(settings, beside, findings);
  const media = mediaHost(settings, cluster?.hosts[settings.host ?? '']?.address ?? http.host, fault);
  const { cameras, ladders, records, devices, logins } = resolveCameras(settings, fault);
  const metrics = settings.metrics.listen && listener(settings.metrics.listen, ['metrics', 'listen'], fault);
  const config: Config = {
    file,
    http: {
      ...http,
      ...(settings.http.public_url ? { publicUrl: settings.http.public_url.replace(/\/+$/, '') } : {}),
      trustedProxies: settings.http.trusted_proxies,
      allowedOrigins: settings.http.allowed_origins.map((origin) => new URL(origin).origin),
      ...(settings.http.tls
        ? { tls: { certFile: beside(settings.http.tls.cert), keyFile: beside(settings.http.tls.key) } }
        : {}),
    },
    media: { host: media },
    ...(metrics ? { metrics } : {}),
    state: path.resolve(settings.state),
    ...(settings.host ? { host: settings.host } : {}),
    ...(cluster ? { cluster } : {}),
    gateways: settings.gateways,
    ...resolveNats(settings, { beside, fault, listener }),
    redis: resolveRedis(settings, beside),
    auth: resolveAuth(settings, beside, fault),
    ice: resolveIce(settings, beside),
    regions: resolveRegions(settings, beside, fault),
    discovery: settings.discovery,
    relays: resolveRelays(settings, findings),
    cameras,
    ladders,
    records,
    devices,
    logins,
    destinations: settings.destinations,
    webhooks: settings.webhooks.map(({ url, types, secret_file }) => ({ url, types, secretFile: beside(secret_file) })),
    ports: {
      jwks: settings.ports.jwks,
      nats: settings.ports.nats,
      redis: settings.ports.redis,
      edge: settings.ports.edge,
      demoDestination: settings.ports.demo_destination,
      demoDestinationHttp: settings.ports.demo_destination_http,
      ...(settings.ports.adaptive_udp === undefined ? {} : { adaptiveUdp: settings.ports.adaptive_udp }),
    },
    limits: {
      sessionsPerSubject: settings.limits.sessions_per_subject,
      ...(settings.limits.egress_kbps === undefined ? {} : { egressBps: settings.limits.egress_kbps * 1000 }),
      encoders: settings.limits.encoders ?? ENCODERS_PER_CORE * availableParallelism(),
      adaptivePeers: settings.limits.adaptive_peers,
      adaptiveCores: settings.limits.adaptive_cores ?? Math.max(1, availableParallelism() / 2),
    },
    events: { keepMs: durationMs(settings.events.keep), maxBytes: bytesIn(settings.events.max_bytes) },
    ledger: { keepMs: durationMs(settings.ledger.keep) },
    telemetry: settings.telemetry.otlp_url === undefined ? {} : { otlpUrl: settings.telemetry.otlp_url },
    log: settings.log,
    warnings: [],
  };
  checkDoors(settings, config, fault);
  for (const [name, destination] of Object.entries(settings.destinations)) {
    for (const [setting, message] of faultsOf(destination)) fault(['destinations', name, setting], message);
  }
  return config;
}

/** A ladder of 720p costs a third of a core; a copied rung next to nothing. */
const ENCODERS_PER_CORE = 4;

type FaultAt = (at: SettingPath, message: string) => void;

/** What tokens that we sign ourselves say, when somebody else issues the logins. */
const OWN_ISSUER = 'signalbox';

function resolveAuth(settings: Settings, beside: (name: string) => string, fault: FaultAt): Config['auth'] {
  const said = settings.auth === undefined || settings.auth === 'local' ? {} : settings.auth;
  const auth = authSettings.parse(complete(authSettings.schema, said, { faults: [], warnings: [] }));
  const { issuer, audience, jwks_url: jwksUrl } = auth;
  if (jwksUrl && issuer === OWN_ISSUER) {
    fault(
      ['auth', 'issuer'],
      `with a jwks_url, expected the issuer whose keys are there; "${OWN_ISSUER}" is our own name`,
    );
  }
  return {
    issuer: jwksUrl ? OWN_ISSUER : issuer,
    audience,
    ...(jwksUrl ? { external: { issuer, audience, jwksUrl } } : {}),
    ...(auth.oidc ? { oidc: resolveOidc(auth.oidc, beside, fault) } : {}),
    streamTokenTtlMs: durationMs(auth.stream_token_ttl),
    loginTokenTtlMs: durationMs(auth.login_token_ttl),
    history: Object.fromEntries(Object.entries(auth.history).map(([role, text]) => [role, durationMs(text)])),
  };
}

type Oidc = NonNullable<Of<typeof authSettings>['oidc']>;

function resolveOidc(
  said: Oidc,
  beside: (name: string) => string,
  fault: FaultAt,
): NonNullable<Config['auth']['oidc']> {
  const { protocol, hostname } = new URL(said.issuer);
  if (protocol === 'http:' && !isLoopback(hostname)) {
    fault(['auth', 'oidc', 'issuer'], 'expected https://: who signs in must not be decided by whoever is on the way');
  }
  if (!said.scopes.includes('openid')) fault(['auth', 'oidc', 'scopes'], 'expected openid among them');
  for (const [index, { claim, value }] of said.rights.entries()) {
    if ((claim === undefined) !== (value === undefined)) {
      fault(['auth', 'oidc', 'rights', index], 'claim and value stand together; a rule without both is for everybody');
    }
  }
  const rights = said.rights.map(({ history: text, ...rule }, index) => {
    const history = text === undefined ? undefined : historyIn(text);
    if (text !== undefined && !history)
      fault(['auth', 'oidc', 'rights', index, 'history'], `expected ${HISTORY_EXPECTED}`);
    return { ...rule, ...(history ? { history } : {}) };
  });
  return {
    issuer: said.issuer,
    clientId: said.client_id,
    ...(said.client_secret_file ? { secretFile: beside(said.client_secret_file) } : {}),
    scopes: said.scopes,
    name: said.name,
    rights,
  };
}

/** Takes HOST:PORT apart. */
function listener(text: string, at: SettingPath, fault: FaultAt): Listener {
  const colon = text.lastIndexOf(':');
  const host = text.slice(0, colon).replace(/^\[|\]$/g, '');
  const port = Number(text.slice(colon + 1));
  if (port < 1 || port > 65535) fault(at, 'expected a port from 1 to 65535');
  if (!ipaddr.isValid(host) && host !== 'localhost') fault(at, 'expected an IP address or localhost before the port');
  return { host, port };
}

/** Whether only this machine can reach what listens there. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || (ipaddr.isValid(host) && ipaddr.process(host).range() === 'loopback');
}

/** The databases are opened once here, so that one that can't be used is told with its line. */
function resolveRegions({ regions }: Settings, beside: (name: string) => string, fault: FaultAt): Config['regions'] {
  const { database, ...others } = regions;
  const databases = [database].flat().map(beside);
  for (const [index, file] of databases.entries()) {
    try {
      openPlaces([file]);
    } catch (error) {
      if (!(error instanceof BadDatabase)) throw error;
      fault(Array.isArray(database) ? ['regions', 'database', index] : ['regions', 'database'], error.message);
    }
  }
  if (databases.length === 0 && Object.keys(others.places).length > 0) {
    fault(['regions', 'places'], 'needs regions.database: without it nobody knows where an address is');
  }
  return { ...others, databases };
}

function mediaHost(settings: Settings, httpHost: string, fault: FaultAt): string {
  const host = settings.media.listen ?? httpHost;
  if (host !== 'localhost' && !ipaddr.isValid(host))
    fault(['media', 'listen'], 'expected an IP address, without a port');
  return host === 'localhost' ? '127.0.0.1' : host;
}

function checkDoors(settings: Settings, config: Config, fault: FaultAt): void {
  if (settings.auth === undefined) {
    const open: [SettingPath, string][] = [
      [['http', 'listen'], config.http.host],
      [['media', 'listen'], config.media.host],
      [['metrics', 'listen'], config.metrics?.host ?? 'localhost'],
    ];
    const wide = open.find(([, host]) => !isLoopback(host));
    if (wide) {
      fault(
        wide[0],
        `listening on ${wide[1]} lets other machines in, so say who may enter: add "auth: local" (tokens signed here) or auth: { issuer, jwks_url }`,
      );
    }
  }
  checkEncryption(settings, config, fault);
  for (const [index, proxy] of config.http.trustedProxies.entries()) {
    if (!ipaddr.isValid(proxy) && !ipaddr.isValidCIDR(proxy)) {
      fault(['http', 'trusted_proxies', index], 'expected an IP address or a network such as 10.0.0.0/8');
    }
  }
  for (const [index, address] of config.discovery.on.entries()) {
    if (!ipaddr.IPv4.isValidFourPartDecimal(address)) {
      fault(['discovery', 'on', index], 'expected an IPv4 address of this machine, such as 10.0.0.2');
    }
  }
  for (const network of Object.keys(config.regions.networks)) {
    if (!ipaddr.isValidCIDR(network)) fault(['regions', 'networks', network], 'expected a network such as 14.0.0.0/8');
  }
}

/** What others could read on the way stands open only by an explicit word. */
function checkEncryption(settings: Settings, { http, media, natsWebSocket }: Config, fault: FaultAt): void {
  if (natsWebSocket && !isLoopback(natsWebSocket.host) && !http.tls && !settings.http.insecure) {
    fault(
      ['nats', 'websocket'],
      `NATS on ${natsWebSocket.host} without TLS shows passwords and events to everybody on the way: add http.tls: { cert, key }, or say "insecure: true" under http`,
    );
  }
  if (settings.auth === undefined || http.tls) return;
  const { insecure } = settings.http;
  const proxied = http.publicUrl?.startsWith('https:') && http.trustedProxies.length > 0;
  if (!isLoopback(http.host) && !proxied && !insecure) {
    fault(
      ['http', 'listen'],
      `listening on ${http.host} without TLS shows passwords and tokens to everybody on the way: add http.tls: { cert, key }, or name the proxy that ends TLS (public_url: https://…, trusted_proxies: […]), or say "insecure: true"`,
    );
  }
  if (!isLoopback(media.host) && !insecure && !settings.media.insecure) {
    fault(
      ['media', 'listen'],
      `RTSP on ${media.host} without TLS shows pictures and tokens to everybody on the way: add http.tls: { cert, key } for RTSPS, let media listen on 127.0.0.1, or say "insecure: true" under media`,
    );
  }
}

function resolveRedis({ redis }: Settings, beside: (name: string) => string): Config['redis'] {
  if (redis === 'embedded') return redis;
  if (typeof redis === 'string') return { url: redis };
  return { url: redis.url, ...(redis.password_file ? { passwordFile: beside(redis.password_file) } : {}) };
}

function resolveIce({ ice }: Settings, beside: (name: string) => string): Config['ice'] {
  const { turn } = ice;
  return {
    stun: ice.stun,
    ...(turn
      ? {
          turn: {
            urls: turn.urls,
            secretFile: beside(turn.secret_file),
            credentialTtlMs: durationMs(turn.credential_ttl),
          },
        }
      : {}),
    publicHosts: ice.public_hosts,
    tcp: ice.tcp,
  };
}

function resolveCameras(settings: Settings, fault: FaultAt) {
  const cameras = new Map<Id, CameraSettings>();
  const ladders = new Map<Id, string[]>();
  const records = new Map<Id, RecordSettings>();
  const devices = new Map<Id, DeviceAddress>();
  const logins = new Map<string, Login>();
  for (const [name, camera] of Object.entries(settings.cameras)) {
    const short = typeof camera === 'string';
    const addresses = short ? [camera] : camera.sources;
    const sources = addresses.flatMap((address, index) => {
      try {
        return [splitSource(id(name), index, address, logins)];
      } catch (error) {
        if (!(error instanceof BadAddress)) throw error;
        fault(short ? ['cameras', name] : ['cameras', name, 'sources', index], error.message);
        return [];
      }
    });
    cameras.set(id(name), {
      name: short ? name : (camera.name ?? name),
      zone: short ? 'default' : camera.zone,
      sources,
      keep: short ? 'warm' : camera.keep,
      eye: short ? true : camera.eye,
      ...handBack(short ? DEFAULT_HAND_BACK : camera.hand_back),
    });
    if (short) continue;
    if (camera.onvif) {
      try {
        devices.set(id(name), splitDevice(id(name), camera.onvif, logins));
      } catch (error) {
        if (!(error instanceof BadAddress)) throw error;
        fault(['cameras', name, 'onvif'], error.message);
      }
    }
    if (camera.ladder) ladders.set(id(name), camera.ladder);
    if (camera.record) {
      const { keep, max_bytes: most } = camera.record;
      records.set(id(name), { keepMs: durationMs(keep), ...(most === undefined ? {} : { maxBytes: bytesIn(most) }) });
    }
  }
  return { cameras, ladders, records, devices, logins };
}

const DEFAULT_HAND_BACK = '10s';

/** How long a better source must be steady: nothing said where it is as long as by default. */
function handBack(text: string): Pick<CameraSettings, 'hand_back_ms'> {
  if (text === DEFAULT_HAND_BACK) return {};
  return { hand_back_ms: text === 'never' ? text : durationMs(text) };
}

/** A source as cells know it; the login, if any, goes into `logins` under a reference that stays the same. */
export function splitSource(
  camera: Id,
  index: number,
  text: string,
  logins: Map<string, Login>,
): CameraSettings['sources'][number] {
  const address = parseCameraAddress(text);
  const login = loginOf(address);
  const source = { id: id(String(index)), url: address.url };
  if (!login) return source;
  const credential = `${camera}-${index}`;
  logins.set(credential, login);
  return { ...source, credential };
}

/** The same for its ONVIF address. @throws BadAddress */
export function splitDevice(camera: Id, text: string, logins: Map<string, Login>): DeviceAddress {
  const address = parseDeviceAddress(text);
  const login = loginOf(address);
  if (!login) return { url: address.url };
  const credential = `${camera}-onvif`;
  logins.set(credential, login);
  return { url: address.url, credential };
}
