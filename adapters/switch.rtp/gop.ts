import { sequenceOf, timestampOf } from './rtp.ts';
import type { Sight } from './video.ts';

/** A packet as it came in. Its frame may have been given new numbers since; its own are here. */
export interface StoredPacket {
  frame: Buffer;
  timestamp: number;
  sequence: number;
  /** Parameter sets that go before it. */
  sets: Buffer[];
}

/** What a source has sent since its last key frame: whoever gets it can decode what comes next. */
export interface Gop {
  /** Keeps a packet, before anybody rewrites it. */
  add(frame: Buffer, sight: Sight, atMs: number): void;
  packets(): readonly StoredPacket[];
  /** Whether it begins with a key frame, what decoding needs is known, and nothing is missing since. */
  ready(): boolean;
  /** Whether the last whole run between two key frames was more than is kept. */
  isLong(): boolean;
  clear(): void;
}

/** Ten seconds at 3 Mb/s; what takes longer to decode than a new key frame to come helps nobody. */
const MAX_BYTES = 4 * 1024 * 1024;
const MAX_SPAN_MS = 10_000;
/** The clock of video in RTP. */
const TICKS_A_MS = 90;
/** A picture further from the one before than this is no continuation. */
const MAX_JUMP_TICKS = 10_000 * TICKS_A_MS;

/** Keeps one source's packets. */
export function createGop(): Gop {
  let packets: StoredPacket[] = [];
  let bytes = 0;
  let startedAtMs = 0;
  let overflowed = false;
  let long = false;
  let decodable = false;

  const clear = () => {
    packets = [];
    bytes = 0;
  };

  const fits = (timestamp: number, atMs: number): boolean => {
    if (bytes > MAX_BYTES || atMs - startedAtMs > MAX_SPAN_MS) {
      overflowed = true;
      long = true;
      return false;
    }
    const last = packets.at(-1)?.timestamp ?? timestamp;
    return Math.abs((timestamp - last) | 0) <= MAX_JUMP_TICKS;
  };

  return {
    add(frame, sight, atMs) {
      if (sight.keyStart) {
        if (packets.length > 0 && !overflowed) long = false;
        clear();
        overflowed = false;
        startedAtMs = atMs;
      } else if (packets.length === 0) {
        return;
      }
      const timestamp = timestampOf(frame);
      if (!fits(timestamp, atMs)) return clear();
      decodable = sight.setsKnown;
      packets.push({ frame, timestamp, sequence: sequenceOf(frame), sets: sight.missingSets });
      bytes += frame.length;
    },
    packets: () => packets,
    ready: () => packets.length > 0 && decodable,
    isLong: () => long,
    clear,
  };
}
