import type { RecordedPiece, Recordings } from '../../adapters/recordings.files.ts';

const MINUTE_MS = 60_000;
/** What a piece of {@link recordedUntil} shows. */
export const PIECE_MS = 2_000;
const FILE_MS = 10 * MINUTE_MS;
/** What it holds. */
export const FORM = { codec: 'avc1.42c01e', width: 640, height: 360 };
/** What a file of it takes. */
export const FILE_BYTES = 150_000_000;

/** Three hours of one camera without a break, in files of ten minutes, that end at a moment. */
export function recordedUntil(end: number, camera = 'gate'): Recordings {
  const begin = end - 180 * MINUTE_MS;
  const fileAt = (from: number) => ({ camera, source: '0', name: `${Math.floor(from / 1_000)}-000000`, from });
  const pieces: RecordedPiece[] = Array.from({ length: (end - begin) / PIECE_MS }, (_, n) => {
    const from = begin + n * PIECE_MS;
    const file = fileAt(begin + Math.floor((from - begin) / FILE_MS) * FILE_MS);
    const place = { at: 0, end: 1, firstDts: 0, endDts: 1, init: Buffer.from('head'), form: FORM };
    return { ...place, from, to: from + PIECE_MS, file, number: (from - file.from) / PIECE_MS };
  });
  const within = (from: number, to: number) => pieces.filter((piece) => piece.to > from && piece.from < to);
  return {
    stretches: async (_camera, from, to) =>
      begin < to && end > from ? [{ source: '0', from: begin, to: end, form: FORM }] : [],
    pieces: async (_camera, from, to) => within(from, to),
    piece: async (_camera, _source, name, number) =>
      pieces.find((piece) => piece.file.name === name && piece.number === number),
    fragmentOf: async ({ from }) => Buffer.from(`piece ${from}`),
    lengthOf: async ({ from }) => `piece ${from}`.length,
    keyFrame: async (_camera, at) => {
      const piece = within(at, at + 1)[0];
      return piece && { at: piece.from, dts: 0, mp4: Buffer.from('still'), file: piece.file };
    },
    sizes: async (_camera, from = 0, to = Number.POSITIVE_INFINITY) => {
      const begun = Array.from({ length: (end - begin) / FILE_MS }, (_, n) => fileAt(begin + n * FILE_MS));
      const files = begun.map((file) => ({ ...file, to: file.from + FILE_MS, bytes: FILE_BYTES }));
      return files.filter((file) => file.to > from && file.from < to);
    },
    remove: async () => {},
  };
}
