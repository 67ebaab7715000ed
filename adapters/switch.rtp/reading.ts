import type { MediaTrack } from '../rtsp/sdp.ts';
import { createDoubt } from './doubt.ts';
import { createGop, type Gop } from './gop.ts';
import type { PictureSize } from './nal.ts';
import { createVideoReader, type Sight, type VideoReader } from './video.ts';

/** What is made of the video that a source sends. */
export interface Reading {
  /** What it has sent since its last key frame. */
  readonly gop: Gop;
  /** A connection begins with this track. @returns false where its codec is none that we carry */
  begin(track: MediaTrack): boolean;
  /** The source goes on from another place, beginning with this packet, as it was read there. */
  goOn(reader: VideoReader, frame: Buffer, sight: Sight, atMs: number): void;
  /** Reads a packet and keeps it. @returns undefined where nothing can be made of it: it counts as if none had come */
  take(frame: Buffer, atMs: number): Sight | undefined;
  /** Why nothing can be made of what comes; undefined while something can, or nothing has come. */
  obstacle(): string | undefined;
  size(): PictureSize | undefined;
}

/**
 * Reads nothing yet. Whatever is no picture of its codec, as of a camera that sends another one or rubbish, must never
 * take the place of one, nor of the slate: a source is read from when its packets are proper and what decoding needs is
 * known, and not any more when most of them are none.
 */
export function createReading(): Reading {
  const gop = createGop();
  let video: VideoReader | undefined;
  let encoding = '';
  let doubt = createDoubt();
  let obstacle: string | undefined;

  return {
    gop,
    begin(track) {
      video = createVideoReader(track);
      encoding = track.encoding;
      doubt = createDoubt();
      obstacle = undefined;
      gop.clear();
      return video !== undefined;
    },
    goOn(reader, frame, sight, atMs) {
      video = reader;
      gop.add(frame, sight, atMs);
    },
    take(frame, atMs) {
      const sight = video?.read(frame);
      const proper = sight?.proper === true;
      const doubted = doubt.after(proper);
      if (doubted && !proper) gop.clear();
      else if (sight) gop.add(frame, sight, atMs);
      obstacle = doubted ? `what it sends is no ${encoding}` : undefined;
      if (sight && !sight.setsKnown) obstacle ??= `its ${encoding} comes without parameter sets`;
      return obstacle === undefined ? sight : undefined;
    },
    obstacle: () => obstacle,
    size: () => video?.size(),
  };
}
