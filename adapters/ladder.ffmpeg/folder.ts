import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';

const MEDIA = /\.(m4s|mp4)$/;

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return ''; // not yet written, or just being replaced
  }
}

function statOf(file: string): { size: number; mtimeMs: number } | undefined {
  try {
    return statSync(file);
  } catch {
    return undefined; // deleted since it was listed
  }
}

/** The segments that a playlist names, oldest first. */
const segmentsOf = (playlist: string): string[] => playlist.split('\n').filter((line) => line.endsWith('.m4s'));

/** Whether each playlist was written by this start and has a segment. */
export function isFlowing(folder: string, names: readonly string[], start: string): boolean {
  return names.every((name) => {
    const playlist = textOf(path.join(folder, `${name}.m3u8`));
    return playlist.includes(`_${start}.mp4`) && segmentsOf(playlist).length > 0;
  });
}

/** The first finished segment that holds nothing: FFmpeg writes on over a full disk, and says nothing of it. */
export function emptySegment(folder: string, names: readonly string[]): string | undefined {
  for (const name of names) {
    const listed = segmentsOf(textOf(path.join(folder, `${name}.m3u8`)));
    const empty = listed.find((segment) => statOf(path.join(folder, segment))?.size === 0);
    if (empty) return empty;
  }
  return undefined;
}

/** Deletes what an earlier start left: its segments are in no playlist any more. */
export function sweepBefore(folder: string, startedMs: number): void {
  for (const file of readdirSync(folder)) {
    const stat = MEDIA.test(file) ? statOf(path.join(folder, file)) : undefined;
    if (stat && stat.mtimeMs < startedMs) rmSync(path.join(folder, file), { force: true });
  }
}
