import { spawnSync } from 'node:child_process';
import { copyFileSync, linkSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const SEGMENT_MS = 600_000;
export const DAY_MS = 86_400_000;
/** What most file systems let point to one file. */
const LINKS = 30_000;

/** Ten minutes of real pictures in fragments of a second, closed as the relay closes a file: its head says how long. */
function recordSegment(file: string): void {
  const input = [
    '-f',
    'lavfi',
    '-i',
    'testsrc2=size=160x90:rate=5',
    '-t',
    '600',
    '-c:v',
    'libx264',
    '-preset',
    'ultrafast',
  ];
  const fragments = ['-g', '10', '-bf', '0', '-movflags', '+empty_moov+default_base_moof', '-frag_duration', '1000000'];
  const { status, stderr } = spawnSync('ffmpeg', ['-v', 'error', ...input, ...fragments, '-f', 'mp4', file]);
  if (status !== 0) throw new Error(`no segment could be made: ${stderr}`);
  const bytes = readFileSync(file);
  const mvhd = bytes.indexOf('mvhd', 0, 'latin1');
  bytes.writeUInt32BE((bytes.readUInt32BE(mvhd + 16) * SEGMENT_MS) / 1000, mvhd + 20);
  writeFileSync(file, bytes);
}

/** A month of recordings, one behind the other; the files are links to a few real ones. @returns how many there are */
export function layMonth(folder: string, cameras: readonly string[], days: number, endMs: number): number {
  const first = path.join(folder, 'segment.mp4');
  mkdirSync(folder, { recursive: true });
  recordSegment(first);
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
