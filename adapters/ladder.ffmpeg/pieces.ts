import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { boxAt, boxesIn } from '../recordings/boxes.ts';
import { decodedAt, timescaleIn } from '../recordings/samples.ts';
import type { Stretch } from './joining.ts';

/** What FFmpeg has finished of one rung, or of the sound. */
export interface Piece extends Stretch {
  /** Its movie fragments. */
  media: Buffer;
}

/** FFmpeg writes on over a full disk, and says nothing of it. */
export class EmptyPiece extends Error {
  override name = 'EmptyPiece';
}

const LISTED = /#EXTINF:([\d.]+),\n(?:#.*\n)*([^#\n]+\.m4s)\n/g;

/** What is in a file; undefined while there is none. */
export function bytesOf(file: string): Buffer | undefined {
  try {
    return readFileSync(file);
  } catch {
    return undefined; // not yet written, or just being replaced
  }
}

/** When the first picture of a piece is decoded, in units of its track. */
function beginsAt(bytes: Buffer): number {
  const tfdt = boxAt(bytes, ['moof', 'traf', 'tfdt']);
  if (!tfdt) throw new Error('a piece without `tfdt`');
  return decodedAt(bytes, tfdt);
}

/** FFmpeg has a piece begin somewhat late where it believed the last picture of the one before to last longer. */
const LATE_S = 0.5;
const beginningOf = (statedS: number, endS: number | undefined): number =>
  endS !== undefined && statedS > endS && statedS < endS + LATE_S ? endS : statedS;

/**
 * Takes the pieces of a track as FFmpeg finishes them; their files are gone then.
 * @param init the name of its initialization segment
 * @returns gives those that are new, oldest first. @throws EmptyPiece
 */
export function takePieces(folder: string, name: string, init: string): () => Piece[] {
  let timescale: number | undefined;
  let taken = '';
  /** Where the newest one ends. */
  let toS: number | undefined;
  return () => {
    const head = timescale === undefined ? bytesOf(path.join(folder, init)) : undefined;
    const mdhd = head && boxAt(head, ['moov', 'trak', 'mdia', 'mdhd']);
    if (mdhd) timescale = timescaleIn(head, mdhd);
    const playlist = bytesOf(path.join(folder, `${name}.m3u8`))?.toString('utf8') ?? '';
    const listed = [...playlist.matchAll(LISTED)].map(([, seconds, file = '']) => ({ seconds: Number(seconds), file }));
    const fresh = listed.slice(listed.findIndex(({ file }) => file === taken) + 1);
    return fresh.flatMap(({ seconds, file }) => {
      const whole = path.join(folder, file);
      const bytes = bytesOf(whole);
      if (bytes?.length === 0) throw new EmptyPiece(`${file} is empty`);
      if (!bytes || timescale === undefined) return [];
      taken = file;
      rmSync(whole, { force: true });
      const fromS = beginningOf(beginsAt(bytes) / timescale, toS);
      toS = fromS + seconds;
      const media = boxesIn(bytes).flatMap(({ type, at, end }) =>
        /moof|mdat/.test(type) ? [bytes.subarray(at, end)] : [],
      );
      return [{ fromS, toS, media: Buffer.concat(media) }];
    });
  };
}
