import { mkdtempSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { savedAt } from '../../../infra/config/saved-at.ts';
import { until } from '../../fixtures/process.ts';

describe('when a file was saved', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'sbx-saved-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('is when it was put there, though its content is from long ago, and when a link to it was turned', async () => {
    const [file, old, link] = ['signalbox.yaml', 'before.yaml', 'link.yaml'].map((name) => path.join(folder, name)) as [
      string,
      string,
      string,
    ];
    writeFileSync(old, 'cameras: {}');
    utimesSync(old, 1_000, 1_000);
    writeFileSync(file, '');
    const before = savedAt(file);
    expect(Math.abs(before - Date.now())).to.be.lessThan(60_000);
    await until('time to pass', () => Date.now() > before + 20);
    renameSync(old, file);
    const put = savedAt(file);
    expect(put).to.be.greaterThan(before);
    await until('time to pass', () => Date.now() > put + 20);
    symlinkSync(file, link);
    expect(savedAt(link)).to.be.greaterThan(put);
    expect(savedAt(path.join(folder, 'none'))).to.equal(0);
  });
});
