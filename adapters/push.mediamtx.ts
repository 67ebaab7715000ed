import type { PushSlot } from '../machines/slots.ts';
import { RelayAway } from './mediamtx/exchange.ts';
import type { RelayPaths } from './mediamtx/relay-paths.ts';
import { type ForwardStanding, type Mediamtx, RelayRefused } from './mediamtx.ts';
import { receivedBytes } from './stat.nginx-rtmp.ts';

/** Where a destination takes pictures, and the stream key that opens it. */
export interface Destination {
  /** `rtmp://HOST/APP` or `rtmps://HOST/APP`. */
  to: string;
  /** Read when it is needed, and known to the relay alone. @throws Error when it can't be read */
  key?(): string;
  /** Address of the destination's own statistics, where it can be asked whether it receives (nginx-rtmp). */
  stat?: string;
}

/** What pushing needs. */
export interface PushSettings {
  pathsOf(relay: string): RelayPaths;
  apiOf(relay: string): Mediamtx;
  /** Where a relay reads its own program path of a camera, token included. */
  programUrl(relay: string, camera: string): string;
  destination(name: string): Destination | undefined;
}

/** Where a broadcast lives at its relay. */
export const pushPath = (broadcast: string): string => `push/${broadcast}`;

/** The broadcast that a path is for. */
export const broadcastOfPath = (path: string): string => path.split('/')[1] ?? '';

/** All paths of broadcasts at a delivery relay: after adoption, those that nobody holds are swept. */
export const PUSH_PATHS = /^push\//;

const LOOK_MS = 200;
/** Bytes must have risen in this many looks: a handshake alone is no picture. */
const RISES = 3;

/**
 * Has a relay push a camera to an RTMP destination while the slot is held: a path of its own reads the program path,
 * which never goes away, and forwards it. A lost source, a slate or a switch never reaches the destination as a new
 * connection, and remaking a push disturbs no viewer.
 */
export function pushMediamtx(settings: PushSettings): PushSlot {
  return ({ broadcast, camera, destination, relay, silentMs }, report) => {
    const paths = settings.pathsOf(relay);
    const name = pushPath(broadcast);
    const refused = (detail: string) => report({ type: 'push.refused', relay, detail });
    const address = addressOf(destination, settings);
    if ('fault' in address) {
      queueMicrotask(() => refused(address.fault));
      return { release() {} };
    }
    const { dest, hide, received } = address;
    const source = settings.programUrl(relay, camera);
    paths.want(name, { source, rtspTransport: 'tcp', forward: [{ dest }] }, (detail) => refused(hide(detail)));
    const sent = () => sentBytes(settings.apiOf(relay), name);
    const stop = watchBytes({ sent, ...(received ? { received } : {}) }, silentMs, {
      flowing: (bytes, elapsedMs) =>
        report({
          type: 'push.flowing',
          relay,
          bytes,
          elapsed_ms: Math.round(elapsedMs),
          confirmed: received !== undefined,
        }),
      silent: (standingMs, detail) =>
        report({
          type: 'push.silent',
          relay,
          silent_ms: Math.round(standingMs),
          ...(detail ? { detail: hide(detail) } : {}),
        }),
      failed: (detail) => refused(hide(detail)),
    });
    return {
      release() {
        stop();
        paths.drop(name);
      },
      detach() {
        stop();
        paths.leave(name);
      },
    };
  };
}

interface Address {
  /** The address as the relay wants it. */
  dest: string;
  /** Keeps the key out of what the relay says. */
  hide(text: string): string;
  /** What has arrived, by the destination's own words; absent where it can't be asked. */
  received?(): Promise<number | undefined>;
}

function addressOf(name: string, { destination }: PushSettings): Address | { fault: string } {
  const found = destination(name);
  if (!found) return { fault: `the configuration has no destination ${name}: add it to \`destinations\`` };
  const { to, stat } = found;
  try {
    const key = found.key?.().trim() ?? '';
    return {
      // mediamtx takes the key behind `#`: behind a slash it would become part of the application's name.
      dest: key ? `${to}#${key}` : to,
      hide: (text) => (key ? text.replaceAll(key, '…') : text),
      ...(stat === undefined ? {} : { received: () => receivedBytes(stat, key) }),
    };
  } catch (error) {
    return { fault: `the stream key of ${name} can't be read (${(error as NodeJS.ErrnoException).code})` };
  }
}

/** What has left for the destination, and why nothing does; undefined when the relay does not tell. */
async function sentBytes(api: Mediamtx, name: string): Promise<ForwardStanding | undefined> {
  try {
    return (await api.forwards(name))[0];
  } catch (error) {
    if (error instanceof RelayAway || error instanceof RelayRefused) return undefined;
    throw error;
  }
}

interface BytesHear {
  flowing(bytes: number, elapsedMs: number): void;
  silent(standingMs: number, detail?: string): void;
  failed(detail: string): void;
}

/** Where bytes are seen: leaving the relay, and arriving where the destination can be asked. */
interface Witnesses {
  sent(): Promise<ForwardStanding | undefined>;
  received?(): Promise<number | undefined>;
}

/** Looks at the bytes that leave for the destination, or better at those that arrive. @returns how to stop it */
function watchBytes({ sent, received }: Witnesses, silentMs: number, hear: BytesHear): () => void {
  const startedAt = performance.now();
  let bytes = 0;
  let rises = 0;
  let roseAt = startedAt;
  let flowing = false;
  let failure = '';
  let stopped = false;
  let timer: NodeJS.Timeout;

  const judge = (seen: number, said: string): void => {
    const now = performance.now();
    const rose = seen > bytes;
    // Statistics may be older than our looks: what stands between two rises is no end of them.
    if (rose) {
      rises += 1;
      roseAt = now;
    } else if (seen < bytes) rises = 0;
    bytes = seen;
    if (!flowing && rises >= RISES) {
      flowing = true;
      hear.flowing(seen, now - startedAt);
    }
    if (flowing && (said || now - roseAt >= silentMs)) {
      flowing = false;
      rises = 0;
      hear.silent(now - roseAt, said || undefined);
    } else if (!flowing && said && said !== failure) hear.failed(said);
    failure = said;
  };

  const look = async (): Promise<void> => {
    const [standing, arrived] = await Promise.all([sent(), received?.().catch(() => 0)]);
    if (stopped) return;
    const said = standing?.state === 'error' ? (standing.lastError ?? 'it failed') : '';
    judge((received ? arrived : standing?.outboundBytes) ?? 0, said);
    timer = setTimeout(look, LOOK_MS);
  };
  timer = setTimeout(look, LOOK_MS);
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}
