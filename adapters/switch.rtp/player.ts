import { openRtsp, type RtspConnection } from '../rtsp/connection.ts';
import { RtspFailure } from '../rtsp/failure.ts';
import { type MediaTrack, parseSdp } from '../rtsp/sdp.ts';
import { describe, startPlaying } from '../rtsp/session.ts';
import { channelOf } from './rtp.ts';
import { formatOf } from './video.ts';

/** Relays are near: what takes longer than this hangs. */
const TIMEOUTS = { connectTimeoutMs: 2_000, answerTimeoutMs: 5_000 };
/** mediamtx cuts off readers that say nothing for about a minute. */
const KEEP_ALIVE_MS = 15_000;

/** What to do as a player's picture comes in. */
export interface PlayerHandlers {
  /** The tracks that will be sent; packets refer to them by index. */
  tracks(tracks: MediaTrack[]): void;
  /** An interleaved RTP frame; the buffer is the taker's own. */
  packet(track: number, frame: Buffer): void;
  /** Every packet of the last read was handed over. */
  batch(): void;
  /** It is over, once; not called after `close`. */
  end(failure: RtspFailure): void;
}

/** The tracks that a program carries: the first video that we know, and the first audio. */
export function carriedTracks(offered: MediaTrack[]): MediaTrack[] {
  const video = offered.find((track) => track.media === 'video' && formatOf(track.encoding));
  const audio = offered.find((track) => track.media === 'audio');
  return [video, audio].filter((track) => track !== undefined);
}

/**
 * Plays an address over RTSP/TCP until closed.
 * @throws RtspFailure when it can't be opened
 */
export async function openPlayer(address: string, handlers: PlayerHandlers): Promise<{ close(): void }> {
  let keepAlive: NodeJS.Timeout | undefined;
  let opened = false;
  const end = (failure: RtspFailure) => {
    clearInterval(keepAlive);
    if (opened) handlers.end(failure);
  };
  const connection = await openRtsp(address, {
    ...TIMEOUTS,
    onFrame(frame) {
      const channel = channelOf(frame);
      // Odd channels carry the source's own reports: the program makes its own.
      if (channel % 2 === 0) handlers.packet(channel / 2, frame);
    },
    onBatch: () => handlers.batch(),
    onEnd: end,
  });
  try {
    const { session, base } = await play(connection, address, handlers);
    opened = true;
    keepAlive = setInterval(() => {
      connection.request('GET_PARAMETER', base, { Session: session }).catch(() => {}); // its end is told by onEnd
    }, KEEP_ALIVE_MS);
    return {
      close() {
        clearInterval(keepAlive);
        connection.close();
      },
    };
  } catch (error) {
    connection.close();
    throw error;
  }
}

async function play(connection: RtspConnection, address: string, handlers: PlayerHandlers) {
  const { sdp, base } = await describe(connection, address);
  const tracks = carriedTracks(parseSdp(sdp));
  if (tracks[0]?.media !== 'video') throw new RtspFailure('no-video', 'it has no H.264 or H.265 video');
  const session = await startPlaying(connection, base, tracks, () => handlers.tracks(tracks));
  return { session, base };
}
