import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import type { Browser } from 'playwright-core';
import { startChromium } from '../fixtures/chromium.ts';
import { command } from '../fixtures/command-line.ts';
import type { Follower } from '../fixtures/events.ts';
import { figure } from '../fixtures/figures.ts';
import { startTestGroup, type TestGroup } from '../fixtures/group.ts';
import { type HlsPage, openHlsPage } from '../fixtures/hls-page.ts';
import { until } from '../fixtures/process.ts';
import { type Site, startSite } from '../fixtures/site.ts';

const SUBJECT = 'recording/gate';

const CLOCK_WIDTH = 320;
const CLOCK_HEIGHT = 8;

/**
 * The painted clocks of what FFmpeg reads, picture by picture (epoch ms): 40 cells, the first bit left.
 * @param near epoch ms
 */
function clocksIn(input: string | Buffer, near: number): number[] {
  const [from, given] = typeof input === 'string' ? [input, {}] : ['-', { input }];
  const strip = `scale=${CLOCK_WIDTH}:-2:flags=neighbor,crop=${CLOCK_WIDTH}:${CLOCK_HEIGHT}:0:0`;
  const raw = ['-fps_mode', 'passthrough', '-vf', strip, '-f', 'rawvideo', '-pix_fmt', 'gray', '-'];
  const { stdout } = spawnSync('ffmpeg', ['-v', 'error', '-i', from, ...raw], { ...given, maxBuffer: 2 ** 28 });
  return Array.from({ length: Math.floor(stdout.length / (CLOCK_WIDTH * CLOCK_HEIGHT)) }, (_, picture) => {
    const row = (picture * CLOCK_HEIGHT + 4) * CLOCK_WIDTH;
    const bits = Array.from({ length: 40 }, (_, cell) => ((stdout[row + cell * 8 + 4] ?? 0) > 127 ? '1' : '0'));
    const stamp = Number.parseInt(bits.join(''), 2);
    return stamp + Math.round((near - stamp) / 2 ** 40) * 2 ** 40;
  });
}

