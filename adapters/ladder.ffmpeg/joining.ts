/** A stretch of a rung in the time that all rungs share: one piece lasts from a key frame to the next. */
export interface Stretch {
  fromS: number;
  toS: number;
}

/** A little less than two seconds: a key frame that comes a moment early would make a segment twice as long. */
const SEGMENT_S = 1.9;
/** What a playlist says in whole seconds is rounded (RFC 8216, 4.3.3.1). */
const ROUNDED_S = 0.5;
/** Rungs that have no key frame in common for so long go on all the same. */
const APART_S = 6;
/** One picture in two rungs has one time, but for the units in which they count it. */
const SAME_S = 0.015;

const isSame = (one: number, other: number): boolean => Math.abs(one - other) < SAME_S;

/** Where the first segment of all rungs begins; undefined while that is not known. @param rungs the pieces of each */
export function beginning(rungs: readonly (readonly Stretch[])[]): number | undefined {
  const [first = [], ...others] = rungs;
  const common = first.find(({ fromS }) => others.every((pieces) => pieces.some((one) => isSame(one.fromS, fromS))));
  if (common) return common.fromS;
  const lasts = rungs.map((pieces) => (pieces.at(-1)?.toS ?? 0) - (pieces[0]?.fromS ?? 0));
  return Math.min(...lasts) < APART_S ? undefined : Math.max(...rungs.map(([one]) => one?.fromS ?? 0));
}

/** Whether a stretch is too long for a playlist with this target duration. */
export const exceeds = ({ fromS, toS }: Stretch, targetS: number): boolean => toS - fromS >= targetS + ROUNDED_S;

/**
 * Where the next segment of all rungs ends; undefined while that is not known. FFmpeg can't tell: it counts how many
 * segments there should be by now, and would soon end those of a rung with more key frames at others of them.
 * @param targetS the target duration of the playlists: a segment is made longer only where no key frame can end it before
 */
export function ending(rungs: readonly (readonly Stretch[])[], fromS: number, targetS: number): number | undefined {
  const [first = [], ...others] = rungs;
  const common = first.filter(
    ({ toS }) => toS > fromS + SAME_S && others.every((pieces) => pieces.some((one) => isSame(one.toS, toS))),
  );
  const due = common.find(({ toS }) => toS - fromS >= SEGMENT_S);
  const early = common.findLast(({ toS }) => toS - fromS < SEGMENT_S);
  if (due) return early && exceeds({ fromS, toS: due.toS }, targetS) ? early.toS : due.toS;
  const reached = Math.min(...rungs.map((pieces) => pieces.at(-1)?.toS ?? fromS));
  return reached - fromS < APART_S ? undefined : reached;
}

/**
 * How long segments are at the most, in whole seconds: players are told once, for all rungs and the sound, and it must
 * not change (RFC 8216, 4.3.3.1 and 6.2.4).
 * @param keysMs how far the key frames are apart that all rungs have
 * @param soundS how much longer a segment of sound may be
 */
export function targetOf(keysMs: number, soundS: number): number {
  const keysS = Math.max(keysMs, 1) / 1000;
  return Math.round(Math.ceil((SEGMENT_S - SAME_S) / keysS) * keysS + Math.max(SAME_S, soundS));
}

/** Whether a piece is in a segment: each is in the one in which it begins. */
export const beginsIn = ({ fromS }: Stretch, segment: Stretch): boolean =>
  fromS > segment.fromS - SAME_S && fromS < segment.toS - SAME_S;

/** Whether what ends with a piece reaches the end of a segment. */
export const reaches = ({ toS }: Stretch, segment: Stretch): boolean => toS > segment.toS - SAME_S;

/** Whether a piece is older than a segment. */
export const isBefore = ({ fromS }: Stretch, segmentFromS: number): boolean => fromS <= segmentFromS - SAME_S;
