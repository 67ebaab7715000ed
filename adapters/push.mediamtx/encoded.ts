import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
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
  /** A folder with a short path, closed to other users. */
  folder: string;
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

const SOCKET_WITHIN_MS = 3_000;
const SOCKET_EVERY_MS = 25;
/** The clock's text in FFmpeg's words (https://ffmpeg.org/ffmpeg-filters.html#Text-expansion). */
const CLOCK = '%{localtime:%F %T}';
/** Speed is judged over this long; a start and a key frame may take their time. */
const SPEED_OVER_MS = 5_000;
const SLOW = 0.9;
const STEADY = 0.97;

/** The file of one text of an overlay. */
function overlayFile({ folder, broadcast }: EncodedParts, what: string): string {
  return path.join(folder, `${createHash('sha256').update(broadcast).digest('hex').slice(0, 12)}.${what}`);
}

/** What is made, with the texts of its overlay in their files. */
async function makingOf(parts: EncodedParts): Promise<Making> {
  const { overlay, audio, ...picture } = parts.wish;
  const sound = audio === 'aac' && !(await parts.hasSound()) ? 'silence' : audio;
  if (overlay === undefined) return { ...picture, audio: sound };
  const written = (what: string, text: string): string => {
    const file = overlayFile(parts, what);
    writeFileSync(file, text, { mode: 0o600 });
    return file;
  };
  return {
    ...picture,
    audio: sound,
    overlay: { word: written('word', overlay), clock: written('clock', CLOCK), name: written('name', parts.name) },
  };
}

/**
 * Has FFmpeg make what a destination asks for, and deliver it to the relay that pushes. One that an earlier gateway
 * began goes on.
 */
export function pushEncoded(parts: EncodedParts, hear: EncodedHear): Encoded {
  const { broadcast, encoders, folder, url } = parts;
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
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const making = await makingOf(parts);
    const standing = (await encoders.list()).find(({ name }) => name === broadcast);
    if (over) return;
    if (standing && isDeepStrictEqual(standing.making, making)) return parts.await(standing.socket);
    if (standing) encoders.stop(broadcast);
    // A name of its own: who finds the socket finds the one that the relay has just made.
    const socket = path.join(folder, `${randomBytes(6).toString('hex')}.sock`);
    parts.await(socket);
    for (let waitedMs = 0; !existsSync(socket); waitedMs += SOCKET_EVERY_MS) {
      if (waitedMs > SOCKET_WITHIN_MS) throw new Error(`the relay opened no socket within ${SOCKET_WITHIN_MS} ms`);
      await new Promise((resolve) => setTimeout(resolve, SOCKET_EVERY_MS));
      if (over) return;
    }
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
      for (const what of ['word', 'clock', 'name']) rmSync(overlayFile(parts, what), { force: true });
    },
    detach() {
      over = true;
      stopHearing();
    },
  };
}
