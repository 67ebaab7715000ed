import { copyFileSync, linkSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { recordFile } from '../../fixtures/recorded-file.ts';

const SEGMENT_MS = 600_000;
export const DAY_MS = 86_400_000;
/** What most file systems let point to one file. */
const LINKS = 30_000;

/** A month of recordings, one behind the other; the files are links to a few real ones. @returns how many there are */
export function layMonth(folder: string, cameras: readonly string[], days: number, endMs: number): number {
  const first = path.join(folder, 'segment.mp4');
  mkdirSync(folder, { recursive: true });
  recordFile(first, { seconds: SEGMENT_MS / 1_000 });
  let count = 0;
  let real = first;
  const firstS = Math.floor(endMs / 1000) - (days * DAY_MS) / 1000;
  for (const camera of cameras) {
    const place = path.join(folder, 'in', camera, 'main');
    mkdirSync(place, { recursive: true });
    for (let second = firstS; second < Math.floor(endMs / 1000); second += SEGMENT_MS / 1000) {
      if (count % LINKS === 0 && count > 0) {
        real = path.join(folder, `segment-${count}.mp4`);
        copyFileSync(first, real);
      }
      linkSync(real, path.join(place, `${second}-000000.mp4`));
      count += 1;
    }
  }
  return count;
}
