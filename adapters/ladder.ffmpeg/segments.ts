import { copyFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beginning, beginsIn, ending, isBefore, reaches, type Stretch } from './joining.ts';
import { type Piece, takePieces } from './pieces.ts';

/** A ladder's pieces on their way to segments. */
export interface Segments {
  /** Joins what is there by now. @throws EmptyPiece, or what the file system says */
  join(): void;
  /** Whether everything that is made can be played. */
  isFlowing(): boolean;
}

/** What is made of a ladder. */
export interface SegmentsOptions {
  /** Where FFmpeg's pieces are, and where players find segments. */
  pieces: string;
  folder: string;
  rungs: readonly string[];
  /** The name of what is heard, where there is something. */
  audio?: string | undefined;
  /** Sets this start apart from the one before (epoch ms). */
  startedMs: number;
}

const LISTED = 6;
/** Players may still ask for so many that have left the playlist. */
const KEPT = 2;

interface Segment extends Stretch {
  number: number;
}
interface Track {
  name: string;
  init: string;
  take(): Piece[];
  pieces: Piece[];
  /** Those to come, and those that are there. */
  wanted: Stretch[];
  made: Segment[];
  next: number;
}

/**
 * Joins the pieces of each rung to segments that begin and end together on all of them, and tells them in playlists.
 * Numbers go on over restarts, so that no cache ever has two segments of one name.
 */
export function joinSegments({ pieces, folder, rungs, audio, startedMs }: SegmentsOptions): Segments {
  const first = Math.floor(startedMs / 1000);
  const trackOf = (name: string): Track => {
    const init = `${name}_${startedMs}.mp4`;
    return { name, init, take: takePieces(pieces, name, init), pieces: [], wanted: [], made: [], next: first };
  };
  const videos = rungs.map(trackOf);
  const tracks = [...videos, ...(audio === undefined ? [] : [trackOf(audio)])];
  let fromS: number | undefined;
  /** When time zero of the pieces was (epoch ms). */
  let zeroMs = 0;

  const playlistOf = ({ init, made }: Track): string => {
    const listed = made.slice(-LISTED);
    const longestS = Math.max(...listed.map((one) => one.toS - one.fromS));
    return [
      '#EXTM3U',
      '#EXT-X-VERSION:7',
      `#EXT-X-TARGETDURATION:${Math.max(1, Math.round(longestS))}`,
      `#EXT-X-MEDIA-SEQUENCE:${listed[0]?.number}`,
      // The first of a start follows the last one of the start before.
      `#EXT-X-DISCONTINUITY-SEQUENCE:${listed[0]?.number === first ? 0 : 1}`,
      '#EXT-X-INDEPENDENT-SEGMENTS',
      ...(listed[0]?.number === first ? ['#EXT-X-DISCONTINUITY'] : []),
      `#EXT-X-MAP:URI="${init}"`,
      ...listed.flatMap((one) => [
        `#EXTINF:${(one.toS - one.fromS).toFixed(6)},`,
        `#EXT-X-PROGRAM-DATE-TIME:${new Date(zeroMs + one.fromS * 1000).toISOString()}`,
        fileOf(init, one),
      ]),
      '',
    ].join('\n');
  };
  const fileOf = (init: string, { number }: Segment): string => init.replace(/_\d+\.mp4$/, `_${number}.m4s`);
  const make = (track: Track, wanted: Stretch) => {
    const parts = track.pieces.filter((piece) => beginsIn(piece, wanted));
    track.pieces = track.pieces.filter((piece) => !isBefore(piece, wanted.toS));
    const [one, last] = [parts[0], parts.at(-1)];
    if (!one || !last) return;
    if (track.made.length === 0) copyFileSync(path.join(pieces, track.init), path.join(folder, track.init));
    const segment: Segment = { number: track.next++, fromS: one.fromS, toS: last.toS };
    writeFileSync(path.join(folder, fileOf(track.init, segment)), Buffer.concat(parts.map(({ media }) => media)));
    track.made.push(segment);
    const playlist = path.join(folder, `${track.name}.m3u8`);
    writeFileSync(`${playlist}.draft`, playlistOf(track));
    renameSync(`${playlist}.draft`, playlist);
    for (const old of track.made.splice(0, Math.max(0, track.made.length - LISTED - KEPT))) {
      rmSync(path.join(folder, fileOf(track.init, old)), { force: true });
    }
  };
  const plan = () => {
    const made = videos.map((video) => video.pieces);
    if (fromS === undefined) {
      fromS = beginning(made);
      zeroMs = Date.now() - 1000 * (made[0]?.at(-1)?.toS ?? 0);
      for (const track of tracks) track.pieces = track.pieces.filter((piece) => !isBefore(piece, fromS ?? 0));
    }
    if (fromS === undefined) return;
    for (let toS = ending(made, fromS); toS !== undefined; toS = ending(made, fromS)) {
      for (const track of tracks) track.wanted.push({ fromS, toS });
      fromS = toS;
    }
  };

  return {
    join() {
      for (const track of tracks) track.pieces.push(...track.take());
      plan();
      for (const track of tracks) {
        // Sound that comes late keeps no picture waiting.
        const newest = track.pieces.at(-1);
        const there = track.wanted.filter((segment) => newest && reaches(newest, segment));
        track.wanted = track.wanted.slice(there.length);
        for (const segment of there) make(track, segment);
      }
    },
    isFlowing: () => tracks.every(({ made }) => made.length > 0),
  };
}
