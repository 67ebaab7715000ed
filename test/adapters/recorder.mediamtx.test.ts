import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { recorderMediamtx } from '../../adapters/recorder.mediamtx.ts';
import { diskOf } from '../../adapters/recordings/disk.ts';
import { until } from '../fixtures/process.ts';

describe('a recording that another machine writes', () => {
  it('is asked for all the same, and says where it is instead of that no file grows', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'sbx-recorder-'));
    const asked: string[] = [];
    const said: string[] = [];
    const slot = recorderMediamtx({
      record: (camera, source, on) => void asked.push(`${camera}/${source} ${on}`),
      forget() {},
      folder,
      disk: diskOf(folder),
      writtenElsewhere: () => 'intake-a on a writes it',
      now: () => performance.now(),
    });
    const held = slot({ camera: 'cam_001', source: '0', silentMs: 50, openingMs: 50 }, (event) => {
      if (event.type === 'recorder.silent') said.push(event.detail);
    });
    await until('word of it', () => said.length > 0);
    held.release();
    expect(said).to.deep.equal(['intake-a on a writes it']);
    expect(asked).to.deep.equal(['cam_001/0 true', 'cam_001/0 false']);
    rmSync(folder, { recursive: true, force: true });
  });
});
