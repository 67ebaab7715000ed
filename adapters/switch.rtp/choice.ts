import type { Loss } from './talk.ts';

/** Feeds a program when no source does. */
export const SLATE = 'slate';

/** Which source shall feed a program, and which may take over. */
export interface Choice {
  wanted: string;
  /** In order. */
  armed: readonly string[];
}

/** A source, as far as choosing goes. */
export interface Candidate {
  id: string;
  /** It flows, and what it has stored begins with a key frame. */
  ready: boolean;
  /** Its video can go on in the program as it is published. */
  fits: boolean;
  /** Its key frames are too far apart to be kept, so that nobody arms it. */
  long: boolean;
  /** Its next picture is not due yet. */
  fresh: boolean;
  /** By how much its own pictures were overdue at most since the last one of the source that feeds the program. */
  stalledMs: number;
  ended: boolean;
}

/** A program that has found nothing that fits for so long is published anew for what there is. */
const LAST_RESORT_MS = 2_000;

/** The sources that may feed the program without asking, the wanted one first. */
const permitted = ({ wanted, armed }: Choice, candidates: readonly Candidate[]): Candidate[] =>
  [...new Set([wanted, ...armed])]
    .map((id) => candidates.find((candidate) => candidate.id === id))
    .filter((candidate) => candidate !== undefined);

/** What has become of the source that feeds a program. */
export type Lost =
  | { id: string; trigger: Loss }
  /** Its next picture is overdue by this much, and may still come. */
  | { id: string; trigger: 'late'; overdueMs: number };

/** Overdue by this much is late: two and a half frames at 30 a second. */
export const LATE_MS = 85;

/**
 * Who takes over from a source that ended, fell silent, sends what nobody can read, or is late. One that still may come is left only for one whose
 * next picture is not due yet. While it is merely late, what both had to wait for counts for nothing: then it is the
 * network or this machine, and of two that come back from there the one that is first by a millisecond is no better.
 */
export function successor(choice: Choice, lost: Lost, candidates: readonly Candidate[]): string | undefined {
  const able = permitted(choice, candidates).filter(({ id, ready, fits }) => id !== lost.id && ready && fits);
  const waitsAlone = ({ stalledMs }: Candidate) => lost.trigger !== 'late' || lost.overdueMs - stalledMs >= LATE_MS;
  const prompt = able.find((candidate) => candidate.fresh && waitsAlone(candidate));
  return (prompt ?? (lost.trigger === 'ended' ? able[0] : undefined))?.id;
}

/**
 * Who feeds a program that has no source now.
 * @param heldMs how long it has had none; undefined while it never had one
 */
export function returning(
  choice: Choice,
  candidates: readonly Candidate[],
  heldMs: number | undefined,
): string | undefined {
  const able = permitted(choice, candidates);
  const wanted = able.find(({ id }) => id === choice.wanted);
  // At first the wanted one is waited for until it is known not to be there.
  if (heldMs === undefined && wanted && !wanted.ended) return wanted.ready ? wanted.id : undefined;
  const fitting = able.find(({ ready, fits }) => ready && fits);
  if (fitting) return fitting.id;
  // Nobody has to come anew for one that begins at its key frames only, but who waits for them.
  const rare = heldMs === undefined ? undefined : candidates.find(({ ready, fits, long }) => ready && fits && long);
  if (rare) return rare.id;
  // Better published anew than dark. The wanted one may have come back as another; others only when nothing else comes.
  if (wanted?.ready) return wanted.id;
  return (heldMs ?? 0) >= LAST_RESORT_MS ? candidates.find(({ ready, fits }) => ready && !fits)?.id : undefined;
}
