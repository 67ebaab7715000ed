import { createHash } from 'node:crypto';
import { formatParameter, type MediaTrack } from '../rtsp/sdp.ts';
import { createDrift } from './drift.ts';
import type { StoredPacket } from './gop.ts';
import { timestampOf } from './rtp.ts';
import { createTrackWriter } from './track.ts';
import type { Sight } from './video.ts';

/** What a stream needs to know of a video packet. */
export type Start = Pick<Sight, 'keyStart' | 'missingSets'>;

/** Where the frames of a stream go. */
export interface StreamSink {
  /** @param keyStart the first packet of a picture that decoding can start with */
  video(frame: Buffer, keyStart: boolean): void;
  /** Audio, and reports. */
  other(frame: Buffer): void;
}

/**
 * One unbroken stream of one video and at most one audio track, whatever source feeds it. It keeps to our time: where a
 * source's clock runs slower or faster it is followed, or the next source would begin with a jump by all that had come of it.
 */
export interface Stream {
  readonly tracks: MediaTrack[];
  /** Whether a source with these tracks can feed its video. */
  fits(tracks: MediaTrack[]): boolean;
  fitsAudio(track: MediaTrack): boolean;
  /** Goes over to a source: sends its stored packets at once, and goes on from there. @returns pictures sent */
  begin(tracks: MediaTrack[], stored: readonly StoredPacket[], newestAtMs: number): number;
  /** A packet of the present source's video, rewritten in place. */
  video(frame: Buffer, start: Start, atMs: number): void;
  /** A packet of the present source's audio, rewritten in place; left out when the stream has no such track. */
  audio(frame: Buffer, atMs: number): void;
  /** Sender reports for everything that was sent. */
  report(atMs: number, wallMs: number): void;
}

/** What readers of a track must know beforehand; parameter sets may change in band, so they don't count. */
const essence = (track: MediaTrack | undefined) =>
  JSON.stringify(
    track?.media === 'video'
      ? [track.encoding, track.clockRate, formatParameter(track, 'packetization-mode')]
      : [track?.encoding, track?.clockRate, track?.channels, track?.format],
  );

/** Whether what is published with these tracks goes on with those. */
export const alike = (tracks: MediaTrack[], others: MediaTrack[]): boolean =>
  tracks.length === others.length &&
  tracks.every((track, index) => essence(track) === essence(others[index])) &&
  tracks.every(({ payloadType }, index) => payloadType === others[index]?.payloadType);

/** Monotonic time at which the clock of this machine began, which all its processes share. */
const MACHINE_START_MS = performance.now() - Number(process.hrtime.bigint()) / 1e6;

/** Another process that goes on with the stream has to begin with the same. */
const numbersOf = (name: string, index: number) => {
  const hash = createHash('sha256').update(`${name} ${index}`).digest();
  return { ssrc: hash.readUInt32BE(0) || 1, firstTimestamp: hash.readUInt32BE(4) };
};

/**
 * Goes before the first picture and says that one begins: where a process goes on with the stream of another, sequence
 * numbers jump, and FFmpeg, for one, drops the packet that does.
 */
const DELIMITERS: Record<string, Buffer> = { H264: Buffer.from([0x09, 0xf0]), H265: Buffer.from([0x46, 0x01, 0x50]) };

/** Starts a stream. @param name all its numbers but the first of its sequence follow from it, and from the time */
export function createStream(name: string, tracks: MediaTrack[], sink: StreamSink): Stream {
  const [video, audio] = tracks.map((track, index) =>
    createTrackWriter(index, track, MACHINE_START_MS, numbersOf(name, index)),
  );
  if (!video) throw new Error('a stream needs a video track');
  const drift = createDrift();
  let hasAudio = false;
  let begun = false;
  let newest: number | undefined;
  const keepTime = (timestamp: number, atMs: number) => {
    if (timestamp === newest) return;
    newest = timestamp;
    const behindMs = drift.seen(timestamp, atMs);
    if (behindMs !== 0) for (const writer of [video, audio]) writer?.shift(behindMs);
  };
  const fitsAudio = (track: MediaTrack) => essence(track) === essence(tracks[1]);
  return {
    tracks,
    fits: (offered) => essence(offered[0]) === essence(tracks[0]),
    fitsAudio,
    begin(offered, stored, newestAtMs) {
      hasAudio = offered[1] !== undefined && fitsAudio(offered[1]);
      audio?.restart();
      drift.reset();
      const starts = new Set(stored.map(({ timestamp }) => timestamp));
      const delimiter = begun ? undefined : DELIMITERS[tracks[0]?.encoding ?? ''];
      const delimited = stored.map((packet, index) =>
        index === 0 && delimiter ? { ...packet, sets: [delimiter, ...packet.sets] } : packet,
      );
      begun = true;
      for (const [index, frame] of video.burst(delimited, newestAtMs).entries()) sink.video(frame, index === 0);
      return starts.size;
    },
    video(frame, start, atMs) {
      keepTime(timestampOf(frame), atMs);
      let { keyStart } = start;
      for (const set of start.missingSets) {
        sink.video(video.insertBefore(frame, set, atMs), keyStart);
        keyStart = false;
      }
      video.rewrite(frame, atMs);
      sink.video(frame, keyStart);
    },
    audio(frame, atMs) {
      if (!hasAudio || !audio) return;
      audio.rewrite(frame, atMs);
      sink.other(frame);
    },
    report(atMs, wallMs) {
      for (const writer of [video, audio]) if (writer) sink.other(writer.report(atMs, wallMs));
    },
  };
}
