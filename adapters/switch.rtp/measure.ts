import type { Measured } from '../../bus/events/rendition.ts';
import type { PictureSize } from './nal.ts';
import { RTP_OVERHEAD_BYTES, timestampOf } from './rtp.ts';
import type { Sight } from './video.ts';

/** What a program's video shows of itself. */
export type Video = Omit<Measured, 'codec' | 'audio'>;

/** Takes the packets of whatever feeds a program, and tells what it carries. */
export interface Measure {
  /** @param size of the picture that the packet belongs to, as far as its source has said */
  see(frame: Buffer, sight: Sight, size: PictureSize | undefined): void;
  /** What the last key frames and all between them showed; undefined until there is that much. */
  video(): Video | undefined;
  /** Another source comes: nothing that was seen holds for it. */
  reset(): void;
}

/** A run from one key frame to another, of at least this much, tells size, rate and order. */
const LEAST_MS = 900;
/**
 * Key frames closer together than this may be no more than a greeting: cameras send some at once to whoever connects,
 * and keep their distance afterwards. Such a run goes on until they do, or until there is enough of it.
 */
const GREETING_MS = 300;
/** Who asks after this long without a second key frame is told what there is. */
const ENOUGH_MS = 5_000;
const TICKS_A_MS = 90;
/** A picture further from the one before than this is no continuation. */
const MAX_JUMP_TICKS = 10_000 * TICKS_A_MS;

/** What was seen since a key frame. */
interface Run {
  size: PictureSize;
  first: number;
  /** The latest picture's time. */
  last: number;
  keyAt: number;
  gopTicks: number;
  pictures: number;
  bytes: number;
  reordered: boolean;
}

/** Measures nothing yet. */
export function createMeasure(): Measure {
  let run: Run | undefined;
  let measured: Video | undefined;

  const sameAs = (one: PictureSize, other: PictureSize) => one.width === other.width && one.height === other.height;
  const since = (ticks: number, first: number) => (ticks - first) | 0;
  const begin = (at: number, size: PictureSize): Run => ({
    ...{ size, first: at, last: at, keyAt: at, gopTicks: 0, pictures: 0, bytes: 0, reordered: false },
  });
  /** @param until the time at which the run ends; the picture then is none of its own */
  const told = ({ size, first, gopTicks, pictures, bytes, reordered }: Run, until: number): Video => {
    const spanMs = since(until, first) / TICKS_A_MS;
    return {
      ...size,
      fps: Math.round((100_000 * pictures) / spanMs) / 100,
      gop_ms: Math.round(gopTicks / TICKS_A_MS),
      reordered,
      bitrate_bps: Math.round((bytes * 8 * 1000) / spanMs),
    };
  };

  return {
    see(frame, { newUnit, keyStart }, size) {
      const at = timestampOf(frame);
      if (run && size && !sameAs(size, run.size)) run = measured = undefined;
      if (run && Math.abs(since(at, run.last)) > MAX_JUMP_TICKS) run = undefined;
      if (keyStart && run) {
        run.gopTicks = Math.max(run.gopTicks, since(at, run.keyAt));
        run.keyAt = at;
        const leastMs = run.gopTicks < GREETING_MS * TICKS_A_MS ? ENOUGH_MS : LEAST_MS;
        if (since(at, run.first) >= leastMs * TICKS_A_MS) {
          measured = told(run, at);
          run = undefined;
        }
      }
      if (keyStart && size) run ??= begin(at, size);
      if (!run) return;
      run.bytes += frame.length - RTP_OVERHEAD_BYTES;
      if (!newUnit) return;
      run.pictures += 1;
      // A picture with an earlier time than one that was sent before it is shown before it.
      if (since(at, run.last) < 0) run.reordered = true;
      else run.last = at;
    },
    video() {
      if (measured || !run || since(run.last, run.first) < ENOUGH_MS * TICKS_A_MS) return measured;
      const apart = since(run.last, run.keyAt);
      // The last picture has begun, not ended.
      return told({ ...run, gopTicks: Math.max(run.gopTicks, apart), pictures: run.pictures - 1 }, run.last);
    },
    reset() {
      run = measured = undefined;
    },
  };
}
