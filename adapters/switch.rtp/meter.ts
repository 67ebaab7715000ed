import type { Rate } from './talk.ts';
import type { Sight } from './video.ts';

/** Counts what a program carries. */
export interface Meter {
  count(bytes: number, sight: Sight | undefined): void;
  /** Rates since the last reading. */
  read(atMs: number): Omit<Rate, 'camera'>;
}

/** @param startMs monotonic time */
export function createMeter(startMs: number): Meter {
  let since = startMs;
  let bytes = 0;
  let interBytes = 0;
  let pictures = 0;
  return {
    count(packetBytes, sight) {
      bytes += packetBytes;
      if (!sight) return;
      if (sight.newUnit) pictures += 1;
      if (!sight.key) interBytes += packetBytes;
    },
    read(atMs) {
      const seconds = Math.max(0.001, (atMs - since) / 1000);
      const rate = {
        bitrate_bps: Math.round((bytes * 8) / seconds),
        fps: Math.round((pictures / seconds) * 10) / 10,
        inter_bps: Math.round((interBytes * 8) / seconds),
      };
      since = atMs;
      bytes = 0;
      interBytes = 0;
      pictures = 0;
      return rate;
    },
  };
}
