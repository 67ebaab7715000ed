import { type FSWatcher, readFileSync, realpathSync, unwatchFile, watch, watchFile } from 'node:fs';
import path from 'node:path';
import { readConfig } from '../config.ts';
import { ConfigError } from './fault.ts';
import type { Config } from './model.ts';

/** What became of a change of the file. */
export interface ConfigChange {
  config: Config;
  /** Settings that differ from those at the start, and are only read then. */
  restart: string[];
}

/** A watched configuration file. */
export interface ConfigWatch {
  /** Looks at the file now, as after SIGHUP. */
  check(): void;
  close(): void;
}

/** How long a file must stay as it is before it is read: an editor may be half-way through. */
const SETTLE_MS = 150;

/** File systems that tell nothing (network shares, some containers) are asked this often. */
const POLL_MS = 2_000;

/**
 * Watches a configuration file, also when it is replaced by renaming or by turning a symbolic link. A change is either
 * whole and valid, or it is refused and the old configuration stays.
 * @param current the configuration that this process started with
 */
export function watchConfig(
  current: Config,
  env: NodeJS.ProcessEnv,
  changed: (change: ConfigChange) => void,
  refused: (error: ConfigError) => void,
): ConfigWatch {
  const { file } = current;
  let seen = readText(file);
  let timer: NodeJS.Timeout | undefined;
  let closed = false;

  const look = () => {
    timer = undefined;
    const text = readText(file);
    if (closed || text === seen) return;
    seen = text;
    try {
      if (!text?.trim())
        throw new ConfigError(file, [
          { setting: '', message: text === undefined ? 'the file is gone' : 'the file is empty' },
        ]);
      const config = readConfig(file, text, env);
      changed({ config, restart: restartSettings(current, config) });
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      refused(error);
    }
  };
  const stir = () => {
    clearTimeout(timer);
    if (!closed) timer = setTimeout(look, SETTLE_MS);
  };

  const watchers = placesOf(file).flatMap((place) => watchPlace(place, stir));
  watchFile(file, { interval: POLL_MS, persistent: false }, stir);
  return {
    check: stir,
    close() {
      closed = true;
      clearTimeout(timer);
      unwatchFile(file, stir);
      for (const watcher of watchers) watcher.close();
    },
  };
}

/** What of a configuration is only read at the start, by the setting that a person knows it under. */
const startOnly: Record<string, (config: Config) => unknown> = {
  http: ({ http }) => [http.host, http.port, http.trustedProxies, http.tls],
  media: ({ media }) => media,
  metrics: ({ metrics }) => metrics,
  state: ({ state }) => state,
  host: ({ host }) => host,
  // Where other hosts are, and their relays, the launcher takes over by starting the gateways again.
  cluster: ({ cluster, host = '' }) => cluster && [cluster.keyFile, cluster.hosts[host]],
  gateways: ({ gateways }) => gateways,
  nats: ({ nats, natsWebSocket }) => [nats, natsWebSocket],
  redis: ({ redis }) => redis,
  auth: ({ auth }) => [auth.issuer, auth.audience, auth.external, { ...auth.oidc, rights: [] }],
  'ice.public_hosts': ({ ice }) => ice.publicHosts,
  'ice.tcp': ({ ice }) => ice.tcp,
  relays: ({ relays, host: own }) =>
    relays
      .filter(({ host }) => host === undefined || host === own)
      .map(({ id, role, remote, ports, host, pull }) => [id, role, remote, ports, host, pull]),
  ports: ({ ports }) => ports,
  'limits.adaptive_peers': ({ limits }) => limits.adaptivePeers > 0,
  telemetry: ({ telemetry }) => telemetry,
  log: ({ log }) => log,
};

/** Settings that differ between two configurations and only take effect at the next start. */
export function restartSettings(before: Config, after: Config): string[] {
  const differs = (read: (config: Config) => unknown) => JSON.stringify(read(before)) !== JSON.stringify(read(after));
  return Object.entries(startOnly).flatMap(([name, read]) => (differs(read) ? [name] : []));
}

/** The folders in which a save can show, and what it is called there. */
function placesOf(file: string): { folder: string; name?: string }[] {
  const own = { folder: path.dirname(file), name: path.basename(file) };
  try {
    const real = realpathSync(file);
    // Behind links, any name in these folders may be the one that turns.
    return real === file ? [own] : [{ folder: own.folder }, { folder: path.dirname(real) }];
  } catch {
    return [own];
  }
}

// A folder that can't be watched is no fault: the file is asked every two seconds anyway.
function watchPlace({ folder, name }: { folder: string; name?: string }, stir: () => void): FSWatcher[] {
  try {
    const watcher = watch(folder, { persistent: false }, (_event, moved) => {
      if (name === undefined || moved === null || moved === name) stir();
    });
    watcher.on('error', () => watcher.close());
    return [watcher];
  } catch {
    return [];
  }
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
