import { appendFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { recorderMediamtx } from '../../adapters/recorder.mediamtx.ts';
import { diskOf } from '../../adapters/recordings/disk.ts';
import { type Written, writtenHere } from '../../adapters/recordings/written.ts';
import type { RecordReport } from '../../machines/slots.ts';
import { until } from '../fixtures/process.ts';

describe('a recording', () => {
  const FILE = '1796000000-000000.mp4';
  let folder: string;
  let asked: string[];
  let said: RecordReport[];
  let held: { release(): void };

  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'sbx-recorder-'));
    asked = [];
    said = [];
  });
  afterEach(() => {
    held.release();
    expect(asked).to.deep.equal(['cam_001/0 true', 'cam_001/0 false']);
    rmSync(folder, { recursive: true, force: true });
  });

  const record = (written: Written, patienceMs: number) => {
    const slot = recorderMediamtx({
      record: (camera, source, on) => void asked.push(`${camera}/${source} ${on}`),
      forget() {},
      writtenOf: () => written,
      now: () => performance.now(),
    });
    const bounds = { silentMs: patienceMs, openingMs: patienceMs };
    held = slot({ camera: 'cam_001', source: '0', ...bounds }, (event) => void said.push(event));
  };
  const write = () => {
    const own = path.join(folder, 'in/cam_001/0');
    mkdirSync(own, { recursive: true });
    appendFileSync(path.join(own, FILE), 'a second of it');
  };
  const silence = () => said.find((one) => one.type === 'recorder.silent');

  it('is seen by what grows on the disk, whatever lay there before', async () => {
    write();
    const here = writtenHere(folder, diskOf(folder));
    let looks = 0;
    const look: Written['look'] = async (...given) => {
      const seen = await here.look(...given);
      looks += 1;
      return seen;
    };
    record({ ...here, look }, 60_000);
    await until('three looks', () => looks >= 3);
    expect(said, 'nothing was added').to.deep.equal([]);
    write();
    await until('it to grow', () => said.some(({ type }) => type === 'recorder.growing'));
  });

  it('that another machine writes says where it stands still', async () => {
    record({ ...writtenHere(folder, diskOf(folder)), where: 'a (intake-a)' }, 50);
    expect((await until('word of it', silence)).detail).to.equal('no file has been begun on a (intake-a)');
  });
});
