import { createHash } from 'node:crypto';
import type { RecordedPiece, Recordings } from '../../../adapters/recordings.files.ts';
import type { Chunk } from '../ranges.ts';
import { nameOf } from './playlist.ts';

/** One file of a range: what fits the first piece, each file's times going on from those before. */
export function chunksOf(
  recordings: Pick<Recordings, 'fragmentOf' | 'lengthOf'>,
  pieces: readonly RecordedPiece[],
): Chunk[] {
  const [first] = pieces;
  if (!first) return [];
  let played = 0;
  let shift = 0;
  let file = '';
  const fragments = pieces.map((piece): Chunk => {
    // Clocks of camera and relay differ a little: a file begins where the one before it ended.
    if (nameOf(piece) !== file || piece.from - shift > played) shift = piece.from - played;
    file = nameOf(piece);
    played = piece.to - shift;
    const zeroMs = shift;
    return { length: () => recordings.lengthOf(piece), bytes: () => recordings.fragmentOf(piece, zeroMs) };
  });
  return [{ length: async () => first.init.length, bytes: async () => first.init }, ...fragments];
}

/** The bytes of it. */
export async function* oneFile(...given: Parameters<typeof chunksOf>) {
  for (const chunk of chunksOf(...given)) yield await chunk.bytes();
}

/** What tells that file from any other. */
export function tagOf(pieces: readonly RecordedPiece[]): string {
  const hash = createHash('sha256');
  for (const piece of pieces) hash.update(`${nameOf(piece)} ${piece.number} ${piece.at} ${piece.end}\n`);
  return hash.digest('base64url').slice(0, 22);
}

/** Whether pieces can stand in one file. What the relay notes of itself in the head says nothing about that. */
export const fits = (one: Buffer, other: Buffer): boolean => bodyOf(one).equals(bodyOf(other));
const bodyOf = (init: Buffer): Buffer => {
  const notes = init.indexOf('udta', 0, 'latin1');
  return notes < 4 ? init : init.subarray(0, notes - 4);
};
