import type { PushInput, PushReport, PushSlot } from '../machines/slots.ts';
import { RelayAway } from './mediamtx/exchange.ts';
import type { RelayPaths } from './mediamtx/relay-paths.ts';
import { type ForwardStanding, type Mediamtx, type PathConfig, RelayRefused } from './mediamtx.ts';
import { addressOf, type Destination } from './push.mediamtx/address.ts';
import { watchBytes } from './push.mediamtx/bytes.ts';
import { type Encoded, pushEncoded, type Wish } from './push.mediamtx/encoded.ts';
import type { Encoders } from './push.mediamtx/making.ts';
import { askStations } from './stat.nginx-rtmp.ts';

/** What pushing needs. */
export interface PushSettings {
  pathsOf(relay: string): RelayPaths;
  apiOf(relay: string): Mediamtx;
  /** Where a relay reads its own program path of a camera, token included. */
  programUrl(relay: string, camera: string): string;
  destination(name: string): Destination | undefined;
  /** The camera as people call it. */
  nameOf(camera: string): string;
  /** The encoders of a relay's machine, which hand it what they make over sockets there; none beside one that others run. */
  encodersAt(relay: string): Encoders | undefined;
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
 * connection, and remaking a push disturbs no viewer. Where the destination asks for what the camera does not send, the
 * path reads an encoder instead, which reads the program.
 */
export function pushMediamtx(settings: PushSettings): PushSlot {
  const received = askStations();
  return (input, report) => {
    const { broadcast, camera, destination, relay, silentMs } = input;
    const paths = settings.pathsOf(relay);
    const name = pushPath(broadcast);
    const refused = (detail: string) => report({ type: 'push.refused', relay, detail });
    const address = addressOf(destination, settings.destination(destination), camera, received);
    if ('fault' in address) {
      queueMicrotask(() => report({ type: 'push.refused', relay, detail: address.fault, fatal: true }));
      return { release() {} };
    }
    const { forward, hide, wish } = address;
    const encoders = settings.encodersAt(relay);
    if (wish && !encoders) {
      const detail = `what ${destination} takes has to be encoded beside its relay, and ${relay} is somebody else's`;
      queueMicrotask(() => refused(detail));
      return { release() {} };
    }
    const read = (source: Pick<PathConfig, 'source' | 'rtspTransport'>) =>
      paths.want(name, { ...source, forward: [forward] }, (detail) => refused(hide(detail)));
    const encoder = wish && encoders && encode(settings, encoders, input, wish, read, report);
    if (!encoder) read({ source: settings.programUrl(relay, camera), rtspTransport: 'tcp' });
    const sent = () => sentBytes(settings.apiOf(relay), name);
    const made = () => unlessAway(async () => (await settings.apiOf(relay).path(name)).inboundBytes);
    const witnesses = { sent, made, ...(address.received ? { received: address.received } : {}) };
    const stop = watchBytes(witnesses, silentMs, {
      flowing: (bytes, elapsedMs) =>
        report({
          type: 'push.flowing',
          relay,
          bytes,
          elapsed_ms: Math.round(elapsedMs),
          confirmed: address.received !== undefined,
        }),
      silent(standingMs, detail) {
        if (encoder?.hangs(silentMs)) return;
        const said = detail ? { detail: hide(detail) } : {};
        report({ type: 'push.silent', relay, silent_ms: Math.round(standingMs), ...said });
      },
      failed: (detail) => refused(hide(detail)),
      lagging: (share, forMs) =>
        report({ type: 'push.lagging', relay, taken: Math.round(share * 100) / 100, for_ms: Math.round(forMs) }),
      steady: () => report({ type: 'push.steady', relay }),
      again: (gapMs) => report({ type: 'push.reconnected', relay, gap_ms: Math.round(gapMs) }),
    });
    return {
      release() {
        stop();
        encoder?.stop();
        paths.drop(name);
      },
      detach() {
        stop();
        encoder?.detach();
        paths.leave(name);
      },
    };
  };
}

/** Kinds of sound, by mediamtx's names for them. */
const SOUND = /audio|opus|g711|g722|lpcm|ac-3|vorbis|flac|speex/i;

/** Has an encoder make what the destination asks for, and the relay read that. */
function encode(
  settings: PushSettings,
  encoders: Encoders,
  { broadcast, camera, relay }: PushInput,
  wish: Wish,
  read: (source: { source: string }) => void,
  report: (event: PushReport) => void,
): Encoded {
  const parts = {
    ...{ broadcast, wish, name: settings.nameOf(camera), url: settings.programUrl(relay, camera) },
    encoders,
    async hasSound() {
      const { tracks2 = [] } = await settings.apiOf(relay).path(camera);
      return tracks2.some(({ codec }) => SOUND.test(codec));
    },
    await: (socket: string) => read({ source: `unix+mpegts://${socket}` }),
  };
  return pushEncoded(parts, {
    ended: (cause, detail) => report({ type: 'push.ended', relay, cause, detail }),
    slow: (speed) => report({ type: 'push.slow', relay, speed }),
    steady: () => report({ type: 'push.steady', relay }),
  });
}

/** What has left for the destination, and why nothing does; undefined when the relay does not tell. */
const sentBytes = (api: Mediamtx, name: string): Promise<ForwardStanding | undefined> =>
  unlessAway(async () => (await api.forwards(name))[0]);

/** Undefined when the relay does not tell. */
async function unlessAway<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof RelayAway || error instanceof RelayRefused) return undefined;
    throw error;
  }
}
