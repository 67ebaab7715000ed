import { authority } from '../../adapters/authority.ts';
import type { Id } from '../../bus/identity.ts';
import { EVERY_FACT, EVERY_TOLD, factsOf, inboxOf, type Kind, resumeSubject, toldOf } from '../../bus/subjects.ts';
import { inZone } from '../../machines/policy/access.ts';

/**
 * Name of the account that may do everything, of the one that may read all facts, and of one that may do nothing: who
 * gets in with it knows which configuration the server has read.
 */
export const NATS_GATEWAY_USER = 'gateway';
export const NATS_READER_USER = 'reader';
export const NATS_REVISION_USER = 'revision';

/** In which zone each camera is. */
export type CameraZones = ReadonlyMap<Id, string>;

/** Whose facts a reader hears, as the configuration says it; neither is said: everybody's. */
export interface ReaderScope {
  cameras?: readonly Id[];
  zones?: readonly string[];
}

/** Readers by name. */
export type ReaderScopes = Readonly<Record<string, ReaderScope>>;

/** Whether a reader hears every fact there is. */
export const hearsAll = ({ cameras, zones }: ReaderScope): boolean => cameras === undefined && zones === undefined;

/** The cameras that a reader hears now; undefined: all, and all else. */
export function camerasHeard(scope: ReaderScope, placed: CameraZones): Id[] | undefined {
  if (hearsAll(scope)) return undefined;
  const { cameras, zones } = scope;
  const within = [...placed].filter(([, zone]) => zones?.some((pattern) => inZone(zone, pattern)));
  return [...new Set([...(cameras ?? []), ...within.map(([camera]) => camera)])].sort();
}

/** What a configuration says of readers: those of the nats-server that is run here are joined by one of its own. */
export interface ReaderSettings {
  nats: 'embedded' | object;
  natsReaders: ReaderScopes;
}

/** Whose facts a reader hears; undefined: there is no reader of that name. */
export function scopeOfReader({ nats, natsReaders }: ReaderSettings, name: string): ReaderScope | undefined {
  if (Object.hasOwn(natsReaders, name)) return natsReaders[name];
  return nats === 'embedded' && name === NATS_READER_USER ? {} : undefined;
}

/** A program that hears facts and does nothing else. */
export interface NatsReader {
  name: string;
  password: string;
  /** Whose facts it hears; undefined: everybody's. */
  cameras?: readonly Id[];
}

/** The cells that are called like their camera: those that a reader of cameras hears. */
export const OF_A_CAMERA: readonly Kind[] = ['camera', 'rendition', 'recording', 'ptz', 'sound'];

/**
 * What a reader may say and hear: the facts, and under its own name an ask to the gateways for those that it missed.
 * Nothing else, above all nothing of JetStream's: whoever asks the server names where the answer goes, and that may be
 * a journal, or the place of a fact.
 */
export function permissionsOf({ name, cameras }: Omit<NatsReader, 'password'>): {
  publish: string[];
  subscribe: string[];
} {
  const cells = cameras?.flatMap((id) => OF_A_CAMERA.map((kind) => ({ kind, id })));
  const facts = cells ? [...cells.map(factsOf), ...cells.map(toldOf)] : [EVERY_FACT, EVERY_TOLD];
  return { publish: [resumeSubject(name)], subscribe: [...facts, `${inboxOf(name)}.>`] };
}

/** What is allowed. An empty list would be none at all to nats-server, and so allow everything. */
const allowed = (subjects: readonly string[]): string => (subjects.length > 0 ? quoted(subjects) : '{ deny: ">" }');

const quoted = (texts: readonly string[]): string => `[${texts.map((text) => JSON.stringify(text)).join(', ')}]`;

/** The users of a nats-server: one who may do everything, those who hear facts, and others that may do nothing. */
export function authorization(
  gateway: { user: string; password: string },
  readers: readonly NatsReader[],
  idle: readonly { user: string; password: string }[] = [],
): string {
  const user = (name: string, password: string, more = '') =>
    `    { user: ${JSON.stringify(name)}, password: ${JSON.stringify(password)}${more} }`;
  const lines = readers.map((reader) => {
    const { publish, subscribe } = permissionsOf(reader);
    const may = `\n      publish: ${allowed(publish)},\n      subscribe: ${allowed(subscribe)}\n    `;
    return user(reader.name, reader.password, `, permissions: {${may}}`);
  });
  const nothing = `, permissions: { publish: ${allowed([])}, subscribe: ${allowed([])} }`;
  const others = idle.map((one) => user(one.user, one.password, nothing));
  return `authorization {
  users: [
${[user(gateway.user, gateway.password), ...lines, ...others].join('\n')}
  ]
}
`;
}

/** Where browsers reach NATS. */
export interface NatsWebSocket {
  host: string;
  port: number;
  tls?: { certFile: string; keyFile: string };
  /** Sites whose pages may open it; none: every site's, as nothing but a password lets anybody in. */
  origins: readonly string[];
}

/** NATS over WebSocket, as nats-server is told of it. */
export function webSocket({ host, port, tls, origins }: NatsWebSocket): string {
  const safe = tls
    ? `tls { cert_file: ${JSON.stringify(tls.certFile)}, key_file: ${JSON.stringify(tls.keyFile)} }`
    : 'no_tls: true';
  const sites = origins.length ? `\n  allowed_origins: ${quoted(origins)}` : '';
  return `websocket {
  listen: "${authority(host, port)}"
  ${safe}${sites}
}
`;
}
