import { renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beginning, beginsIn, ending, exceeds, isBefore, reaches, type Stretch } from './joining.ts';
import { bytesOf, type Piece, takePieces } from './pieces.ts';
import { silence } from './silence.ts';
import { startsBefore } from './starts.ts';

/** A ladder's pieces on their way to segments. */
export interface Segments {
  /** Joins what is there by now. @throws EmptyPiece, or what the file system says */
  join(): void;
  /** Whether everything that is made can be played. */
  isFlowing(): boolean;
  /** From where to where all of these rungs are made, in seconds of the source; undefined while one has nothing. */
  reach(rungs: readonly string[]): Stretch | undefined;
  /** What players have been told, and hold on to. */
  told(): Told;
}

/** What players of a ladder know, most of whom read the master playlist once and go on over a new start. */
export interface Told {
  /** The target duration of its playlists, in seconds. */
  targetS: number;
  /** The initialization segment of its sound; absent: there was none. */
  sound?: Buffer | undefined;
}

/** What is made of a ladder. */
export interface SegmentsOptions {
  /** Where FFmpeg's pieces are, and where players find segments. */
  pieces: string;
  folder: string;
  rungs: readonly string[];
  /** The name of what is heard, and whether FFmpeg makes it; absent: nobody looks for any. */
  audio?: { name: string; made: boolean } | undefined;
  /** What players were told by the start before, or are to be told. */
  told: Told;
  /** Sets this start apart from the one before (epoch ms). */
  startedMs: number;
}

const LISTED = 6;
/** Players may still ask for so many that have left the playlist. */
const KEPT = 2;

/** Sound that is this late has stopped: silence takes its place, since players wait for it with the picture. */
const SOUND_LATE_MS = 1_000;

interface Segment extends Stretch {
  number: number;
}
interface Track {
  name: string;
  init: string;
  take(): Piece[];
  pieces: Piece[];
  /** From its first piece to its newest. */
  reach?: Stretch;
  isSound: boolean;
  /** What is not there after this long will not come; a picture is waited for. */
  patienceMs: number;
  /** Those to come, with when they became due (monotonic), and those that are there. */
  wanted: (Stretch & { dueMs: number })[];
  made: Segment[];
  next: number;
}

/** Players bridge a shorter hole by themselves. */
const HOLE_S = 0.1;

/** Sound in the order of its time, with silence where there is none. */
function withoutHoles(pieces: readonly Piece[], { fromS, toS }: Stretch): Piece[] {
  const whole: Piece[] = [];
  const fill = (atS: number): void => {
    const hole = { fromS: whole.at(-1)?.toS ?? fromS, toS: atS };
    const filled = atS - hole.fromS > HOLE_S ? silence(hole) : undefined;
    if (filled) whole.push(filled);
  };
  for (const piece of pieces) {
    fill(piece.fromS);
    whole.push(piece);
  }
  fill(toS);
  return whole;
}

const spanOf = (parts: readonly Stretch[]): Stretch => ({
  fromS: parts[0]?.fromS ?? 0,
  toS: parts.at(-1)?.toS ?? 0,
});

/**
 * Joins the pieces of each rung to segments that begin and end together on all of them, and tells them in playlists.
 * Numbers go on over restarts, so that no cache ever has two segments of one name.
 */
