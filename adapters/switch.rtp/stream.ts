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

/** Starts a stream. @param startMs monotonic time from which all its tracks count, which keeps them in step */
export function createStream(tracks: MediaTrack[], startMs: number, sink: StreamSink): Stream {
  const [video, audio] = tracks.map((track, index) => createTrackWriter(index, track, startMs));
  if (!video) throw new Error('a stream needs a video track');
  const drift = createDrift();
  let hasAudio = false;
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
      for (const [index, frame] of video.burst(stored, newestAtMs).entries()) sink.video(frame, index === 0);
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
