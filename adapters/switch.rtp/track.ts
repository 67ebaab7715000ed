import { randomInt } from 'node:crypto';
import type { MediaTrack } from '../rtsp/sdp.ts';
import type { StoredPacket } from './gop.ts';
import { makeRtp, makeSenderReport, RTP_OVERHEAD_BYTES, sequenceOf, stampRtp, timestampOf } from './rtp.ts';
import { squeeze } from './squeeze.ts';

/**
 * One track of a program: packets of whatever source come in, one unbroken RTP stream goes out. Sequence numbers
 * and timestamps go on over gaps and changes of source; the timestamps keep the real time that passed.
 */
export interface TrackWriter {
  /** Rewrites a frame of the present source in place. @param atMs monotonic arrival time */
  rewrite(frame: Buffer, atMs: number): void;
  /** Makes a frame that goes before `next` with the same timestamp. */
  insertBefore(next: Buffer, payload: Buffer, atMs: number): Buffer;
  /**
   * Copies of what a source has stored, squeezed in time, to be sent at once; what it sends next goes on from there.
   * @param stored at least one packet
   * @param newestAtMs when the newest picture came, or would have come without delay: where it is put if there is room
   */
  burst(stored: readonly StoredPacket[], newestAtMs: number): Buffer[];
  /** The source's clock has fallen so far behind ours: what comes next is put later by as much, in steps that nobody notices. */
  shift(ms: number): void;
  /** What comes next is from a fresh start of a source: its numbers have nothing to do with those before. */
  restart(): void;
  /** A sender report for now. Before anything was sent it says what time the first packet will count from. */
  report(atMs: number, wallMs: number): Buffer;
}

/** A jump of the source's own timestamps beyond this is a restart that nobody announced. */
const MAX_JUMP_SECONDS = 10;
/** Sequence gaps up to here are losses, and shown as such; beyond is a restart. */
const MAX_LOST_PACKETS = 3000;
/** After a restart the next timestamp is later than the last one by at least this. */
const MIN_STEP_SECONDS = 0.001;
/** Stored pictures follow each other this closely when there is no room for more. */
const MIN_BURST_STEP_SECONDS = 0.0001;

/** Pictures are put later or earlier by no more than this at a time. Of sound each step is heard: they are few. */
const SHIFT_MS: Record<MediaTrack['media'], number> = { video: 1, audio: 15 };
/** And by no more than this part of the time since the packet before, so that the order stays. */
const SHIFT_SHARE = 0.75;

/** For frames that get their numbers later. */
const NO_STAMP = { channel: 0, payloadType: 0, sequence: 0, timestamp: 0, ssrc: 0 };

/** Difference of two 32-bit timestamps, as a signed number. */
const signedDifference = (later: number, earlier: number): number => (later - earlier) | 0;

/** Copies of stored packets, each after its parameter sets, one after the other in memory: they leave as one piece. */
function layOut(stored: readonly StoredPacket[]): Buffer[] {
  const pieces = stored.flatMap(({ frame, sets }) => [...sets.map((set) => makeRtp(set, NO_STAMP)), frame]);
  const slab = Buffer.concat(pieces);
  let offset = 0;
  return pieces.map(({ length }) => {
    offset += length;
    return slab.subarray(offset - length, offset);
  });
}

/**
 * @param index position of the track in the announcement: its channels are 2·index and 2·index + 1
 * @param startMs monotonic time from which all tracks of a stream count, which keeps them in step
 * @param numbers what it is called, and its timestamp at that time
 */
