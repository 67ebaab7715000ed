import { mkdtempSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import type { Follower } from '../fixtures/events.ts';
import { figure } from '../fixtures/figures.ts';
import { startTestGroup, type TestGroup } from '../fixtures/group.ts';
import { mountOwnDisk, type OwnDisk } from '../fixtures/own-disk.ts';
import { until } from '../fixtures/process.ts';
import { type ProgramReader, readProgram } from '../fixtures/program-reader.ts';
import { type Site, startSite } from '../fixtures/site.ts';

const SUBJECT = 'recording/gate';
/** What a recording that can't be written is told within. */
const LOUD_WITHIN_MS = 5_000;
/** Live stands for as long as the disk hangs, if at all: many seconds. A busy machine takes less from it. */
const LIVE_GAP_MS = 2_500;

describe('a disk of recordings that hangs, or is slow', function () {
  this.timeout(90_000);
  let disk: OwnDisk | undefined;
  let site: Site;
  let group: TestGroup;
  let events: Follower;
  let live: ProgramReader;

  before(async function () {
    try {
      disk = mountOwnDisk();
    } catch (error) {
      console.log(`      skipped: no disk of its own can be made here: ${(error as Error).message}`);
      return this.skip();
    }
    const state = mkdtempSync(path.join(tmpdir(), 'sbx-launch-'));
    symlinkSync(disk.folder, path.join(state, 'recordings'));
    site = await startSite(['main', 'spare', 'yard']);
    const { main, spare, yard } = site.cameras();
    const sources = [...(main?.sources ?? []), ...(spare?.sources ?? [])];
    const gate = { name: 'Gate', zone: 'hcm/test', sources, hand_back: 'never', record: { keep: '1d' } };
    group = await startTestGroup({ cameras: { gate, yard } }, state);
    events = group.follow(0);
    await events.next('recording.recording', SUBJECT, 0, 30_000);
    live = await readProgram((await group.api('GET', '/live/gate/rtsp')).body.rtsp_url);
    await until('live to be seen', () => live.packets.length > 30);
  });
  after(async () => {
    disk?.thaw();
    live?.close();
    events?.close();
    await group?.stop();
    await site?.close();
    disk?.close();
  });
  afterEach(() => disk?.thaw());

  const camera = async (id: string) => (await group.api('GET', `/api/v1/cameras/${id}`)).body;
  const recorded = async () => (await group.api('GET', '/api/v1/recordings/gate')).body;
  const rest = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
  /** Hangs until the recording says that it fails. Resolves to since when. */
  const hang = async () => {
    const since = { at: Date.now(), tick: performance.now() };
    disk?.hang();
    const failing = await events.next('recording.failing', SUBJECT, since.at, 20_000);
    return { ...since, failing, toldMs: failing.heardAt - since.at };
  };
  /** Thaws, and waits until it is recorded again. */
  const thaw = async () => {
    const at = Date.now();
    disk?.thaw();
    const again = await events.next('recording.recording', SUBJECT, at, 20_000);
    return { at, backMs: again.at - at };
  };
  /** Live has gone on until now. */
  const goesOn = async (what: string, since: number) => {
    const now = performance.now();
    await until('live to go on', () => (live.packets.at(-1)?.atMs ?? 0) > now);
    figure(`${what}: longest gap of live`, live.gapMs(since));
    expect(live.dropped()).to.equal(undefined);
    expect(live.gapMs(since)).to.be.lessThan(LIVE_GAP_MS);
  };

  it('is told within five seconds with the reason, costs live nothing, and is recorded to again by itself', async () => {
    const { at, tick, failing, toldMs } = await hang();
    figure('disk hangs: told after', toldMs);
    expect(toldMs).to.be.lessThan(LOUD_WITHIN_MS + 1_000);
    expect(failing.data.why.text).to.match(/the disk of the recordings takes no writes/);
    // What is there can be looked at meanwhile, and nobody waits.
    const asked = [
      '/api/v1/recordings/gate',
      `/recordings/gate/index.m3u8?from=${at - 5_000}`,
      '/api/v1/cameras',
      '/readyz',
    ];
    for (const route of asked) {
      const { status, tookMs } = await group.api('GET', route);
      expect(status, route).to.equal(200);
      expect(tookMs, route).to.be.lessThan(3_000);
    }
    const { backMs } = await thaw();
    figure('disk hung: recorded again after', backMs);
    await goesOn('disk hung', tick);
    // The relay kept in memory what it could not write.
    await until('the recording to have caught up', async () => {
      const { ranges, gaps } = await recorded();
      return gaps.length === 0 && ranges.at(-1).to > at + toldMs + 2_000;
    });
  });

  it('keeps no other camera from coming back, nor the backup from taking over', async () => {
    const active = (await camera('gate')).active_source;
    const { tick } = await hang();
    const first = active === '0' ? 'main' : 'spare';
    await site.leave(first);
    await until('the backup to take over', async () => (await camera('gate')).active_source !== active, 20_000);
    // The source that left stands at its door again: the relay can't take it while its recorder hangs.
    await site.join(first);
    await site.leave('yard');
    await until('the yard to be dark', async () => (await camera('yard')).state !== 'live', 20_000);
    await site.join('yard');
    await until('the yard to be back', async () => (await camera('yard')).state === 'live', 20_000);
    await goesOn('disk hung, and a source failed', tick);
    await thaw();
    await until(
      'the source that had left',
      async () => {
        const { sources } = await camera('gate');
        return sources.find(({ id }: { id: string }) => id === active)?.state === 'flowing';
      },
      20_000,
    );
    const { gaps } = await recorded();
    for (const { why } of gaps) expect(why.text).to.match(/no file has been begun|its file has not grown/);
  });

  it('that lets a write pass now and then is recorded to all the same, and live goes on', async () => {
    const [tick, at] = [performance.now(), Date.now()];
    // A tenth of each second.
    for (let turn = 0; turn < 10; turn++) {
      disk?.hang();
      await rest(900);
      disk?.thaw();
      await rest(100);
    }
    await goesOn('slow disk', tick);
    await until('all of it to be there', async () => {
      const { ranges } = await recorded();
      return ranges.some(({ from, to }: { from: number; to: number }) => from <= at && to >= at + 10_000);
    });
    expect((await recorded()).state).to.equal('recording');
  });
});
