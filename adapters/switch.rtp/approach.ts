import type { MediaTrack } from '../rtsp/sdp.ts';
import { openPlayer, type PlayerHandlers } from './player.ts';
import { createVideoReader, type Sight, type VideoReader } from './video.ts';

/** Between attempts. */
const RETRY_MS = 250;

/** What a source is made of from its first key frame at another place. */
export interface Arrival {
  tracks: MediaTrack[];
  video: VideoReader;
  /** The first packet of that key frame, and what it means. */
  frame: Buffer;
  sight: Sight;
}

/** What is heard of an approach. */
export interface ApproachHears extends Pick<PlayerHandlers, 'packet' | 'batch' | 'end'> {
  /** Its first key frame has begun: what follows comes by `packet`, and its end by `end`. */
  arrived(arrival: Arrival): void;
}

/**
 * Opens a source at another place while it still comes from the present one, so that nothing is missed: it arrives with
 * its first key frame. Tries again until it does, or is closed.
 */
export function approach(url: string, hears: ApproachHears): { close(): void } {
  let closed = false;
  let here = false;
  let player: { close(): void } | undefined;
  let retry: NodeJS.Timeout | undefined;
  let tracks: MediaTrack[] = [];
  let video: VideoReader | undefined;

  const take = (track: number, frame: Buffer) => {
    if (closed) return;
    if (here) return hears.packet(track, frame);
    const sight = track === 0 ? video?.read(frame) : undefined;
    if (!video || !sight?.keyStart) return;
    here = true;
    hears.arrived({ tracks, video, frame, sight });
  };
  const again = () => {
    clearTimeout(retry);
    if (!closed) retry = setTimeout(connect, RETRY_MS);
  };
  const connect = () => {
    openPlayer(url, {
      tracks(offered) {
        tracks = offered;
        video = offered[0] && createVideoReader(offered[0]);
      },
      packet: take,
      batch: () => here && !closed && hears.batch(),
      end(failure) {
        if (here && !closed) hears.end(failure);
        else again();
      },
    }).then((opened) => {
      if (closed) opened.close();
      else player = opened;
    }, again);
  };

  connect();
  return {
    close() {
      closed = true;
      clearTimeout(retry);
      player?.close();
    },
  };
}
