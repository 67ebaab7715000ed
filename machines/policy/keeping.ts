import type { Protection } from '../../bus/events/recording.ts';
import type { Why } from '../../bus/events/why.ts';

/** A stretch that was recorded into one file. Times are epoch ms. */
export interface Kept {
  from: number;
  to: number;
  bytes: number;
}

/** How long, how much, and what in any case. */
export interface KeepingRules {
  keepMs: number;
  /** Absent: as much as its age allows. */
  maxBytes?: number;
  protections: readonly Protection[];
}

/** A file that may go, and why. */
export interface Spent<File> {
  file: File;
  because: 'age' | 'size';
}

/**
 * Which files of a recording are to be deleted: what is older than it is kept, then the oldest beyond its size. What is
 * protected stays, whatever it takes, and so does the file that is being written.
 * @param files of one camera, in any order
 * @param at epoch ms
 */
export function spent<File extends Kept>(files: readonly File[], rules: KeepingRules, at: number): Spent<File>[] {
  const { keepMs, maxBytes = Number.POSITIVE_INFINITY, protections } = rules;
  const byAge = [...files].sort((a, b) => a.from - b.from);
  const newest = byAge.at(-1);
  const isProtected = ({ from, to }: File) =>
    protections.some((one) => from < (one.to ?? Number.POSITIVE_INFINITY) && to > one.from);
  let bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  const gone: Spent<File>[] = [];
  for (const file of byAge) {
    const isOld = file.to < at - keepMs;
    if (file === newest || isProtected(file) || !(isOld || bytes > maxBytes)) continue;
    gone.push({ file, because: isOld ? 'age' : 'size' });
    bytes -= file.bytes;
  }
  return gone;
}

type Span = Pick<Kept, 'from' | 'to'>;

/**
 * Why a time of which nothing is there was deleted; undefined where it was not, and something else is the reason.
 * @param before what is there from before that time: only what is protected outlives what was younger
 * @param at epoch ms
 */
export function deletedBecause(gap: Span, before: readonly Span[], rules: KeepingRules, at: number): Why | undefined {
  const { keepMs, maxBytes, protections } = rules;
  const isKept = ({ from, to }: Span) =>
    protections.some((one) => from < (one.to ?? Number.POSITIVE_INFINITY) && to > one.from);
  const told = (reason: string, text: string, guard: Record<string, number>): Why => {
    return { trigger: 'retention', reason, text, guard };
  };
  if (gap.to <= at - keepMs) {
    return told('age', 'it is older than recordings of this camera are kept, and was deleted', { keep_ms: keepMs });
  }
  if (maxBytes === undefined || before.length === 0 || !before.every(isKept)) return undefined;
  return told('size', 'it was deleted to make room: recordings of this camera may take no more', {
    max_bytes: maxBytes,
  });
}
