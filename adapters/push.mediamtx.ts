import type { PushSlot } from '../machines/slots.ts';
import { RelayAway } from './mediamtx/exchange.ts';
import type { RelayPaths } from './mediamtx/relay-paths.ts';
import { type ForwardStanding, type Mediamtx, RelayRefused } from './mediamtx.ts';
import { addressOf, type Destination } from './push.mediamtx/address.ts';
import { watchBytes } from './push.mediamtx/bytes.ts';

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

/**
 * Has a relay push a camera over RTMP, RTMPS or SRT while the slot is held: a path of its own reads the program path,
 * which never goes away, and forwards it. A lost source, a slate or a switch never reaches the destination as a new
 * connection, and remaking a push disturbs no viewer.
 */
export function pushMediamtx(settings: PushSettings): PushSlot {
  return ({ broadcast, camera, destination, relay, silentMs }, report) => {
    const paths = settings.pathsOf(relay);
    const name = pushPath(broadcast);
    const refused = (detail: string) => report({ type: 'push.refused', relay, detail });
    const address = addressOf(destination, settings.destination(destination));
    if ('fault' in address) {
      queueMicrotask(() => refused(address.fault));
      return { release() {} };
    }
    const { forward, hide, received } = address;
    const source = settings.programUrl(relay, camera);
    paths.want(name, { source, rtspTransport: 'tcp', forward: [forward] }, (detail) => refused(hide(detail)));
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

/** What has left for the destination, and why nothing does; undefined when the relay does not tell. */
async function sentBytes(api: Mediamtx, name: string): Promise<ForwardStanding | undefined> {
  try {
    return (await api.forwards(name))[0];
  } catch (error) {
    if (error instanceof RelayAway || error instanceof RelayRefused) return undefined;
    throw error;
  }
}
