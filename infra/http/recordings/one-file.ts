import type { RecordedPiece, Recordings } from '../../../adapters/recordings.files.ts';
import { nameOf } from './playlist.ts';

/** One file of a range: what fits the first piece, each file's times going on from those before. */
export async function* oneFile(recordings: Pick<Recordings, 'fragmentOf'>, pieces: readonly RecordedPiece[]) {
  const [first] = pieces;
  if (!first) return;
  yield first.init;
  let played = 0;
  let shift = 0;
  let file = '';
  for (const piece of pieces) {
    // Clocks of camera and relay differ a little: a file begins where the one before it ended.
    if (nameOf(piece) !== file) shift = piece.from - played;
    file = nameOf(piece);
    yield await recordings.fragmentOf(piece, shift);
    played = piece.to - shift;
  }
}

/** Whether pieces can stand in one file. What the relay notes of itself in the head says nothing about that. */
export const fits = (one: Buffer, other: Buffer): boolean => bodyOf(one).equals(bodyOf(other));
const bodyOf = (init: Buffer): Buffer => {
  const notes = init.indexOf('udta', 0, 'latin1');
  return notes < 4 ? init : init.subarray(0, notes - 4);
};
