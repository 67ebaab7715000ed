import type { Protection } from '../../bus/events/recording.ts';

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
