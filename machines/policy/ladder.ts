import type { Measured, PlannedRung, Rung } from '../../bus/events/rendition.ts';
import type { Why } from '../../bus/events/why.ts';

/** The rungs that there are by name; a camera's `ladder` chooses among them. */
export const RUNGS: readonly Rung[] = [
  { name: '1080p', height: 1080, bitrate_bps: 4_000_000, max_bps: 4_800_000, buffer_bits: 2_400_000 },
  { name: '720p', height: 720, bitrate_bps: 2_000_000, max_bps: 2_400_000, buffer_bits: 1_200_000 },
  { name: '480p', height: 480, bitrate_bps: 1_000_000, max_bps: 1_200_000, buffer_bits: 600_000 },
  { name: '360p', height: 360, bitrate_bps: 500_000, max_bps: 600_000, buffer_bits: 300_000 },
];

/** A camera that says nothing of a ladder has this one. */
export const USUAL_RUNGS: readonly string[] = ['720p', '480p', '360p'];

/** What a copied rung may be: key frames at most a segment apart, and not much more than its bit rate. */
export const COPY_LIMITS = { gopMs: 2_050, bitrateShare: 1.6 };

/** The rungs that a source allows, and why. */
export interface LadderPlan {
  rungs: PlannedRung[];
  why: Why;
}

/** The rungs of these names, best first; unknown names are left out. */
export const rungsNamed = (names: readonly string[]): Rung[] => RUNGS.filter(({ name }) => names.includes(name));

/**
 * The rung with which a player goes on whose own is not made any more: the best that is no higher, or else the lowest.
 * @param lines of the rung that is asked for
 * @param made best first
 */
export const rungInstead = (lines: number, made: readonly PlannedRung[]): PlannedRung | undefined =>
  made.find(({ height }) => height <= lines) ?? made.at(-1);

/**
 * The rungs that a player of HLS may choose from.
 * @param made best first
 * @param quality the one that somebody chose: where it is made, it alone
 * @param maxQuality the best one otherwise; what is below it follows
 */
export function rungsOffered(
  made: readonly PlannedRung[],
  { quality, maxQuality }: { quality?: string | undefined; maxQuality?: string | undefined },
): readonly PlannedRung[] {
  const chosen = made.filter(({ name }) => name === quality);
  if (chosen.length > 0) return chosen;
  const [, lines] = /^(\d+)p$/.exec(maxQuality ?? '') ?? [];
  const top = lines === undefined ? undefined : rungInstead(Number(lines), made);
  return top ? made.slice(made.indexOf(top)) : made;
}

/** Why a rung can't be the source's own packets; undefined when it can. */
function againstCopying(source: Measured, rung: Rung): string | undefined {
  if (source.codec !== 'h264') return `the source is ${source.codec}, and players of HLS and WebRTC need h264`;
  if (source.height !== rung.height) return `the source has ${source.height} lines`;
  if (source.reordered) return 'the source has B-frames, which WebRTC can’t carry';
  if (source.gop_ms > COPY_LIMITS.gopMs) return `its key frames are ${source.gop_ms} ms apart, a segment lasts 2 s`;
  if (source.bitrate_bps > rung.bitrate_bps * COPY_LIMITS.bitrateShare) {
    return `it has ${Math.round(source.bitrate_bps / 1000)} kb/s, too much for a rung of ${rung.bitrate_bps / 1000}`;
  }
  return undefined;
}

/** An encoder takes even sizes only. */
const widthAt = (height: number, source: Measured): number =>
  2 * Math.round((height * source.width) / source.height / 2);

/**
 * Decides which rungs there are, which one is copied and which are encoded. Nothing is scaled up: of the rungs that are
 * higher than the source none exists, and where that leaves none, the source's own size is the only one.
 */
export function planLadder(source: Measured, wanted: readonly Rung[]): LadderPlan {
  const fitting = wanted.filter(({ height }) => height <= source.height);
  const lowest = wanted.reduce((low, rung) => (rung.height < low.height ? rung : low));
  const even = source.height - (source.height % 2);
  const kept = fitting.length > 0 ? fitting : [{ ...lowest, name: `${even}p`, height: even }];
  const rejected = wanted
    .filter(({ height }) => height > source.height)
    .map(({ name }) => ({ option: name, because: `the source has ${source.height} lines: nothing is scaled up` }));
  const rungs = kept
    .toSorted((a, b) => b.height - a.height)
    .map((rung, index): PlannedRung => {
      const against = index === 0 ? againstCopying(source, rung) : 'only the top rung can be the source itself';
      if (index === 0 && against) rejected.push({ option: `copy ${rung.name}`, because: against });
      if (against === undefined) return { ...rung, width: source.width, how: 'copied' };
      return { ...rung, width: widthAt(rung.height, source), how: 'encoded' };
    });
  const copied = rungs.find(({ how }) => how === 'copied');
  return {
    rungs,
    why: {
      trigger: 'program.measured',
      text: copied
        ? `${copied.name} is the camera's own picture, ${rungs.length - 1} more are encoded`
        : `${rungs.length} rungs are encoded`,
      guard: { rungs: rungs.map(({ name }) => name), ...source },
      ...(rejected.length > 0 ? { rejected } : {}),
    },
  };
}