export function createTrackWriter(
  index: number,
  track: MediaTrack,
  startMs: number,
  { ssrc, firstTimestamp }: { ssrc: number; firstTimestamp: number },
): TrackWriter {
  const { clockRate, media, payloadType } = track;
  let sequenceOffset = 0;
  let timestampOffset = 0;
  let mapped = false;
  /** By how much what comes is yet to be put later. */
  let owedMs = 0;
  let last: { inSequence: number; inTimestamp: number; out: number; atMs: number } | undefined;
  let outSequence = randomInt(2 ** 16);
  let packets = 0;
  let octets = 0;

  const ticksAt = (atMs: number) => (firstTimestamp + Math.round(((atMs - startMs) / 1000) * clockRate)) >>> 0;

  /** The earliest timestamp that may come next: a source clock that runs fast may be ahead of ours. */
  const earliest = () => last && (last.out + Math.ceil(MIN_STEP_SECONDS * clockRate)) >>> 0;

  const map = (frame: Buffer, atMs: number) => {
    const soonest = earliest();
    let out = ticksAt(atMs);
    if (soonest !== undefined && signedDifference(out, soonest) < 0) out = soonest;
    timestampOffset = (out - timestampOf(frame)) >>> 0;
    owedMs = 0;
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

  /** Notes what is sent, and makes its stamp. */
  const stamp = (inSequence: number, inTimestamp: number, timestamp: number, atMs: number) => {
    // With pictures out of order the latest timestamp counts, or a restart could overtake it.
    const ahead = !last || signedDifference(timestamp, last.out) > 0;
    last = { inSequence, inTimestamp, out: ahead ? timestamp : (last?.out ?? timestamp), atMs };
    packets += 1;
    return { channel: index * 2, payloadType, sequence: outSequence, timestamp, ssrc };
  };

  /** Gives some of what is owed, before the first packet of a picture, or one of sound. */
  const give = (frame: Buffer) => {
    const sinceMs = last ? (signedDifference(timestampOf(frame), last.inTimestamp) / clockRate) * 1000 : 0;
    if (sinceMs <= 0 || Math.abs(owedMs) < SHIFT_MS[media]) return;
    const stepMs = Math.sign(owedMs) * Math.min(SHIFT_MS[media], sinceMs * SHIFT_SHARE);
    owedMs -= stepMs;
    timestampOffset = (timestampOffset + Math.round((stepMs / 1000) * clockRate)) >>> 0;
  };

  const stampFor = (frame: Buffer, atMs: number) => {
    if (!mapped || jumps(frame)) map(frame, atMs);
    else give(frame);
    const inSequence = sequenceOf(frame);
    const inTimestamp = timestampOf(frame);
    outSequence = (inSequence + sequenceOffset) & 0xffff;
    return stamp(inSequence, inTimestamp, (inTimestamp + timestampOffset) >>> 0, atMs);
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
    burst(stored, newestAtMs) {
      const latest = ticksAt(newestAtMs);
      const squeezed = squeeze(
        stored.map(({ timestamp }) => timestamp),
        {
          latest,
          earliest: earliest() ?? latest,
          maxStep: Math.ceil(MIN_STEP_SECONDS * clockRate),
          minStep: Math.ceil(MIN_BURST_STEP_SECONDS * clockRate),
        },
      );
      const frames = layOut(stored);
      let at = 0;
      for (const { sequence, timestamp, sets } of stored) {
        for (let part = 0; part <= sets.length; part += 1) {
          const frame = frames[at] as Buffer;
          outSequence = (outSequence + 1) & 0xffff;
          octets += frame.length - RTP_OVERHEAD_BYTES;
          stampRtp(frame, stamp(sequence, timestamp, squeezed.of(timestamp), newestAtMs));
          at += 1;
        }
      }
      const newest = stored.at(-1);
      sequenceOffset = (outSequence - (newest?.sequence ?? 0)) & 0xffff;
      timestampOffset = squeezed.offset;
      owedMs = 0;
      mapped = true;
      return frames;
    },
    shift(ms) {
      owedMs += ms;
    },
    restart() {
      mapped = false;
    },
    report(atMs, wallMs) {
      const timestamp = last ? (last.out + Math.round(((atMs - last.atMs) / 1000) * clockRate)) >>> 0 : ticksAt(atMs);
      return makeSenderReport({ channel: index * 2 + 1, ssrc, wallMs, timestamp, packets, octets });
    },
  };
}
