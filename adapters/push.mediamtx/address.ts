import type { receivedBytes } from '../stat.nginx-rtmp.ts';
import type { Wish } from './encoded.ts';

/** Where a destination takes pictures, and the secrets that open it. Those are read when they are needed. */
export interface Destination {
  /** `rtmp://HOST/APP`, `rtmps://HOST/APP` or `srt://HOST:PORT`. */
  to: string;
  /** The stream key; for SRT, the stream id. `{camera}` in it stands for the camera's id. @throws Error when it can't be read */
  key?(): string;
  /** SRT: what encrypts it. @throws Error when it can't be read */
  passphrase?(): string;
  /** RTMPS: SHA-256 of a certificate that no authority vouches for. */
  fingerprint?: string;
  /** Address of the destination's own statistics, where it can be asked whether it receives (nginx-rtmp). */
  stat?: string;
  /** What FFmpeg makes of the program; absent: it takes it as it is. */
  wish?: Wish;
}

/** A destination as the relay wants it. */
export interface Address {
  forward: { dest: string; destFingerprint?: string };
  /** Keeps the secrets out of what the relay says. */
  hide(text: string): string;
  /** What has arrived, by the destination's own words; absent where it can't be asked. */
  received?(): Promise<number | undefined>;
  wish?: Wish;
}

/** A station takes one picture under a key: with this in it, each camera has a key of its own. */
const EACH_CAMERA = '{camera}';

/**
 * The address of a destination with all that opens it, or why there is none.
 * @param received asks a station's statistics
 */
export function addressOf(
  name: string,
  found: Destination | undefined,
  camera: string,
  received: typeof receivedBytes,
): Address | { fault: string } {
  if (!found) return { fault: `the configuration has no destination ${name}: add it to \`destinations\`` };
  const { to, stat, fingerprint, wish } = found;
  try {
    const key = (found.key?.().trim() ?? '').replaceAll(EACH_CAMERA, camera);
    const passphrase = found.passphrase?.().trim() ?? '';
    const dest = to.startsWith('srt:') ? srtAddress(to, key, passphrase) : rtmpAddress(to, key);
    return {
      forward: { dest, ...(fingerprint ? { destFingerprint: fingerprint } : {}) },
      hide: hiding([key, passphrase]),
      ...(wish ? { wish } : {}),
      ...(stat === undefined ? {} : { received: () => received(stat, key) }),
    };
  } catch (error) {
    return { fault: `a secret of ${name} can’t be read (${(error as NodeJS.ErrnoException).code})` };
  }
}

/** mediamtx takes the key behind `#`: behind a slash it would become part of the application's name. */
const rtmpAddress = (to: string, key: string): string => (key ? `${to}#${key}` : to);

/** The options of SRT stand in its address (https://github.com/Haivision/srt/blob/master/docs/apps/srt-live-transmit.md). */
function srtAddress(to: string, streamId: string, passphrase: string): string {
  const options = [
    ...(streamId ? [`streamid=${encodeURIComponent(streamId)}`] : []),
    ...(passphrase ? [`passphrase=${encodeURIComponent(passphrase)}`] : []),
  ];
  return options.length > 0 ? `${to}${to.includes('?') ? '&' : '?'}${options.join('&')}` : to;
}

function hiding(secrets: string[]): (text: string) => string {
  const spelled = secrets.filter(Boolean).flatMap((secret) => [secret, encodeURIComponent(secret)]);
  return (text) => spelled.reduce((kept, secret) => kept.replaceAll(secret, '…'), text);
}
