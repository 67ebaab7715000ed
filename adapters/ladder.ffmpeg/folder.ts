import { readdirSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';

const MEDIA = /\.(m4s|mp4)$/;

/** Deletes what an earlier start left: its segments are in no playlist any more. */
export function sweepBefore(folder: string, startedMs: number): void {
  for (const file of readdirSync(folder)) {
    if (!MEDIA.test(file)) continue;
    const whole = path.join(folder, file);
    if ((statSync(whole, { throwIfNoEntry: false })?.mtimeMs ?? startedMs) < startedMs) rmSync(whole, { force: true });
  }
}
