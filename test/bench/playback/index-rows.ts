import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { openRecordings } from '../../../adapters/recordings.files.ts';
import { gapsBetween } from '../../../infra/http/recordings/gaps.ts';
import { type BenchTable, quantile } from '../table.ts';
import { DAY_MS, layMonth } from './month.ts';

const DAYS = 30;
const CAMERAS = Array.from({ length: 20 }, (_, n) => `cam_${n + 1}`);

async function tookMs(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
}

/** The index of what is recorded: 30 days of 20 cameras, on the disk, and known from the files alone. */
export async function indexRows(say: (text: string) => void): Promise<Pick<BenchTable, 'rows' | 'notes'>> {
  const folder = mkdtempSync(path.join(tmpdir(), 'sbx-bench-playback-'));
  try {
    const endMs = Date.now() - 3_600_000;
    const beginMs = endMs - DAYS * DAY_MS;
    const files = layMonth(folder, CAMERAS, DAYS, endMs);
    say(`${files} files of ${CAMERAS.length} cameras are laid out`);
    const opened: number[] = [];
    const days: number[] = [];
    for (const camera of CAMERAS) {
      let recordings = openRecordings(folder);
      const day = async (n: number) => {
        const [from, to] = [beginMs + n * DAY_MS, beginMs + (n + 1) * DAY_MS];
        const ranges = await recordings.stretches(camera, from, to);
        const whole = ranges.length === 1 && gapsBetween(ranges, from, to).length === 0;
        if (!whole) throw new Error(`a whole day of ${camera} is told as ${JSON.stringify(ranges)}`);
      };
      opened.push(
        await tookMs(async () => {
          recordings = openRecordings(folder);
          await day(DAYS - 1);
        }),
      );
      for (const n of [3, 11, 19, 27]) days.push(await tookMs(() => day(n)));
    }
    say('the files are read from the first to the last');
    const recordings = openRecordings(folder);
    const wholeMs = await tookMs(async () => {
      for (const camera of CAMERAS) await recordings.stretches(camera, beginMs, endMs);
    });
    const [open95, day95, rate] = [quantile(opened, 0.95), quantile(days, 0.95), (files / wholeMs) * 1000];
    return {
      rows: [
        {
          measure: 'index opened, up to the first day told, p95',
          ours: open95,
          unit: 'ms',
          aim: '≤ 200',
          met: open95 <= 200,
        },
        {
          measure: "a day's time line, not looked at before, p95",
          ours: day95,
          unit: 'ms',
          aim: '≤ 50',
          met: day95 <= 50,
        },
        { measure: 'index rebuilt from the files', ours: rate, unit: 'segments/s', aim: '≥ 1,000', met: rate >= 1_000 },
      ],
      notes: [
        `${files} files of ten minutes, ${DAYS} days of ${CAMERAS.length} cameras: links to a few real ones with fragments of a second, so that their heads lie in the page cache.`,
        'The index is the files: nothing is kept beside them that could be lost or differ. Opened means a fresh index that tells one day of one camera.',
      ],
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
