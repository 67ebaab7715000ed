import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import type { Login } from '../adapters/secrets.files.ts';
import type { CameraSettings } from '../bus/events/camera.ts';
import type { RelayRole } from '../bus/events/relay.ts';
import type { Id } from '../bus/identity.ts';
import { complete, type Finding, type Findings } from './config/complete.ts';
import { type Settings, settings } from './config/declaration.ts';
import { applyOverrides, readOverrides } from './config/environment.ts';
import { ConfigError, type Fault, faultText } from './config/fault.ts';
import { MAX_CONFIG_BYTES, parseYaml } from './config/parse.ts';
import { resolve } from './config/resolve.ts';

/** Where something listens. */
export interface Listener {
  host: string;
  port: number;
}

/** The listeners of one relay. All but `rtsp`, `srt`, `rtmp` and `webrtcUdp` stay on loopback. */
export interface RelayPorts {
  rtsp: number;
  srt: number;
  rtmp: number;
  webrtcUdp: number;
  whep: number;
  hls: number;
  api: number;
  metrics: number;
}

/** A relay as configured. */
export interface ConfiguredRelay {
  id: Id;
  role: RelayRole;
  region: string;
  weight: number;
  /** Supervised by our launcher; otherwise somebody else runs it at `api`. */
  embedded: boolean;
  api?: string;
  ports: RelayPorts;
}

/** One validated configuration: the file, the environment over it, every default, in the program's own units. */
export interface Config {
  /** Absolute path of the file it came from. */
  file: string;
  http: Listener & { publicUrl?: string; trustedProxies: string[] };
  /** Host on which relays offer media: RTSP, SRT, RTMP, WebRTC. */
  media: { host: string };
  /** A listener of its own for /metrics, if wanted. */
  metrics?: Listener;
  /** Absolute path of the data folder. */
  state: string;
  nats: 'embedded' | { servers: string[]; user?: string; passwordFile?: string; credentialsFile?: string };
  redis: 'embedded' | { url: string; passwordFile?: string };
  /** `issuer` and `audience` are those of the tokens that we sign; `external` are somebody else's, taken beside them. */
  auth: {
    issuer: string;
    audience: string;
    external?: { issuer: string; audience: string; jwksUrl: string };
    streamTokenTtlMs: number;
    loginTokenTtlMs: number;
  };
  ice: {
    stun: string[];
    turn?: { urls: string[]; secretFile: string; credentialTtlMs: number };
    publicHosts: string[];
    tcp: boolean;
  };
  regions: { default: string; networks: Record<string, string> };
  /** At least one of each role. */
  relays: ConfiguredRelay[];
  cameras: ReadonlyMap<Id, CameraSettings>;
  /** The logins that camera addresses carried, by credential reference. A Map, so that JSON of a Config has none. */
  logins: ReadonlyMap<string, Login>;
  destinations: Settings['destinations'];
  ports: { jwks: number; nats: number; redis: number };
  limits: { sessionsPerSubject: number };
  log: { level: Settings['log']['level'] };
  /** What works but deserves a look, one line each, with its place. */
  warnings: string[];
}

/**
 * Reads a configuration file and lays the environment over it.
 * @throws ConfigError listing every fault with file, line and column, what is wrong and the nearest valid name
 */
export function loadConfig(file: string, env: NodeJS.ProcessEnv): Config {
  return readConfig(file, readText(file), env);
}

/** The same for a text that has been read already. @throws ConfigError */
export function readConfig(file: string, text: string, env: NodeJS.ProcessEnv): Config {
  const yaml = parseYaml(text);
  if (yaml.faults.length > 0) throw new ConfigError(file, yaml.faults);
  const overrides = readOverrides(settings.schema, env);
  const placed = ({ path: at, part, message }: Finding): Fault => {
    const setting = at.join('.');
    const said = overrides.entries.find(({ variable }) => setting.startsWith(variable.path.join('.')));
    return said ? { setting, message, variable: said.variable.name } : { setting, message, ...yaml.place(at, part) };
  };
  const findings: Findings = { faults: [], warnings: [] };
  const fail = () => new ConfigError(file, findings.faults.map(placed));
  const whole = complete(settings.schema, applyOverrides(yaml.value, overrides), findings);
  if (findings.faults.length > 0) throw fail();
  const config = resolve(path.resolve(file), settings.parse(whole), findings);
  if (findings.faults.length > 0) throw fail();
  config.warnings = [
    ...findings.warnings.map((finding) => faultText(file, placed(finding))),
    ...overrides.unknown.map(
      ({ name, meant }) => `${name}: overrides nothing${meant ? `; did you mean ${meant}?` : ''}`,
    ),
  ];
  return config;
}

function readText(file: string): string {
  const fail = (message: string) => new ConfigError(file, [{ setting: '', message }]);
  try {
    if (statSync(file).size > MAX_CONFIG_BYTES)
      throw fail(`the file is larger than ${MAX_CONFIG_BYTES / 1_000_000} MB`);
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT') throw fail('there is no such file; infra/signalbox.yaml is an example to copy');
    throw fail(`can't be read: ${code ?? String(error)}`);
  }
}