describe('a camera that is recorded', function () {
  this.timeout(90_000);
  let site: Site;
  let group: TestGroup;
  let browser: Browser;
  let events: Follower;
  let begunAt: number;
  let folder: string;
  const pages: HlsPage[] = [];

  before(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'sbx-recording-'));
    [site, browser] = await Promise.all([startSite(['main', 'spare']), startChromium()]);
    const { main, spare } = site.cameras();
    const sources = [...(main?.sources ?? []), ...(spare?.sources ?? [])];
    const gate = { name: 'Gate', zone: 'hcm/test', sources, hand_back: 'never', record: { keep: '1d' } };
    group = await startTestGroup({ cameras: { gate } });
    events = group.follow(0);
    begunAt = (await events.next('recording.recording', SUBJECT, 0, 30_000)).at;
  });
  after(async () => {
    for (const page of pages) await page.close();
    events?.close();
    await browser?.close();
    await group?.stop();
    await site?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const recorded = async () => (await group.api('GET', '/api/v1/recordings/gate')).body;
  /** The moments that a player shows of a window, by the clock in the picture. */
  const play = async (query: string, frames = 20) => {
    const master = await group.api('GET', `/recordings/gate/index.m3u8?${query}`);
    expect(master.status, master.text).to.equal(200);
    const media = master.text.split('\n').find((line) => line.startsWith('/')) ?? '';
    const page = await openHlsPage(browser, group.url + media);
    pages.push(page);
    const { frames: seen, errors } = await page.moving(0, frames);
    expect(errors).to.deep.equal([]);
    return {
      page,
      media,
      shown: seen.flatMap(({ at, latency_ms }) => (latency_ms === undefined ? [] : [at - latency_ms])),
    };
  };
  const reaches = (at: number) =>
    until(`the recording to reach ${at}`, async () => (await recorded()).ranges.at(-1)?.to >= at, 15_000);

  /** The moments of a stretch that can be played, picture by picture, by the clock in each. */
  const clocksOf = async (from: number, to: number): Promise<number[]> => {
    const range = `from=${Math.round(from)}&to=${Math.round(to)}`;
    const headers = { authorization: `Bearer ${group.token()}` };
    const file = await fetch(`${group.url}/recordings/gate/export.mp4?${range}`, { headers });
    expect(file.status).to.equal(200);
    const at = path.join(folder, 'stretch.mp4');
    writeFileSync(at, Buffer.from(await file.arrayBuffer()));
    return clocksIn(at, to);
  };

  it('can be looked at a few seconds later: a player shows the very moment that was asked for', async () => {
    await reaches(begunAt + 9_000);
    const from = begunAt + 2_000;
    const { shown } = await play(`from=${from}&to=${begunAt + 8_000}`);
    // It begins with the key frame before, and key frames come once a second.
    figure('past: first moment shown, from the one that was asked for', (shown[0] ?? 0) - from);
    expect(shown[0]).to.be.within(from - 3_500, from + 500);
    for (const [n, at] of shown.entries()) if (n > 0) expect(at).to.be.at.least(shown[n - 1] ?? 0);
  });

  it('shows a small picture of a moment, that of the key frame before, and makes it once for all who ask', async () => {
    const at = begunAt + 6_500;
    const asking = Array.from({ length: 6 }, () =>
      fetch(`${group.url}/recordings/gate/thumbnail?at=${at}`, {
        headers: { authorization: `Bearer ${group.token()}` },
      }),
    );
    const answers = await Promise.all(asking);
    for (const { status } of answers) expect(status).to.equal(200);
    const shownAt = Number(answers[0]?.headers.get('x-signalbox-at'));
    // Key frames come once a second.
    expect(at - shownAt).to.be.within(0, 1_500);
    const [first, ...others] = await Promise.all(answers.map(async (one) => Buffer.from(await one.arrayBuffer())));
    for (const other of others) expect(other.equals(first ?? Buffer.alloc(0))).to.equal(true);
    const [clockAt = Number.NaN] = clocksIn(first ?? Buffer.alloc(0), shownAt);
    figure('thumbnail: what its header says, from what its clock shows', shownAt - clockAt);
    expect(Math.abs(shownAt - clockAt)).to.be.lessThan(1_000);
    const gone = await group.api('GET', `/recordings/gate/thumbnail?at=${begunAt - 3_600_000}`);
    expect(gone.status).to.equal(404);
  });

  it('is shown no further back than somebody may look, by real pieces, pictures and files', async () => {
    await reaches(begunAt + 9_000);
    const since = begunAt + 4_500;
    const vera = group.token({ sub: 'vera', role: 'viewer', zones: ['hcm/*'], history: { since } });
    const ask = (route: string) => group.api('GET', route, undefined, vera);
    const { body } = await ask('/api/v1/recordings/gate');
    expect([body.from, body.ranges[0].from, body.history.from]).to.deep.equal([since, since, since]);
    for (const early of [
      `/recordings/gate/index.m3u8?from=${since - 1}`,
      `/recordings/gate/export.mp4?from=${since - 1}&to=${since + 2_000}`,
      `/recordings/gate/thumbnail?at=${since - 1}`,
    ]) {
      const refused = await ask(early);
      expect([refused.status, refused.body.reason, refused.body.earliest], early).to.deep.equal([
        403,
        'history',
        since,
      ]);
    }
    const file = await ask(`/recordings/gate/export.mp4?from=${since}&to=${since + 4_000}`);
    expect(file.status).to.equal(200);
    expect(Number(file.headers.get('x-signalbox-from'))).to.be.within(since, since + 3_500);
    // The same pieces, by the address of somebody who may see them all, and by hers.
    const mine = (await ask('/recordings/gate')).body.hls_url;
    const all = (await group.api('GET', '/recordings/gate')).body.hls_url;
    const list = await (await fetch(`${all}?from=${begunAt}&to=${begunAt + 9_000}`)).text();
    const pieces = [...list.matchAll(/DATE-TIME:(\S+)\n.*\n(\S+)/g)].map(([, at, name]) => ({
      at: Date.parse(at as string),
      name: name as string,
    }));
    expect(pieces.some(({ at }) => at < since) && pieces.some(({ at }) => at >= since)).to.equal(true);
    for (const { at, name } of pieces) {
      const { status } = await fetch(new URL(name, mine));
      expect(status, `${at - since} ms from the bound`).to.equal(at < since ? 403 : 200);
    }
    const listed = await (await fetch(`${mine}?from=${begunAt}&to=${begunAt + 9_000}`)).text();
    expect(listed.match(/\S+\.m4s/g)).to.deep.equal(pieces.filter(({ at }) => at >= since).map(({ name }) => name));
  });

  it('is one recording, though its source fails: the backup goes on in it, and nothing unexplained is missing', async () => {
    // On a busy machine it may have begun with its backup.
    const active = (await group.api('GET', '/api/v1/cameras/gate')).body.active_source;
    const other = active === '0' ? '1' : '0';
    await until('the other source to be ready', async () => {
      const { sources } = (await group.api('GET', '/api/v1/cameras/gate')).body;
      return sources[other].state === 'flowing';
    });
    const leftAt = Date.now();
    await site.leave(active === '0' ? 'main' : 'spare');
    const again = await events.next('recording.recording', SUBJECT, leftAt, 20_000);
    expect(again.data.source).to.equal(other);
    await reaches(again.at + 4_000);
    const { ranges, gaps, state } = await recorded();
    expect(state).to.equal('recording');
    expect(ranges.map(({ source }: { source: string }) => source)).to.include.members(['0', '1']);
    const lost = ranges[ranges.length - 1].from - leftAt;
    figure('source failover: not recorded', lost);
    for (const gap of gaps) expect(gap.to - gap.from).to.be.lessThan(5_000);
  });

  it('loses no more than its last second when the relay that records is killed, and goes on with the next one', async () => {
    const before = await group.pid('relay:intake-1');
    const killedAt = await group.signal('relay:intake-1', 'SIGKILL');
    await group.restarted('relay:intake-1', before);
    const again = await events.next('recording.recording', SUBJECT, killedAt, 30_000);
    await reaches(again.at + 3_000);
    const { ranges } = await recorded();
    const last = ranges.filter(({ from }: { from: number }) => from < killedAt).at(-1);
    // A relay that is back within moments goes on in the same range.
    const clocks = await clocksOf(killedAt - 4_000, Math.min(last.to, killedAt));
    const lostMs = killedAt - Math.max(...clocks.filter((at) => at <= killedAt));
    figure('relay killed: lost of the recording before, by the clock in its last picture', lostMs);
    // A part holds 0.8 s; a busy machine takes its time to bring the pictures to it.
    expect(lostMs).to.be.lessThan(1_000);
  });

  it('goes on while the gateway is killed', async () => {
    const killedAt = await group.kill('gateway');
    await until(
      'the gateway to answer',
      async () => (await group.api('GET', '/readyz').catch(() => undefined))?.status === 200,
      20_000,
    );
    await reaches(killedAt + 4_000);
    const { ranges } = await recorded();
    const held = ranges.find(({ from, to }: { from: number; to: number }) => from < killedAt && to > killedAt + 3_000);
    expect(held).to.not.equal(undefined);
    const clocks = await clocksOf(Math.max(held.from, killedAt - 3_000), killedAt + 3_000);
    const gaps = clocks.slice(1).map((at, n) => at - (clocks[n] ?? at));
    expect([clocks[0], clocks.at(-1)].map((at) => Math.sign((at ?? 0) - killedAt))).to.deep.equal([-1, 1]);
    figure('gateway killed: longest time between two recorded pictures, by their clocks', Math.max(...gaps));
    expect(Math.max(...gaps)).to.be.lessThan(1_000);
  });

  it('is given out as one file of a range, exact to the key frame', async () => {
    const { ranges } = await recorded();
    const { to } = ranges.at(-1);
    // Since the relay was killed, which cost pictures.
    const from = to - 4_000;
    const { status, headers } = await group.api(
      'HEAD',
      `/recordings/gate/export.mp4?from=${Math.round(from)}&to=${Math.round(to)}`,
    );
    expect(status).to.equal(200);
    expect(Number(headers.get('x-signalbox-from'))).to.be.closeTo(from, 3_000);
    const file = await fetch(`${group.url}/recordings/gate/export.mp4?from=${Math.round(from)}&to=${Math.round(to)}`, {
      headers: { authorization: `Bearer ${group.token()}` },
    });
    const at = path.join(folder, 'range.mp4');
    writeFileSync(at, Buffer.from(await file.arrayBuffer()));
    const { stdout, stderr } = spawnSync(
      'ffprobe',
      ['-v', 'warning', '-count_frames', '-of', 'json', '-show_entries', 'stream=codec_name,nb_read_frames', at],
      { encoding: 'utf8' },
    );
    const [stream] = JSON.parse(stdout).streams;
    expect(stderr).to.equal('');
    expect(stream.codec_name).to.equal('h264');
    const lengthMs = Number(file.headers.get('x-signalbox-to')) - Number(file.headers.get('x-signalbox-from'));
    expect(Number(stream.nb_read_frames)).to.be.closeTo((lengthMs / 1_000) * 15, 5);
  });

  it('is given out with the log as one signed package: proved, played by the clock, replayed, and refused once altered', async () => {
    const { ranges } = await recorded();
    const to = Math.floor(ranges.at(-1).to);
    const file = path.join(folder, 'gate.tar');
    const state = ['--state', group.state];
    // From before the failover on: several sources, and the gaps between them.
    const range = ['--from', String(begunAt + 2_000), '--to', String(to)];
    const made = await command(['export', '--camera', 'gate', '--video', ...range, '-o', file, '--json', ...state]);
    expect(made.code, made.err).to.equal(0);
    const { parts, key, gaps, log_state: promised } = JSON.parse(made.out);
    const videos = parts.flatMap(({ name, video }: { name: string; video?: object }) =>
      video ? [{ name, ...video }] : [],
    );
    expect(videos.map(({ source }: { source: string }) => source)).to.include.members(['0', '1']);
    expect(gaps.length).to.be.lessThan(videos.length + 1);

    const proved = await command(['verify', file, ...state]);
    expect(proved.code, proved.err).to.equal(0);
    expect(proved.out).to.contain('unaltered, signed by').and.contain(key.kid);
    expect((await group.api('GET', '/.well-known/jwks.json')).text).to.contain(key.kid);

    expect(spawnSync('tar', ['-xf', file, '-C', folder]).status).to.equal(0);
    for (const { name, from, to: end } of videos) {
      const at = path.join(folder, name);
      const show = ['-show_entries', 'stream=codec_name,nb_read_frames'];
      const { stdout } = spawnSync('ffprobe', ['-v', 'error', '-count_frames', '-of', 'json', ...show, at]);
      const [stream] = JSON.parse(String(stdout)).streams;
      expect(stream.codec_name).to.equal('h264');
      expect(Number(stream.nb_read_frames)).to.be.closeTo(((end - from) / 1_000) * 15, 5);
      const [shownAt = Number.NaN] = clocksIn(at, from);
      figure('package: what the manifest says of the first picture, from what its clock shows', from - shownAt);
      expect(Math.abs(from - shownAt)).to.be.lessThan(1_000);
    }
    const replayed = await command(['replay', '--file', path.join(folder, 'log.sbx'), '--json', ...state]);
    expect(replayed.code, replayed.err).to.equal(0);
    expect(JSON.parse(replayed.out).hash).to.equal(promised);
    expect((await group.api('GET', `/api/v1/replay?at=${to}`)).body.hash).to.equal(promised);

    const bytes = readFileSync(file);
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
    writeFileSync(file, bytes);
    const altered = await command(['verify', file, ...state]);
    expect(altered.code).to.equal(1);
    expect(altered.err).to.contain('altered').and.contain('SHA-256 differs');
  });

  it('shows nobody what they may not see, and writes down who looked', async () => {
    const stranger = group.token({ sub: 'stranger', role: 'viewer', zones: [], cameras: [] });
    for (const route of [
      '/api/v1/recordings/gate',
      '/recordings/gate/index.m3u8?from=0',
      '/recordings/gate/export.mp4?from=0&to=1',
      '/recordings/gate/package.tar?from=0&to=1',
      '/recordings/gate/thumbnail?at=0',
    ]) {
      expect((await group.api('GET', route, undefined, stranger)).status, route).to.equal(403);
      expect((await group.api('GET', route, undefined, '')).status, route).to.equal(401);
    }
    const viewer = group.token({ sub: 'linh', role: 'viewer', cameras: ['gate'], zones: [] });
    const master = await group.api('GET', `/recordings/gate/index.m3u8?from=${begunAt}`, undefined, viewer);
    const media = master.text.split('\n').find((line) => line.startsWith('/')) ?? '';
    expect((await group.api('GET', media, undefined, '')).status).to.equal(200);
    const still = `${media.split('media.m3u8')[0]}thumbnail.jpg?at=${begunAt + 5_000}`;
    expect((await group.api('GET', still, undefined, '')).status).to.equal(200);
    const [, , camera, session, expires, signature] = media.split('?')[0]?.split('/') ?? [];
    const other = `/recordings/other/${session}/${expires}/${signature}/media.m3u8?from=0`;
    expect((await group.api('GET', other, undefined, '')).status).to.equal(403);
    for (const file of ['..%2f..%2fsignalbox.yaml', '0.1-000000.mp4%00', 'signalbox.yaml']) {
      const asked = `/recordings/${camera}/${session}/${expires}/${signature}/${file}`;
      expect((await group.api('GET', asked, undefined, '')).status, file).to.be.oneOf([400, 404]);
    }
    const noted = await until('the ledger to tell', async () => {
      const { body } = await group.api('GET', '/api/v1/ledger?limit=200');
      return body.items.find(
        (one: { subject: string; protocol: string }) => one.subject === 'linh' && one.protocol === 'past',
      );
    });
    expect(noted.camera).to.equal('gate');
    expect((await group.api('DELETE', `/api/v1/sessions/${session}`)).status).to.be.within(200, 204);
    expect((await group.api('GET', media, undefined, '')).status).to.equal(403);
    expect((await group.api('GET', still, undefined, '')).status).to.equal(403);
  });
});
