import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { intakeMediamtx } from '../../adapters/intake.mediamtx.ts';
import { relayPaths } from '../../adapters/mediamtx/relay-paths.ts';
import { recorderMediamtx } from '../../adapters/recorder.mediamtx.ts';
import { diskOf } from '../../adapters/recordings/disk.ts';
import { writtenHere } from '../../adapters/recordings/written.ts';
import { openRecordings } from '../../adapters/recordings.files.ts';
import type { Held, RecordReport } from '../../machines/slots.ts';
import { figure } from '../fixtures/figures.ts';
import { freeze, until } from '../fixtures/process.ts';
import { serveTokenKeys, startRelay, type TestRelay, type TokenKeys } from '../fixtures/relay.ts';
import { type Site, startSite } from '../fixtures/site.ts';

const SILENT_MS = 3_000;
const DISK_MB = 100;

/** A disk of its own that is small enough to be filled. */
function mountSmallDisk(): string | undefined {
  const folder = mkdtempSync(path.join(tmpdir(), 'sbx-disk-'));
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_MB}m`, 'tmpfs', folder]);
  if (status === 0) return folder;
  rmSync(folder, { recursive: true });
  return undefined;
}

describe('recording at a real relay', function () {
  this.timeout(60_000);
  let keys: TokenKeys;
  let site: Site;
  let relay: TestRelay;
  let paths: ReturnType<typeof relayPaths>;
  let pulled: Held;
  let recorded: Held;
  let folder: string;
  let disk: string | undefined;
  const reports: (RecordReport & { at: number })[] = [];

  before(async () => {
    disk = mountSmallDisk();
    folder = path.join(disk ?? mkdtempSync(path.join(tmpdir(), 'sbx-recorded-')), 'recordings');
    mkdirSync(folder);
    [keys, site] = await Promise.all([serveTokenKeys(), startSite(['gate'])]);
    relay = await startRelay('intake', keys, folder);
    paths = relayPaths(relay.api);
    const intake = intakeMediamtx({ pull: () => ({ paths, end() {} }), login: () => undefined });
    pulled = intake.slot({ camera: 'gate', source: '0', url: site.server.rtsp('gate') }, () => {});
    const written = writtenHere(folder, diskOf(folder));
    const record = recorderMediamtx({
      record: intake.record,
      forget: intake.forgetRecord,
      writtenOf: () => written,
      now: () => performance.now(),
    });
    recorded = record({ camera: 'gate', source: '0', silentMs: SILENT_MS, openingMs: 5_000 }, (event) =>
      reports.push({ ...event, at: performance.now() }),
    );
  });
  after(async () => {
    recorded?.release();
    pulled?.release();
    paths?.close();
    await relay?.close();
    await site?.close();
    keys?.close();
    if (disk) spawnSync('umount', [disk]);
    rmSync(path.dirname(folder), { recursive: true });
  });

  const next = (type: RecordReport['type'], since: number) =>
    until(type, () => reports.find((one) => one.type === type && one.at >= since), 20_000);
  const received = async () => (await relay.api.path('in/gate/0')).inboundBytes;

  it('counts as recording when bytes arrive on the disk', async () => {
    const { elapsed_ms } = (await next('recorder.growing', 0)) as RecordReport & { elapsed_ms: number };
    expect(elapsed_ms).to.be.greaterThan(0);
    await until('two seconds of it', async () => {
      const [first] = await openRecordings(folder).stretches('gate', 0, Date.now());
      return first && first.to - first.from > 2_000;
    });
  });

  it('fails loudly within seconds when the relay hangs, and is known again when it goes on', async () => {
    const hungAt = performance.now();
    await freeze(relay.process());
    const silent = await next('recorder.silent', hungAt);
    figure('relay hung: recording counts as failing after', silent.at - hungAt);
    expect(silent.at - hungAt).to.be.within(SILENT_MS - 1_500, SILENT_MS + 3_000);
    relay.process().child.kill('SIGCONT');
    await next('recorder.growing', silent.at);
  });

  it('says that the disk is full, keeps the picture live meanwhile, and goes on when there is room', async function () {
    if (!disk) return this.skip(); // only root can make a disk that fills up
    const filler = path.join(disk, 'filler');
    expect(() => writeFileSync(filler, Buffer.alloc(DISK_MB * 1024 * 1024))).to.throw(/ENOSPC/);
    const filledAt = performance.now();
    const full = await next('recorder.full', filledAt);
    figure('disk full: told after', full.at - filledAt);
    const before = await received();
    await until('the picture to go on', async () => (await received()) > before);
    rmSync(filler);
    await next('recorder.growing', full.at);
  });

  it('ends without the relay letting go of the camera', async () => {
    const before = (await relay.api.path('in/gate/0')).inboundBytes;
    recorded.release();
    await until('the relay to record no more', async () => {
      const config = (await relay.api.pathConfigs()).find(({ name }) => name === 'in/gate/0');
      return config?.record === false;
    });
    // A path that is made anew counts from nothing.
    expect(await received()).to.be.at.least(before);
  });
});
