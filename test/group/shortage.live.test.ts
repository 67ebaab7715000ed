import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { getPriority } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import type { Browser } from 'playwright-core';
import { NICENESS } from '../../adapters/niceness.ts';
import { startChromium } from '../fixtures/chromium.ts';
import type { Follower } from '../fixtures/events.ts';
import { figure } from '../fixtures/figures.ts';
import { startTestGroup, type TestGroup } from '../fixtures/group.ts';
import { descendants } from '../fixtures/launcher/start.ts';
import { until } from '../fixtures/process.ts';
import { type ProgramReader, readProgram } from '../fixtures/program-reader.ts';
import { type Site, startSite } from '../fixtures/site.ts';
import { longestGapMs, type Watcher, watchCamera } from '../fixtures/watcher.ts';

/** What both cameras and their viewers need is about 3 Mb/s; this leaves room for one of them, and a low rung. */
const TOO_LITTLE_KBPS = 2_600;
const BUSY_MS = 6_000;
/** Without priority, busy processes hold a picture up for seconds. */
const LONGEST_GAP_MS = 1_500;

/** Encoders are behind their gateway, which is behind what carries pictures; there is nothing beyond 19. */
const AS_EVER = NICENESS.decisions + NICENESS.encoders;
const STEPPED_BACK = 19;

