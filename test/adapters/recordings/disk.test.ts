import { spawnSync } from 'node:child_process';
import { closeSync, constants, mkdirSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { DiskAway, diskOf } from '../../../adapters/recordings/disk.ts';
import { openRecordings } from '../../../adapters/recordings.files.ts';
import { refusalFor } from '../../../infra/http/errors.ts';

const NAME = '1795698719-388263.mp4';

describe('a disk of recordings that does not answer', function () {
  this.timeout(20_000);
  let folder: string;
  let pipe: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'sbx-disk-'));
    for (const camera of ['gate', 'yard']) mkdirSync(path.join(folder, 'in', camera, '0'), { recursive: true });
    pipe = path.join(folder, 'in/gate/0', NAME);
    // Whoever opens it to read hangs in the kernel until somebody writes.
    expect(spawnSync('mkfifo', [pipe]).status).to.equal(0);
  });
  afterEach(() => {
    closeSync(openSync(pipe, constants.O_RDWR | constants.O_NONBLOCK));
    rmSync(folder, { recursive: true });
  });

  it('keeps nobody waiting for long, and is told as away with when to come back; what can be read is read', async () => {
    const recordings = openRecordings(folder);
    const begun = performance.now();
    const asked = recordings.stretches('gate', 0, 2e12).then(
      () => undefined,
      (error) => error,
    );
    expect(await recordings.stretches('yard', 0, 2e12)).to.deep.equal([]);
    expect(performance.now() - begun).to.be.lessThan(2_000);
    const error = await asked;
    expect(error).to.be.instanceOf(DiskAway);
    expect(performance.now() - begun).to.be.lessThan(10_000);
    expect(refusalFor(error)).to.include({ status: 503, reason: 'disk-away', retryAfterS: 5 });
  });

  it('is asked for no more at once than leaves the process free for all else', async () => {
    const disk = diskOf(folder);
    const open: (() => void)[] = [];
    const work = () => new Promise<void>((resolve) => open.push(resolve));
    const asked = Array.from({ length: 20 }, () => disk.ask(work));
    await Promise.resolve();
    expect(open).to.have.length(8);
    for (let n = 0; n < 20; n++) {
      open[n]?.();
      await new Promise((resolve) => setImmediate(resolve));
    }
    await Promise.all(asked);
  });

  it('takes writes again as soon as one passes, also where there is nothing yet', async () => {
    expect(await diskOf(folder).takesWrites()).to.equal(true);
    expect(await diskOf(path.join(folder, 'not-there')).takesWrites()).to.equal(true);
  });
});
