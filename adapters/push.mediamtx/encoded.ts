import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Encoders, Making } from './making.ts';

/** What a destination asks of FFmpeg, by its configuration. */
export interface Wish {
  video: 'copy' | 'h264';
  height?: number;
  bitrateBps: number;
  /** `aac`: the camera's sound, or silence where it has none. */
  audio: Making['audio'];
  /** A word that is written on the picture, with a clock and the camera's name. */
  overlay?: string;
}

/** What an encoded push needs. */
export interface EncodedParts {
  broadcast: string;
  wish: Wish;
  /** The camera as people call it. */
  name: string;
  /** Where the program is read; holds a token. */
  url: string;
  /** Those of the relay's machine. */
  encoders: Encoders;
  /** Whether the camera's program has sound. */
  hasSound(): Promise<boolean>;
  /** The relay shall await MPEG-TS at a socket. */
  await(socket: string): void;
}

/** Who is told how the encoder of a push fares. */
export interface EncodedHear {
  ended(cause: 'exited' | 'hung', detail: string): void;
  /** It makes less than a second of media in a second, by this factor. */
  slow(speed: number): void;
  steady(): void;
}

/** A push whose pictures are made by FFmpeg. */
export interface Encoded {
  /** Whether the encoder makes nothing, though it runs; then that is told. */
  hangs(silentMs: number): boolean;
  /** Ends the encoder. */
  stop(): void;
  /** Hears of it no more; it goes on. */
  detach(): void;
}

/** Speed is judged over this long; a start and a key frame may take their time. */
const SPEED_OVER_MS = 5_000;
const SLOW = 0.9;
const STEADY = 0.97;

/** What is made: silence where the camera has no sound. */
async function makingOf({ wish, name, hasSound }: EncodedParts): Promise<Making> {
  const { overlay, audio, ...picture } = wish;
  return {
    ...picture,
    audio: audio === 'aac' && !(await hasSound()) ? 'silence' : audio,
    ...(overlay === undefined ? {} : { overlay: { word: overlay, name } }),
  };
}

/**
 * Has FFmpeg make what a destination asks for, and deliver it to the relay that pushes. One that an earlier gateway
 * began goes on.
 */
export function pushEncoded(parts: EncodedParts, hear: EncodedHear): Encoded {
  const { broadcast, encoders, url } = parts;
  let over = false;
  let madeMs = 0;
  let madeAt = performance.now();
  let since: { mediaMs: number; at: number } | undefined;
  let slow = false;

  const fail = (cause: 'exited' | 'hung', detail: string) => {
    if (over) return;
    over = true;
    stopHearing();
    hear.ended(cause, detail);
  };
  const judge = (mediaMs: number): void => {
    const at = performance.now();
    if (mediaMs > madeMs) madeAt = at;
    madeMs = mediaMs;
    since ??= { mediaMs, at };
    if (at - since.at < SPEED_OVER_MS) return;
    const speed = (mediaMs - since.mediaMs) / (at - since.at);
    since = { mediaMs, at };
    if (!slow && speed < SLOW) hear.slow(Math.round(speed * 100) / 100);
    if (slow && speed > STEADY) hear.steady();
    slow = slow ? speed <= STEADY : speed < SLOW;
  };
  const stopHearing = encoders.hear(broadcast, (news) => {
    if (over) return;
    if (news.what === 'made') judge(news.mediaMs);
    else fail('exited', news.detail);
  });

  const begin = async (): Promise<void> => {
    const making = await makingOf(parts);
    const { folder, items } = await encoders.list();
    const standing = items.find(({ name }) => name === broadcast);
    if (over) return;
    if (standing && isDeepStrictEqual(standing.making, making)) return parts.await(standing.socket);
    if (standing) encoders.stop(broadcast);
    // A name of its own: who finds the socket finds the one that the relay has just made.
    const socket = path.join(folder, `${randomBytes(6).toString('hex')}.sock`);
    parts.await(socket);
    madeAt = performance.now();
    await encoders.start(broadcast, { making, url, socket });
    if (over) encoders.stop(broadcast);
  };
  begin().catch((error: Error) => fail('exited', error.message));

  return {
    hangs(silentMs) {
      const standsMs = performance.now() - madeAt;
      if (over || standsMs < silentMs) return false;
      fail('hung', `the encoder has made nothing for ${Math.round(standsMs)} ms`);
      return true;
    },
    stop() {
      over = true;
      stopHearing();
      encoders.stop(broadcast);
    },
    detach() {
      over = true;
      stopHearing();
    },
  };
}
