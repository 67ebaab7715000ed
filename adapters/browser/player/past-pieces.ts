/** A piece of a recording as it lies in a video: hls.js's `Fragment` is one. */
export interface Piece {
  /** When it was recorded, epoch ms (`EXT-X-PROGRAM-DATE-TIME`). */
  programDateTime: number | null;
  /** Where it begins in the video's own time, seconds. */
  start: number;
  duration: number;
}

/** Pieces whose times differ by less follow one another. */
const SLACK_MS = 60;

/** The moment (epoch ms) that a video shows at a time of its own. */
export function momentIn(pieces: readonly Piece[], timeS: number): number | undefined {
  const piece = pieces.findLast(({ start }) => start <= timeS);
  const at = piece?.programDateTime;
  return at == null ? undefined : at + (timeS - (piece?.start ?? 0)) * 1_000;
}

/** Where a moment lies in the video's own time; undefined where no piece holds it. */
export function timeIn(pieces: readonly Piece[], moment: number): number | undefined {
  const piece = pieces.findLast(({ programDateTime }) => programDateTime != null && programDateTime <= moment);
  if (piece?.programDateTime == null) return undefined;
  const withinS = (moment - piece.programDateTime) / 1_000;
  return withinS < piece.duration + SLACK_MS / 1_000 ? piece.start + Math.min(withinS, piece.duration) : undefined;
}

/** Where a look at a moment begins: at it, or at the first piece after it. */
export function beginIn(pieces: readonly Piece[], moment: number): number {
  const after = pieces.find(({ programDateTime }) => (programDateTime ?? 0) > moment);
  return timeIn(pieces, moment) ?? after?.start ?? pieces.at(-1)?.start ?? 0;
}
