import { randomInt } from 'node:crypto';
import type { MediaTrack } from '../rtsp/sdp.ts';
import { makeRtp, makeSenderReport, RTP_OVERHEAD_BYTES, sequenceOf, stampRtp, timestampOf } from './rtp.ts';

/**
 * One track of a program: packets of whatever source come in, one unbroken RTP stream goes out. Sequence numbers
 * and timestamps go on over gaps and changes of source; the timestamps keep the real time that passed.
 */
export interface TrackWriter {
  /** Rewrites a frame of the present source in place. @param atMs monotonic arrival time */
  rewrite(frame: Buffer, atMs: number): void;
  /** Makes a frame that goes before `next` with the same timestamp. */
  insertBefore(next: Buffer, payload: Buffer, atMs: number): Buffer;
  /** What comes next is from a fresh start of a source: its numbers have nothing to do with those before. */
  restart(): void;
  /** A sender report for now, once something was sent. */
  report(atMs: number, wallMs: number): Buffer | undefined;
}

/** A jump of the source's own timestamps beyond this is a restart that nobody announced. */
const MAX_JUMP_SECONDS = 10;
/** Sequence gaps up to here are losses, and shown as such; beyond is a restart. */
const MAX_LOST_PACKETS = 3000;
/** After a restart the next timestamp is later than the last one by at least this. */
const MIN_STEP_SECONDS = 0.001;

/** Difference of two 32-bit timestamps, as a signed number. */
const signedDifference = (later: number, earlier: number): number => (later - earlier) | 0;

/**
 * @param index position of the track in the announcement: its channels are 2·index and 2·index + 1
 * @param startMs monotonic time at which the program began; all its tracks count from there, which keeps them in step
 */
export function createTrackWriter(index: number, track: MediaTrack, startMs: number): TrackWriter {
  const { clockRate, payloadType } = track;
  const ssrc = randomInt(2 ** 32 - 1) + 1;
  const firstTimestamp = randomInt(2 ** 32);
  let sequenceOffset = 0;
  let timestampOffset = 0;
  let mapped = false;
  let last: { inSequence: number; inTimestamp: number; out: number; atMs: number } | undefined;
  let outSequence = randomInt(2 ** 16);
  let packets = 0;
  let octets = 0;

  const ticksAt = (atMs: number) => (firstTimestamp + Math.round(((atMs - startMs) / 1000) * clockRate)) >>> 0;

  const map = (frame: Buffer, atMs: number) => {
    let out = ticksAt(atMs);
    // A source clock that runs fast may be ahead of ours: time never goes back.
    if (last) {
      const earliest = (last.out + Math.ceil(MIN_STEP_SECONDS * clockRate)) >>> 0;
      if (signedDifference(out, earliest) < 0) out = earliest;
    }
    timestampOffset = (out - timestampOf(frame)) >>> 0;
    sequenceOffset = (outSequence + 1 - sequenceOf(frame)) & 0xffff;
    mapped = true;
  };

  /** Whether this frame can't be the continuation of the last one. */
  const jumps = (frame: Buffer): boolean => {
    if (!last) return false;
    const ticks = Math.abs(signedDifference(timestampOf(frame), last.inTimestamp));
    const steps = (sequenceOf(frame) - last.inSequence) & 0xffff;
    const lost = Math.min(steps, 0x10000 - steps);
    return ticks > MAX_JUMP_SECONDS * clockRate || lost > MAX_LOST_PACKETS;
  };

  const stampFor = (frame: Buffer, atMs: number) => {
    if (!mapped || jumps(frame)) map(frame, atMs);
    const inSequence = sequenceOf(frame);
    const inTimestamp = timestampOf(frame);
    outSequence = (inSequence + sequenceOffset) & 0xffff;
    const timestamp = (inTimestamp + timestampOffset) >>> 0;
    // With pictures out of order the latest timestamp counts, or a restart could overtake it.
    const ahead = !last || signedDifference(timestamp, last.out) > 0;
    last = { inSequence, inTimestamp, out: ahead ? timestamp : (last?.out ?? timestamp), atMs };
    packets += 1;
    return { channel: index * 2, payloadType, sequence: outSequence, timestamp, ssrc };
  };

  return {
    rewrite(frame, atMs) {
      octets += frame.length - RTP_OVERHEAD_BYTES;
      stampRtp(frame, stampFor(frame, atMs));
    },
    insertBefore(next, payload, atMs) {
      octets += payload.length;
      const inserted = makeRtp(payload, stampFor(next, atMs));
      sequenceOffset = (sequenceOffset + 1) & 0xffff;
      return inserted;
    },
    restart() {
      mapped = false;
    },
    report(atMs, wallMs) {
      if (!last) return undefined;
      const timestamp = (last.out + Math.round(((atMs - last.atMs) / 1000) * clockRate)) >>> 0;
      return makeSenderReport({ channel: index * 2 + 1, ssrc, wallMs, timestamp, packets, octets });
    },
  };
}