export function joinSegments({ pieces, folder, rungs, audio, startedMs, told }: SegmentsOptions): Segments {
  const first = Math.floor(startedMs / 1000);
  let { targetS, sound } = told;
  const trackOf = (name: string, isSound: boolean, isMade = true): Track => {
    const init = `${name}_${startedMs}.mp4`;
    const take = isMade ? takePieces(pieces, name, init) : () => [];
    const patienceMs = isSound ? (isMade ? SOUND_LATE_MS : 0) : Number.POSITIVE_INFINITY;
    return { ...{ name, init, take, isSound, patienceMs }, pieces: [], wanted: [], made: [], next: first };
  };
  const videos = rungs.map((name) => trackOf(name, false));
  const tracks = [...videos, ...(audio ? [trackOf(audio.name, true, audio.made)] : [])];
  let fromS: number | undefined;
  let starts: number | undefined;
  /** When time zero of the pieces was (epoch ms). */
  let zeroMs = 0;

  const playlistOf = ({ init, made }: Track): string => {
    const listed = made.slice(-LISTED);
    const isBeginning = listed[0]?.number === first;
    starts ??= startsBefore(folder);
    return [
      '#EXTM3U',
      '#EXT-X-VERSION:7',
      `#EXT-X-TARGETDURATION:${targetS}`,
      `#EXT-X-MEDIA-SEQUENCE:${listed[0]?.number}`,
      // The first of a start follows the last one of the start before.
      `#EXT-X-DISCONTINUITY-SEQUENCE:${starts + (isBeginning ? 0 : 1)}`,
      '#EXT-X-INDEPENDENT-SEGMENTS',
      ...(isBeginning ? ['#EXT-X-DISCONTINUITY'] : []),
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
  /** The initialization segment of a track; of sound that FFmpeg does not make, or not yet, that of the start before. */
  const initOf = ({ init, isSound }: Track): Buffer | undefined => {
    const bytes = bytesOf(path.join(pieces, init));
    if (!isSound) return bytes;
    sound = bytes ?? sound;
    return sound;
  };
  const make = (track: Track, wanted: Stretch) => {
    const there = track.pieces.filter((piece) =>
      track.isSound ? isBefore(piece, wanted.toS) : beginsIn(piece, wanted),
    );
    track.pieces = track.pieces.filter((piece) => !isBefore(piece, wanted.toS));
    const before = track.made.at(-1);
    const parts = track.isSound ? withoutHoles(there, { fromS: before?.toS ?? wanted.fromS, toS: wanted.toS }) : there;
    // Sound can end anywhere: what would make a segment too long begins the next one.
    while (track.isSound && parts.length > 1 && exceeds(spanOf(parts), targetS)) {
      const left = parts.pop();
      if (left && there.includes(left)) track.pieces.unshift(left);
    }
    const [one, last] = [parts[0], parts.at(-1)];
    const init = before ? undefined : initOf(track);
    if (!one || !last || !(before || init)) return;
    if (init) writeFileSync(path.join(folder, track.init), init);
    const segment: Segment = { number: track.next++, fromS: one.fromS, toS: last.toS };
    writeFileSync(path.join(folder, fileOf(track.init, segment)), Buffer.concat(parts.map(({ media }) => media)));
    track.made.push(segment);
    // A camera whose key frames come further apart than they did leaves no choice.
    targetS = Math.max(targetS, Math.round(segment.toS - segment.fromS));
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
    for (let toS = ending(made, fromS, targetS); toS !== undefined; toS = ending(made, fromS, targetS)) {
      for (const track of tracks) track.wanted.push({ fromS, toS, dueMs: performance.now() });
      fromS = toS;
    }
  };

  return {
    join() {
      for (const track of tracks) {
        const taken = track.take();
        track.pieces.push(...taken);
        const [first, newest] = [track.reach ?? taken[0], taken.at(-1)];
        if (first && newest) track.reach = { fromS: first.fromS, toS: newest.toS };
      }
      plan();
      const nowMs = performance.now();
      for (const track of tracks) {
        // Sound that comes late keeps no picture waiting.
        const newest = track.pieces.at(-1);
        const isOverdue = ({ dueMs }: { dueMs: number }) => sound !== undefined && nowMs - dueMs >= track.patienceMs;
        const there = track.wanted.filter((segment) => (newest && reaches(newest, segment)) || isOverdue(segment));
        track.wanted = track.wanted.slice(there.length);
        for (const segment of there) make(track, segment);
      }
    },
    isFlowing: () => tracks.every(({ made }) => made.length > 0),
    reach(wanted) {
      const reaches = videos.flatMap(({ name, reach }) => (reach && wanted.includes(name) ? [reach] : []));
      if (reaches.length < wanted.length || reaches.length === 0) return undefined;
      const fromS = Math.max(...reaches.map((one) => one.fromS));
      return { fromS, toS: Math.min(...reaches.map((one) => one.toS)) };
    },
    told: () => ({ targetS, sound }),
  };
}
