import type { NalPiece } from './nal.ts';
import type { Sight } from './video.ts';

const START_CODE = Buffer.of(0, 0, 0, 1);
/** The eye needs no more; a key frame of a big camera can be a megabyte. */
const MIN_INTERVAL_MS = 1_500;
const MAX_KEY_FRAME_BYTES = 8 * 1024 * 1024;

/** Puts key frames together from packets, as Annex B access units with their parameter sets. */
export interface KeyFrameCollector {
  see(sight: Sight, last: boolean, atMs: number): void;
}

/** @param deliver gets one complete key frame, at most one each 1.5 s */
export function createKeyFrameCollector(deliver: (annexB: Buffer) => void): KeyFrameCollector {
  let parts: Buffer[] | undefined;
  let bytes = 0;
  let deliveredAtMs = Number.NEGATIVE_INFINITY;

  const add = (...buffers: Buffer[]) => {
    for (const buffer of buffers) bytes += buffer.length;
    if (bytes > MAX_KEY_FRAME_BYTES) parts = undefined;
    parts?.push(...buffers);
  };

  const addPiece = (piece: NalPiece) => {
    if (piece.first) add(START_CODE);
    if (piece.header) add(piece.header);
    add(piece.bytes);
  };

  const finish = (atMs: number) => {
    if (!parts) return;
    deliveredAtMs = atMs;
    deliver(Buffer.concat(parts));
    parts = undefined;
  };

  return {
    see(sight, last, atMs) {
      // A source without markers: the next picture ends the one before.
      if (sight.newUnit) finish(atMs);
      if (sight.keyStart && atMs - deliveredAtMs >= MIN_INTERVAL_MS) {
        parts = [];
        bytes = 0;
      }
      if (!parts || !sight.key) return;
      for (const set of sight.missingSets) add(START_CODE, set);
      // Pieces share memory with what was read from the socket; it stays as it is while we hold on to it.
      for (const piece of sight.pieces) addPiece(piece);
      if (last) finish(atMs);
    },
  };
}
