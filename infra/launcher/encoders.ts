import { startEncoder } from '../../adapters/encoder.ffmpeg.ts';
import type { FfmpegRun } from '../../adapters/ffmpeg.ts';
import type { Encoding, Making } from '../../adapters/push.mediamtx/making.ts';

/** Who is told of encoders. */
export interface EncoderWatch {
  made(name: string, mediaMs: number): void;
  ended(name: string, detail: string): void;
}

/** The encoders of pushes that run here: they go on while gateways come and go. */
export interface RunningEncoders {
  /** Starts one; one of that name that runs is left as it is. */
  start(name: string, encoding: Encoding): void;
  stop(name: string): void;
  stopAll(): void;
  list(): { name: string; making: Making; socket: string }[];
}

/** Keeps them. One that ends is told and not started again: that is decided elsewhere. */
export function keepEncoders(ffmpeg: string, watch: EncoderWatch): RunningEncoders {
  const running = new Map<string, { encoding: Encoding; run: FfmpegRun }>();
  const stop = (name: string) => {
    running.get(name)?.run.kill();
    running.delete(name);
  };
  return {
    start(name, encoding) {
      if (running.has(name)) return;
      const run = startEncoder(ffmpeg, encoding, {
        made: (mediaMs) => watch.made(name, mediaMs),
        ended(detail) {
          running.delete(name);
          watch.ended(name, detail);
        },
      });
      running.set(name, { encoding, run });
    },
    stop,
    stopAll() {
      for (const name of [...running.keys()]) stop(name);
    },
    list: () =>
      [...running].map(
        ([
          name,
          {
            encoding: { making, socket },
          },
        ]) => ({ name, making, socket }),
      ),
  };
}
