import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import type { CellView } from '../../../actors/cells.ts';
import { openRecordings } from '../../../adapters/recordings.files.ts';
import { forgetRecordings } from '../../../infra/gateway/recordings.ts';
import { until } from '../../fixtures/process.ts';
import { fileNameAt, recordFile } from '../../fixtures/recorded-file.ts';

const HOUR_MS = 3_600_000;
const NOW = 1_795_000_000_000;

describe('what recordings no longer keep', function () {
  this.timeout(20_000);
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'sbx-forget-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('is deleted from the disk by age and size, but not what somebody protects, and another camera’s is left alone', async () => {
    const made = path.join(folder, 'made.mp4');
    const { length } = recordFile(made, { seconds: 2 });
    const put = (camera: string, hoursAgo: number): string => {
      const from = NOW - hoursAgo * HOUR_MS;
      const file = path.join(folder, 'in', camera, '0', fileNameAt(from));
      mkdirSync(path.dirname(file), { recursive: true });
      copyFileSync(made, file);
      utimesSync(file, from / 1_000 + 2, from / 1_000 + 2);
      return file;
    };
    const gate = new Map([30, 27, 20, 10, 2, 1].map((hours) => [hours, put('gate', hours)]));
    const yard = put('yard', 50);
    const protections = [{ holder: 'keep_1', from: NOW - 27.5 * HOUR_MS, to: NOW - 26 * HOUR_MS }];
    const context = { keep_ms: 24 * HOUR_MS, max_bytes: length * 3.5, protections };
    const deleted: string[] = [];
    const faults: Error[] = [];
    const stop = forgetRecordings({
      held: () => [{ id: 'gate', context } as unknown as CellView],
      recordings: openRecordings(folder),
      now: () => NOW,
      onDeleted: (camera, files) =>
        deleted.push(...files.map(({ file, because }) => `${camera} ${file.name} ${because}`)),
      onFault: (error) => faults.push(error),
    });
    await until('a sweep', () => deleted.length > 0 || faults.length > 0);
    stop();
    expect(faults).to.deep.equal([]);
    expect([...gate].flatMap(([hours, file]) => (existsSync(file) ? hours : []))).to.deep.equal([27, 2, 1]);
    expect(deleted.map((one) => one.split(' ').at(-1))).to.deep.equal(['age', 'size', 'size']);
    expect(existsSync(yard)).to.equal(true);
  });
});