describe('a camera in an emergency, when there is not enough for all', function () {
  this.timeout(90_000);
  let site: Site;
  let group: TestGroup;
  let browser: Browser;
  let events: Follower;
  let watchers: Record<'north' | 'fire', Watcher>;
  let incident: string;

  before(async () => {
    const picture = { width: 640, height: 480, fps: 25, gopSeconds: 2, bitrateBps: 1_500_000 };
    [site, browser] = await Promise.all([startSite(['north', 'fire'], {}, picture), startChromium()]);
    const warm = { ladder: ['480p', '360p'], keep: 'warm' };
    const cameras = Object.fromEntries(
      Object.entries(site.cameras()).map(([name, one]) => [name, { ...one, ...warm }]),
    );
    group = await startTestGroup({ cameras });
    events = group.follow(0);
    for (const name of ['north', 'fire']) await events.next('rendition.running', `rendition/${name}`, 0, 40_000);
    const [north, fire] = await Promise.all(['north', 'fire'].map((name) => watchCamera(browser, group, name)));
    watchers = { north, fire } as typeof watchers;
    for (const one of Object.values(watchers)) await one.moving(0, 10);
    const at = Date.now();
    incident = (await group.api('POST', '/api/v1/incidents', { cameras: ['fire'], reason: 'fire', drill: true })).body
      .id;
    await events.next('incident.active', `incident/${incident}`, at, 20_000);
  });
  after(async () => {
    for (const one of Object.values(watchers ?? {})) await one.close();
    events?.close();
    await browser?.close();
    await group?.stop();
    await site?.close();
  });

  const sessionOf = async (watcher: Watcher) => String((await watcher.watched()).sessions.at(-1));
  const shown = async (session: string) => (await group.api('GET', `/api/v1/sessions/${session}`)).body;
  const limit = (egressKbps: number | undefined) => {
    const file = path.join(group.state, 'signalbox.yaml');
    const config = JSON.parse(readFileSync(file, 'utf8'));
    writeFileSync(file, JSON.stringify({ ...config, limits: egressKbps ? { egress_kbps: egressKbps } : {} }));
  };

  it('keeps its bandwidth: the others step down and say why, who comes for them waits, and all falls back', async () => {
    const { north, fire } = watchers;
    const [lower, kept] = [await sessionOf(north), await sessionOf(fire)];
    const at = Date.now();
    limit(TOO_LITTLE_KBPS);
    const moved = await events.next('viewer.moved', `viewer/${lower}`, at, 30_000);
    expect(moved.data).to.include({ kind: 'rung', from_quality: '480p', quality: '360p' });
    expect(moved.data.why).to.include({ reason: 'bandwidth' });
    expect(moved.data.why.text).to.match(/its relay may send 2\.6 Mb\/s, and cameras in an emergency need/);
    figure('too little bandwidth: a lower rung on screen after', moved.at - at);
    const refused = await until('newcomers to wait', async () => {
      const answer = await group.api('GET', '/live/north/webrtc');
      if (answer.status === 200) await group.api('DELETE', `/api/v1/sessions/${answer.body.session_id}`);
      return answer.status === 503 ? answer : undefined;
    });
    expect(refused.body).to.include({ reason: 'no-bandwidth' });
    expect(refused.headers.get('retry-after')).to.match(/^\d+$/);
    const admitted = await group.api('GET', '/live/fire/webrtc');
    expect(admitted.status, 'the emergency’s camera').to.equal(200);
    await group.api('DELETE', `/api/v1/sessions/${admitted.body.session_id}`);
    expect(await shown(kept)).to.include({ quality: '480p', state: 'watching' });
    const { presented } = await fire.moving(Date.now(), 10);
    expect(longestGapMs(presented, at)).to.be.below(LONGEST_GAP_MS);
    const liftedAt = Date.now();
    limit(undefined);
    limit(100_000);
    const back = await events.next('viewer.moved', `viewer/${lower}`, liftedAt, 30_000);
    expect(back.data).to.include({ from_quality: '360p', quality: '480p' });
    limit(undefined);
  });

  it('keeps its pictures coming while the processor is far too small, and other encoders let it go first', async () => {
    for (const one of Object.values(watchers)) await one.close();
    const { body } = await group.api('GET', '/live/fire/rtsp');
    // The camera itself may get too little: what it sends shall arrive.
    const [sent, arrived] = await Promise.all([site.server.rtsp('fire'), body.rtsp_url].map(readProgram));
    const readers = [sent, arrived] as [ProgramReader, ProgramReader];
    await until('its pictures', () => readers.every(({ packets }) => packets.length > 50));
    // The ladder of the other camera lets others go first.
    const encoders = () => descendants(process.pid).filter((pid) => isLadder(pid));
    await until('it to step back, and that of the emergency’s camera not', () => {
      const both = encoders().map(priorityOf);
      return both.length === 2 && both.includes(AS_EVER) && both.includes(STEPPED_BACK);
    });
    const busy = Array.from({ length: 6 }, (): ChildProcess => {
      const spin = `const until = Date.now() + ${BUSY_MS}; while (Date.now() < until);`;
      return spawn(process.execPath, ['-e', spin], { stdio: 'ignore' });
    });
    const startedMs = performance.now();
    const before = readers.map(picturesOf);
    await until('the processor to be free again', () => busy.every(({ exitCode }) => exitCode !== null), BUSY_MS * 5);
    const [atCamera = 0, atViewer = 0] = readers.map((reader, index) => picturesOf(reader) - (before[index] ?? 0));
    const [own, seen] = readers.map((reader) => reader.gapMs(startedMs)) as [number, number];
    figure('too little processor: longest pause of an emergency’s camera, beyond its own', seen - own);
    for (const reader of readers) {
      expect(reader.dropped()).to.equal(undefined);
      expect(reader.faults()).to.deep.equal([]);
      reader.close();
    }
    expect(atViewer, 'pictures').to.be.greaterThan(0.85 * atCamera);
    expect(seen, 'longest pause').to.be.below(own + LONGEST_GAP_MS);
  });
});

const picturesOf = ({ packets }: ProgramReader): number => packets.filter(({ newPicture }) => newPicture).length;

const priorityOf = (pid: number): number | undefined => {
  try {
    return getPriority(pid);
  } catch {
    return undefined; // it has just ended
  }
};

/** Ladders are the FFmpegs that write HLS. */
function isLadder(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('.m3u8');
  } catch {
    return false;
  }
}
