import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { startEncoder } from '../../adapters/encoder.ffmpeg.ts';
import type { FfmpegRun } from '../../adapters/ffmpeg.ts';
import type { EncoderList, Encoding } from '../../adapters/push.mediamtx/making.ts';

/** Who is told of encoders. */
export interface EncoderWatch {
  made(name: string, mediaMs: number): void;
  ended(name: string, detail: string): void;
}

/** The encoders of pushes that run here: they go on while gateways come and go. */
export interface RunningEncoders {
  /**
   * Starts one as soon as a relay has opened its socket; one of that name that runs is left as it is.
   * @throws Error for a socket elsewhere
   */
  start(name: string, encoding: Encoding): void;
  stop(name: string): void;
  stopAll(): void;
  list(): EncoderList;
}

/** One that runs, or waits for its socket. */
interface Running {
  encoding: Encoding;
  run?: FfmpegRun;
  waiting?: NodeJS.Timeout;
}

const SOCKET_WITHIN_MS = 3_000;
const SOCKET_EVERY_MS = 25;

/**
 * Keeps them. One that ends is told and not started again: that is decided elsewhere.
 * @param folder a short path, closed to other users: the sockets between encoders and relays
 */
export function keepEncoders(ffmpeg: string, folder: string, watch: EncoderWatch): RunningEncoders {
  const running = new Map<string, Running>();
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const stop = (name: string) => {
    const one = running.get(name);
    running.delete(name);
    clearTimeout(one?.waiting);
    one?.run?.kill();
  };
  const over = (name: string, one: Running, detail: string) => {
    if (running.get(name) === one) running.delete(name);
    watch.ended(name, detail);
  };
  const begin = (name: string, one: Running) => {
    one.run = startEncoder(ffmpeg, one.encoding, {
      made: (mediaMs) => watch.made(name, mediaMs),
      ended: (detail) => over(name, one, detail),
    });
  };
  const startOnceAwaited = (name: string, one: Running, leftMs: number): void => {
    if (existsSync(one.encoding.socket)) begin(name, one);
    else if (leftMs <= 0) over(name, one, `the relay opened no socket within ${SOCKET_WITHIN_MS} ms`);
    else one.waiting = setTimeout(() => startOnceAwaited(name, one, leftMs - SOCKET_EVERY_MS), SOCKET_EVERY_MS);
  };
  return {
    start(name, encoding) {
      if (path.dirname(encoding.socket) !== folder) throw new Error(`${encoding.socket} is not in ${folder}`);
      if (running.has(name)) return;
      const one: Running = { encoding };
      running.set(name, one);
      startOnceAwaited(name, one, SOCKET_WITHIN_MS);
    },
    stop,
    stopAll() {
      for (const name of [...running.keys()]) stop(name);
    },
    list: () => ({
      folder,
      items: [...running].map(([name, { encoding }]) => ({ name, making: encoding.making, socket: encoding.socket })),
    }),
  };
}
