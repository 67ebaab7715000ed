import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';
import { groupFileName, group as groupShape } from '../../infra/group.ts';
import { startChromium } from '../fixtures/chromium.ts';
import { startEdge, type TestEdge } from '../fixtures/edge.ts';
import { figure } from '../fixtures/figures.ts';
import { startTestGroup, type TestGroup } from '../fixtures/group.ts';
import { LOW_LATENCY, openHlsPage } from '../fixtures/hls-page.ts';
import { until } from '../fixtures/process.ts';
import { type Site, startSite } from '../fixtures/site.ts';
import { median, watchCamera } from '../fixtures/watcher.ts';

/** An edge that leads the page, too, to the gateway, and keeps playlists for ten seconds whatever the gateway says. */
const spoilt = (settings: string): string =>
  settings
    .replace('return 404;', 'proxy_pass http://gateways;')
    .replace('auth_request /_check;', '$& proxy_ignore_headers Cache-Control; proxy_cache_valid 200 10s;');

describe('an nginx edge before two gateways', function () {
  this.timeout(90_000);
  let site: Site;
  let group: TestGroup;
  let edge: TestEdge;
  let gateways: string[];

  before(async () => {
    site = await startSite(['north'], {}, { width: 640, height: 480 });
    group = await startTestGroup({ gateways: 2, cameras: site.cameras() });
    gateways = [1, 2].map((number) => {
      const file = path.join(group.state, 'run', groupFileName(number));
      return `127.0.0.1:${groupShape.parse(JSON.parse(readFileSync(file, 'utf8'))).http.port}`;
    });
    edge = await startEdge(gateways);
    const events = group.follow(0);
    await events.next('camera.live', 'camera/north', 0, 30_000).finally(() => events.close());
  });
  after(async () => {
    await edge?.close();
    await group?.stop();
    await site?.close();
  });

  it('has the HLS session of either of them answered by both, from one cached copy', async () => {
    const headers = { authorization: `Bearer ${group.token({ sub: 'vera', role: 'viewer' })}` };
    for (const granting of gateways) {
      const granted = await fetch(`http://${granting}/live/north/hls`, { headers });
      const { hls_url } = (await granted.json()) as { hls_url: string };
      const base = new URL(hls_url).pathname.replace(/[^/]+$/, '');
      for (const asked of gateways) {
        const master = await fetch(`http://${asked}${base}master.m3u8`);
        expect(master.status, `granted by ${granting}, asked at ${asked}`).to.equal(200);
        const rung = /^\w+\.m3u8$/m.exec(await master.text())?.[0] ?? '';
        expect((await fetch(`http://${asked}${base}${rung}`)).status).to.equal(200);
        const list = await (await fetch(`${edge.url}${base}${rung}`)).text();
        const segment = list.trim().split('\n').at(-1) ?? '';
        for (const expected of [/MISS|HIT/, /HIT/]) {
          const { status, headers } = await fetch(`${edge.url}${base}${segment}`);
          expect([status, headers.get('access-control-allow-origin')]).to.deep.equal([200, '*']);
          expect(headers.get('x-cache')).to.match(expected);
        }
      }
    }
  });

  it('hands low-latency HLS on part by part: hls.js shows it less than five seconds late, and herds are one request', async () => {
    const [gateway = ''] = gateways;
    const headers = { authorization: `Bearer ${group.token({ sub: 'lan', role: 'viewer' })}` };
    const granted = await fetch(`http://${gateway}/live/north/hls?latency=low`, { headers });
    const { hls_url, latency } = (await granted.json()) as { hls_url: string; latency: string };
    expect(latency).to.equal('low');
    const address = `${edge.url}${new URL(hls_url).pathname}`;
    const browser = await startChromium();
    try {
      const player = await openHlsPage(browser, address, LOW_LATENCY);
      const first = (await player.moving(0, 20, 40_000)).frames[0]?.at ?? 0;
      const { frames, errors } = await player.moving(first + 4_000, 20, 40_000);
      const settled = frames.filter(({ at }) => at > first + 4_000);
      const late = median(settled.flatMap(({ latency_ms }) => (latency_ms === undefined ? [] : [latency_ms])));
      figure('low-latency HLS through an edge: glass to glass, median', late);
      expect(late, errors.join()).to.be.below(5_000);
      await player.close();
    } finally {
      await browser.close();
    }
    const master = await (await fetch(address)).text();
    const child = master.split('\n').find((line) => line !== '' && !line.startsWith('#')) ?? '';
    const playlist = address.replace(/[^/]+$/, child);
    const now = await (await fetch(playlist)).text();
    const next = Number(/MEDIA-SEQUENCE:(\d+)/.exec(now)?.[1]) + (now.match(/#EXTINF/g) ?? []).length + 1;
    const herd = Array.from({ length: 10 }, () => fetch(`${playlist}?_HLS_msn=${next}&_HLS_part=0`));
    const answers = await Promise.all(herd);
    const lists = await Promise.all(answers.map((answer) => answer.text()));
    expect(new Set(lists).size, 'one answer for all').to.equal(1);
    expect(lists[0], 'with the part that was waited for').to.not.equal(now);
    expect(answers.map((one) => one.headers.get('x-cache')).filter((said) => said === 'MISS')).to.have.length(1);
    const altered = playlist.replace(/\/hls\/north\//, '/hls/south/');
    expect((await fetch(altered)).status).to.equal(403);
  });

  it('that keeps playlists for too long is noticed by the player, which tells by how much live is late', async () => {
    const [gateway = ''] = gateways;
    const wrong = await startEdge([gateway], spoilt);
    const browser = await startChromium();
    const events = group.follow(0);
    try {
      const behind = { ...group, url: wrong.url };
      const player = await watchCamera(browser, behind, 'north', { query: 'protocol=hls' });
      const told = () => events.heard.find(({ type }) => type === 'viewer.stale');
      const { data } = await until('the player to notice', told, 60_000);
      expect(data.why.guard.held_ms).to.be.within(2_000, 12_000);
      expect(data.why.text).to.match(/no longer than Cache-Control says/);
      expect(data).to.include({ camera: 'north', protocol: 'hls' });
      await player.close();
    } finally {
      events.close();
      await browser.close();
      await wrong.close();
    }
  });
});
