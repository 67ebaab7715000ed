import { mkdirSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { expect } from 'chai';
import { id } from '../../bus/identity.ts';
import { type FakeGateway, fakeGateway } from '../fakes/http.ts';
import { fakeRelay } from '../fakes/low-latency.ts';
import { startEdge, type TestEdge } from '../fixtures/edge.ts';
import { until } from '../fixtures/process.ts';
import { openTcpWay } from '../fixtures/tcp-way.ts';

const SEGMENT = '480p_1795660902.m4s';

describe('an nginx edge before a gateway', () => {
  const relay = fakeRelay();
  let gateway: FakeGateway;
  let edge: TestEdge;
  /** Requests that reached the gateway for a file. */
  const reached: string[] = [];
  /** Of the addresses of all players. */
  const signatures: string[] = [];

  before(async function () {
    this.timeout(20_000);
    gateway = await fakeGateway({ lowLatency: relay.lowLatency });
    for (const camera of ['cam_001', 'cam_002']) await gateway.camera(camera, 'hcm/center');
    gateway.services.config.limits.sessionsPerSubject = 100;
    for (const [camera, pictures] of [
      ['cam_001', '0123456789'],
      ['cam_002', 'of another'],
    ] as const) {
      const made = path.join(gateway.services.hls.folder, camera);
      mkdirSync(made, { recursive: true });
      writeFileSync(path.join(made, SEGMENT), pictures);
      writeFileSync(path.join(made, '480p.m3u8'), `#EXTM3U\n${SEGMENT}\n`);
    }
    await gateway.server.listen({ host: '127.0.0.1', port: 0 });
    gateway.server.server.on('request', (request: { url?: string }) => {
      if (/\.(m3u8|m4s)$/.test(request.url ?? '')) reached.push(path.basename(request.url ?? ''));
    });
    edge = await startEdge([`127.0.0.1:${(gateway.server.server.address() as AddressInfo).port}`]);
  });
  beforeEach(() => {
    reached.length = 0;
  });
  after(async () => {
    await edge?.close();
    await gateway?.close();
  });

  const player = async (sub: string, query = '', camera = 'cam_001') => {
    const headers = gateway.bearer({ sub, cameras: [camera] });
    const answer = await gateway.server.inject({ url: `/live/${camera}/hls${query}`, headers });
    const { hls_url, session_id } = answer.json() as { hls_url: string; session_id: string };
    const base = new URL(hls_url).pathname.replace(/[^/]+$/, '');
    signatures.push(base.split('/').at(-2) ?? '');
    const get = (file: string, range?: string) =>
      fetch(`${edge.url}${base}${file}`, range ? { headers: { range } } : {});
    return { session: id(session_id), base, get };
  };

  it('fetches a segment once for players whose addresses differ, and says so', async () => {
    const [one, two] = [await player('vera'), await player('vito')];
    const first = await one.get(SEGMENT);
    expect([first.status, first.headers.get('x-cache'), await first.text()]).to.deep.equal([200, 'MISS', '0123456789']);
    const second = await two.get(SEGMENT);
    expect([second.status, second.headers.get('x-cache')]).to.deep.equal([200, 'HIT']);
    expect(second.headers.get('access-control-allow-origin')).to.equal('*');
    expect(reached).to.deep.equal([SEGMENT]);
    const part = await two.get(SEGMENT, 'bytes=2-4');
    expect([part.status, await part.text()]).to.deep.equal([206, '234']);
  });

  it('lets other caches on the way keep segments for long and playlists for a second', async () => {
    const { get } = await player('vera');
    const ageOf = async (file: string) => {
      const kept = (await get(file)).headers.get('cache-control') ?? '';
      expect(kept).to.match(/^public, /);
      return Number(/max-age=(\d+)/.exec(kept)?.[1]);
    };
    expect(await ageOf(SEGMENT)).to.be.at.least(10);
    expect(await ageOf('480p.m3u8')).to.be.at.most(1);
  });

  it('collapses a herd that asks for one playlist into one request', async () => {
    const players = await Promise.all(Array.from({ length: 30 }, (_, n) => player(`viewer-${n}`)));
    const askedAt = performance.now();
    const answers = await Promise.all(players.map(({ get }) => get('480p.m3u8')));
    const seconds = Math.floor((performance.now() - askedAt) / 1000);
    expect(new Set(answers.map(({ status }) => status))).to.deep.equal(new Set([200]));
    // One as its age ends; a playlist is asked for anew each second.
    expect(reached.length).to.be.at.most(2 + seconds);
  });

  it('collapses a herd as well that comes when its copy has just gone stale', async function () {
    this.timeout(15_000);
    const { port } = gateway.server.server.address() as AddressInfo;
    const way = await openTcpWay(port, { delayMs: 100 });
    const far = await startEdge([`127.0.0.1:${way.port}`]);
    try {
      const players = await Promise.all(Array.from({ length: 30 }, (_, n) => player(`herd-${n}`)));
      const ask = () => Promise.all(players.map(({ base }) => fetch(`${far.url}${base}480p.m3u8`)));
      await ask();
      const keptAt = performance.now();
      await until('the copy to go stale', () => performance.now() - keptAt > 1_500);
      reached.length = 0;
      const askedAt = performance.now();
      const answers = await ask();
      const seconds = Math.floor((performance.now() - askedAt) / 1000);
      expect(new Set(answers.map(({ status }) => status))).to.deep.equal(new Set([200]));
      expect(reached.length).to.be.at.most(1 + seconds);
    } finally {
      await far.close();
      way.close();
    }
  });

  it('keeps for a reload with low latency the answer to that reload, however somebody spells its directives', async () => {
    const { get } = await player('vera', '?latency=low');
    const list = 'relay-1/720p/video1_stream.m3u8';
    for (const [spelled, asked] of [
      ['?_hls_msn=9&_hls_part=0', '_HLS_msn=9&_HLS_part=0'],
      ['?_HLS_part=1&x=y&_HLS_msn=9&_HLS_msn=8', '_HLS_msn=9&_HLS_part=1'],
      ['?%5FHLS_msn=7', ''],
      ['?_HLS_skip=YES', '_HLS_skip=YES'],
    ]) {
      const before = relay.asked.length;
      expect((await get(`${list}${spelled}`)).headers.get('x-cache'), spelled).to.equal('MISS');
      expect(relay.asked.slice(before), spelled).to.deep.equal([`relay-1 cam_001 video1_stream.m3u8 ${asked}`.trim()]);
    }
    const before = relay.asked.length;
    const again = await get(`${list}?_HLS_msn=9&_HLS_part=0`);
    expect([again.headers.get('x-cache'), relay.asked.length]).to.deep.equal(['HIT', before]);
  });

  it('checks the signature on a hit as well', async () => {
    const { base, get } = await player('vera');
    expect((await get(SEGMENT)).headers.get('x-cache')).to.equal('HIT');
    const [, , , session = '', expires = '', signature = ''] = base.split('/');
    for (const altered of [
      `cam_001/${session}/${Number(expires) + 1}/${signature}`,
      `cam_001/ses_other/${expires}/${signature}`,
      `cam_001/${session}/${expires}/${'A'.repeat(43)}`,
    ]) {
      const answer = await fetch(`${edge.url}/hls/${altered}/${SEGMENT}`);
      expect(answer.status, altered).to.equal(403);
      expect(await answer.text()).to.not.include('0123');
    }
  });

  it('refuses another camera, though its segment lies in the cache, to who may see one alone', async () => {
    const other = await player('vito', '', 'cam_002');
    expect(await (await other.get(SEGMENT)).text()).to.equal('of another');
    expect((await other.get(SEGMENT)).headers.get('x-cache')).to.equal('HIT');
    const { base } = await player('vera');
    const answer = await fetch(`${edge.url}${base.replace('/hls/cam_001/', '/hls/cam_002/')}${SEGMENT}`);
    expect(answer.status).to.equal(403);
    expect(await answer.text()).to.not.include('of another');
  });

  it('refuses an address that has run out, though it is signed, its session open and the segment in the cache', async () => {
    const { session, get } = await player('vera');
    expect((await get(SEGMENT)).status).to.equal(200);
    expect((await get(SEGMENT)).headers.get('x-cache')).to.equal('HIT');
    const { paths } = gateway.services.hls;
    const signedUntil = (expires: number) => paths.sign({ camera: 'cam_001', session, expires });
    const nowS = Math.floor(Date.now() / 1000);
    expect((await fetch(`${edge.url}/hls/${signedUntil(nowS + 60)}/${SEGMENT}`)).status).to.equal(200);
    const answer = await fetch(`${edge.url}/hls/${signedUntil(nowS - 1)}/${SEGMENT}`);
    expect(answer.status).to.equal(403);
    expect(await answer.text()).to.not.include('0123');
  });

  it('refuses a revoked player within little more than a second, though others are served from the cache', async () => {
    const [goes, stays] = [await player('vera'), await player('vito')];
    expect((await goes.get(SEGMENT)).status).to.equal(200);
    const at = { kind: 'viewer' as const, id: goes.session };
    await gateway.house.roster.offer(at, { type: 'viewer.revoked', by: 'anna', reason: 'test' });
    const revokedAt = performance.now();
    await until('the refusal', async () => (await goes.get(SEGMENT)).status === 403, 4_000, 50);
    expect(performance.now() - revokedAt).to.be.below(2_500);
    expect((await stays.get(SEGMENT)).status).to.equal(200);
  });

  it('goes on with what it has for a while when no gateway answers, and logs what fails without its signature', async function () {
    this.timeout(40_000);
    const { get } = await player('vera');
    expect((await get('480p.m3u8')).status).to.equal(200);
    expect((await get(SEGMENT)).status).to.equal(200);
    await gateway.server.close();
    const stale = await until(
      'a playlist that is over its age',
      async () => {
        const answer = await get('480p.m3u8');
        return answer.headers.get('x-cache') === 'STALE' ? answer : undefined;
      },
      5_000,
      100,
    );
    expect(stale.status).to.equal(200);
    // Its ten seconds are over; the right to segments, and they themselves, hold for longer.
    await until('the playlist to be too old', async () => (await get('480p.m3u8')).status === 502, 20_000, 250);
    expect((await get(SEGMENT)).status).to.equal(200);
    expect((await get('480p_9.m4s')).status, 'what it never had').to.equal(502);
    await until('it to be logged', () => / 502, of .*502, cam_001 480p_9\.m4s$/m.test(edge.logged()));
    for (const signature of signatures) expect(edge.logged()).to.not.include(signature);
  });
});
