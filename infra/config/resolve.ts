import { availableParallelism } from 'node:os';
import path from 'node:path';
import { BadDatabase, openPlaces } from '../../adapters/places.maxmind.ts';
import { resolveAuth } from './auth.ts';
import { resolveCameras } from './cameras.ts';
import { resolveCluster } from './cluster.ts';
import type { Findings } from './complete.ts';
import type { Settings } from './declaration.ts';
import { faultsOf } from './destinations.ts';
import { checkDoors, listener, mediaHost } from './doors.ts';
import { durationMs } from './durations.ts';
import type { Config } from './model.ts';
import { resolveNats } from './nats.ts';
import type { Reading } from './reading.ts';
import { resolveRelays } from './relays.ts';
import { bytesIn } from './sizes.ts';
import { checkUpstreams } from './upstreams.ts';

/**
 * Turns what the file says into what the program uses, and checks what no grammar can: addresses, ports that collide,
 * doors that would stand open. Faults are added to the findings; the result counts only without them.
 */
export function resolve(file: string, settings: Settings, findings: Findings): Config {
  const reading: Reading = {
    fault: (at, message) => findings.faults.push({ path: at, part: 'value', message }),
    beside: (name) => path.resolve(path.dirname(file), name),
  };
  const { fault, beside } = reading;
  const listening = listener(settings.http.listen, ['http', 'listen'], fault);
  const http = { host: listening.host, port: settings.http.port ?? listening.port };
  const cluster = resolveCluster(settings, beside, findings);
  const media = mediaHost(settings, cluster?.hosts[settings.host ?? '']?.address ?? http.host, fault);
  const { cameras, ladders, records, devices, logins } = resolveCameras(settings, fault, findings);
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
    ...resolveNats(settings, reading),
    redis: resolveRedis(settings, beside),
    auth: resolveAuth(settings, reading),
    ice: resolveIce(settings, beside),
    regions: resolveRegions(settings, reading),
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
      relayGraceMs: durationMs(settings.limits.relay_grace),
      settledMs: durationMs(settings.limits.settled),
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
  checkUpstreams(config, fault);
  for (const [name, destination] of Object.entries(settings.destinations)) {
    for (const [setting, message] of faultsOf(destination)) fault(['destinations', name, setting], message);
  }
  return config;
}

/** A ladder of 720p costs a third of a core; a copied rung next to nothing. */
const ENCODERS_PER_CORE = 4;

/** The databases are opened once here, so that one that can't be used is told with its line. */
function resolveRegions({ regions }: Settings, { beside, fault }: Reading): Config['regions'] {
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
