import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { Duplex } from 'node:stream';
import { expect } from 'chai';
import { id } from '../../../bus/identity.ts';
import { rungsNamed } from '../../../machines/policy/ladder.ts';
import { rungsWished, wishNamed } from '../../../machines/policy/wished-rungs.ts';
import { type FakeGateway, fakeGateway } from '../../fakes/http.ts';
import { flows } from '../../fakes/source.ts';
import { until } from '../../fixtures/process.ts';

const SEGMENT = '720p_1795660902.m4s';
/** The start of an initialization segment: all that is read of it is the codec. */
const INIT = Buffer.concat([Buffer.from('....avcC'), Buffer.from([1, 0x42, 0xc0, 0x1f])]);
const measured = {
  ...{ type: 'program.measured', codec: 'h264', width: 1280, height: 720, fps: 30, gop_ms: 2_000 },
  ...{ reordered: false, bitrate_bps: 2_000_000, audio: true },
};

const BASE64URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** Other text for the same bytes: of the last character of 32 bytes in base64 two bits say nothing. */
function spelledOtherwise(signature: string): string {
  const other = signature.slice(0, -1) + BASE64URL[BASE64URL.indexOf(signature.slice(-1)) + 1];
  expect(Buffer.from(other, 'base64url')).to.deep.equal(Buffer.from(signature, 'base64url'));
  return other;
}

/** A connection that takes what is written, and answers nothing. */
class Hung extends Duplex {
  override _read(): void {}
  override _write(_chunk: unknown, _encoding: string, done: () => void): void {
    done();
  }
  setTimeout(ms: number): this {
    if (ms > 0) setTimeout(() => this.emit('timeout'), ms);
    return this;
  }
}

describe('HLS', () => {
  let gateway: FakeGateway;
  const rendition = { kind: 'rendition' as const, id: id('cam_001') };
  const vera = { sub: 'vera', cameras: ['cam_001'] };

  beforeEach(async () => {
    gateway = await fakeGateway();
    await gateway.camera('cam_001', 'hcm/center');
    await gateway.camera('cam_002', 'hcm/center');
    const { roster } = gateway.house;
    const rungs = rungsNamed(['720p', '360p']);
    await roster.create(rendition, { type: 'rendition.configured', zone: 'hcm/center', rungs, keep: 'warm' });
    for (const event of [{ type: 'camera.watchable' }, measured, { type: 'ladder.flowing', elapsed_ms: 1 }]) {
      await roster.offer(rendition, event);
    }
    const folder = path.join(gateway.services.hls.folder, 'cam_001');
    mkdirSync(folder, { recursive: true });
    for (const rung of ['720p', '360p']) {
      writeFileSync(path.join(folder, `${rung}.m3u8`), `#EXTM3U\n${SEGMENT}\n`);
      writeFileSync(path.join(folder, `${rung}_17.mp4`), INIT);
    }
    writeFileSync(path.join(folder, SEGMENT), '0123456789');
    writeFileSync(path.join(gateway.services.hls.folder, 'secret.mp4'), 'secret');
  });
  afterEach(() => gateway.close());

  const granted = async (query = '') => {
    const answer = await gateway.server.inject({ url: `/live/cam_001/hls${query}`, headers: gateway.bearer(vera) });
    expect(answer.statusCode).to.equal(200);
    const { hls_url, session_id } = answer.json() as { hls_url: string; session_id: string };
    return { session: id(session_id), base: new URL(hls_url).pathname.replace(/[^/]+$/, '') };
  };
  const get = (url: string, headers: Record<string, string> = {}) => gateway.server.inject({ url, headers });

  it('hands out an address that opens the master playlist, every rung with its size, rate and codecs', async () => {
    const { base } = await granted();
    const { statusCode, body, headers } = await get(`${base}master.m3u8`);
    expect(statusCode).to.equal(200);
    expect(headers['content-type']).to.match(/mpegurl/);
    expect(body).to.include(
      'BANDWIDTH=2696000,AVERAGE-BANDWIDTH=2096000,RESOLUTION=1280x720,FRAME-RATE=30.000,' +
        'CODECS="avc1.42c01f,mp4a.40.2",AUDIO="audio"\n720p.m3u8',
    );
    expect(body).to.match(/RESOLUTION=640x360.*\n360p\.m3u8/);
    expect(body).to.include('URI="audio.m3u8"');
  });

  it('keeps the session of a player that goes on with us after another gateway has given it up', async () => {
    const { session, base } = await granted();
    const at = { kind: 'viewer' as const, id: session };
    const { roster } = gateway.house;
    const isWatching = () => roster.view(at)?.state === 'watching';
    await get(`${base}720p.m3u8`);
    await until('the player to be seen', isWatching);
    await roster.offer(at, { type: 'seat.left', relay: 'relay-1', relay_session: 'hls' });
    expect(isWatching()).to.equal(false);
    await get(`${base}720p.m3u8`);
    await until('the player to be seen again', isWatching);
  });

  it('offers the one rung that was asked for', async () => {
    const { base } = await granted('?quality=360p');
    const { body } = await get(`${base}master.m3u8`);
    expect(body.match(/^\w+\.m3u8$/gm)).to.deep.equal(['360p.m3u8']);
  });

  it('lets a phone, or a slow network, go down from the rung that it was given: that one is only where it begins', async () => {
    const ask = { ...gateway.bearer(vera), 'user-agent': 'Mozilla/5.0 (X11; Linux x86_64) Chrome/126.0.0.0' };
    const masterOf = async (query: string) => {
      const { url } = (await get(`/live/cam_001?${query}`, ask)).json();
      const { pathname, search } = new URL(url);
      const { hls_url, quality } = (await get(pathname + search, ask)).json();
      const signed = new URL(hls_url);
      const { body } = await get(signed.pathname + signed.search);
      return { quality, rungs: body.match(/^\w+\.m3u8$/gm) };
    };
    const all = { quality: 'auto', rungs: ['720p.m3u8', '360p.m3u8'] };
    const low = { quality: 'auto', rungs: ['360p.m3u8'] };
    expect(await masterOf('protocol=hls&network_kbps=5000'), 'a fast network').to.deep.equal(all);
    expect(await masterOf('network_kbps=600'), 'a slow one').to.deep.equal(low);
    expect(await masterOf('protocol=hls&quality=720p'), 'a rung that somebody chose').to.deep.equal({
      ...{ quality: '720p', rungs: ['720p.m3u8'] },
    });
  });

  it('is told of with the rate that the camera sends, where the best rung is its own picture', async () => {
    const way = async (query: string) => (await get(`/live/cam_001?protocol=hls${query}`, gateway.bearer(vera))).json();
    const { roster } = gateway.house;
    await roster.offer(rendition, { type: 'program.changed', detail: 'another source' });
    await roster.offer(rendition, { ...measured, bitrate_bps: 2_900_000 });
    expect(await way('')).to.include({ quality: '720p', bitrate: '2.9M', bitrate_bps: 2_900_000 });
    expect(await way('&quality=360p')).to.include({ quality: '360p', bitrate: '500k', bitrate_bps: 500_000 });
  });

  it('is told of, offered and chosen by the figures that its camera gives a rung', async () => {
    const { roster } = gateway.house;
    const { rungs } = rungsWished([wishNamed('720p'), { height: 360, bitrate_bps: 700_000, max_bps: 750_000 }]);
    await roster.offer(rendition, { type: 'rendition.configured', zone: 'hcm/center', rungs, keep: 'warm' });
    await roster.offer(rendition, measured);
    await roster.offer(rendition, { type: 'ladder.flowing', elapsed_ms: 1 });
    const { base } = await granted();
    const { body } = await get(`${base}master.m3u8`);
    expect(body).to.include('BANDWIDTH=846000,AVERAGE-BANDWIDTH=796000,RESOLUTION=640x360');
    const way = (await get('/live/cam_001?network_kbps=900', gateway.bearer(vera))).json();
    expect(way).to.include({ protocol: 'hls', quality: '360p', bitrate_bps: 700_000 });
    await roster.offer({ kind: 'camera', id: id('cam_001') }, flows('0'));
    const shown = (await get('/api/v1/cameras/cam_001', gateway.bearer(vera))).json();
    expect(shown.rungs).to.deep.equal(['720p', '360p']);
    expect(shown.ladder).to.deep.equal(rungs);
  });

  it('is not pressed on who wants a rung over WebRTC: each is H.264, whatever the camera sends', async () => {
    const way = async (query: string) => {
      const { protocol, quality, url } = (await get(`/live/cam_001?${query}`, gateway.bearer(vera))).json();
      return [protocol, quality, new URL(url).search];
    };
    expect(await way('protocol=webrtc&quality=360p')).to.deep.equal(['webrtc', '360p', '?quality=360p']);
    await gateway.house.roster.offer({ kind: 'camera', id: id('cam_001') }, { ...flows(), codec: 'H265' });
    expect(await way('protocol=webrtc&quality=360p')).to.deep.equal(['webrtc', '360p', '?quality=360p']);
    expect(await way(''), 'the best, since its own can’t be shown').to.deep.equal(['webrtc', '720p', '']);
    expect(await way('h265=true'), 'its own picture where that can be shown').to.deep.equal(['webrtc', 'source', '']);
    expect(await way('quality=source'), 'or where it is wanted all the same').to.deep.equal([
      'hls',
      '720p',
      '?max_quality=720p',
    ]);
  });

  it('lets caches keep segments, and playlists for a second at most, for players of any site', async () => {
    const { base } = await granted();
    const playlist = await get(`${base}720p.m3u8`);
    expect(playlist.headers['cache-control']).to.match(/^public, max-age=1,/);
    const segment = await get(base + SEGMENT);
    expect(segment.body).to.equal('0123456789');
    expect(segment.headers['cache-control']).to.match(/public, max-age=[1-9]\d/);
    expect(segment.headers['access-control-allow-origin']).to.equal('*');
  });

  it('lets an edge believe in a right for a second, and while no gateway answers for as long as it goes on with segments', async () => {
    const { base } = await granted();
    const kept = async (url: string) => String((await get(url)).headers['cache-control']);
    const right = await kept(base.replace(/\/$/, ''));
    expect(right).to.match(/max-age=1, /);
    const staleS = (said: string) => Number(/stale-if-error=(\d+)/.exec(said)?.[1]);
    expect(staleS(right), 'else segments that it has are refused').to.equal(staleS(await kept(base + SEGMENT)));
    expect(staleS(right), 'a revoked right lives no longer').to.be.at.most(60);
  });

  it('says in each playlist when it was given out, which a copy in a cache keeps saying', async () => {
    const { base } = await granted();
    const before = Date.now();
    const { headers } = await get(`${base}720p.m3u8`);
    expect(Number(headers['x-signalbox-at'])).to.be.within(before, Date.now());
    expect(headers['access-control-expose-headers']).to.match(/x-signalbox-at/i);
    expect((await get(base + SEGMENT)).headers).to.not.have.property('x-signalbox-at');
  });

  it('hears from a player, and from nobody else, that a cache keeps playlists for too long, and counts it', async () => {
    const { session } = await granted();
    const tell = (who: object) =>
      gateway.server.inject({
        ...{ method: 'POST', url: `/api/v1/sessions/${session}/stale` },
        headers: gateway.bearer(who),
        payload: { held_ms: 9_000, allowed_ms: 2_000 },
      });
    expect((await tell({ sub: 'mallory', cameras: ['cam_001'] })).statusCode).to.equal(403);
    expect((await tell(vera)).statusCode).to.equal(204);
    const told = gateway.house.store.records().flatMap(({ record }) => record.said);
    expect(told.map(({ type }) => type)).to.include('signalbox.viewer.stale');
    const { body } = await gateway.server.inject({ url: '/metrics', headers: gateway.bearer({ role: 'operator' }) });
    expect(body).to.match(/^signalbox_stale_playlists_total 1$/m);
  });

  it('leads a player on to a rung that is made, when its own is not any more', async () => {
    const { base } = await granted();
    const { folder } = gateway.services.hls;
    rmSync(path.join(folder, 'cam_001', '720p.m3u8'));
    const { roster } = gateway.house;
    const smaller = { ...measured, width: 640, height: 360 };
    for (const event of [
      { type: 'program.changed', detail: 'another size' },
      smaller,
      { type: 'ladder.flowing', elapsed_ms: 1 },
    ]) {
      await roster.offer(rendition, event);
    }
    const { statusCode, headers } = await get(`${base}720p.m3u8`);
    expect([statusCode, headers.location, headers['cache-control']]).to.deep.equal([302, '360p.m3u8', 'no-store']);
    expect((await get(`${base}360p.m3u8`)).statusCode).to.equal(200);
    expect((await get(`${base}other.m3u8`)).statusCode, 'what is no rung').to.equal(404);
  });

  it('has a player wait for its sound while the ladder begins anew, and names none that does not exist', async () => {
    const { base } = await granted();
    const { roster } = gateway.house;
    await roster.offer(rendition, { type: 'program.changed', detail: 'another size' });
    const asked = get(`${base}audio.m3u8`);
    let answered = false;
    asked.then(() => (answered = true));
    await roster.offer(rendition, { ...measured, audio: false });
    expect(answered, 'before the ladder is there').to.equal(false);
    writeFileSync(path.join(gateway.services.hls.folder, 'cam_001', 'audio.m3u8'), '#EXTM3U\n');
    await roster.offer(rendition, { type: 'ladder.flowing', elapsed_ms: 1 });
    expect((await asked).statusCode).to.equal(200);
    expect((await get(`${base}master.m3u8`)).body).to.not.include('AUDIO');
  });

  it('answers an edge before that takes it for hung: waits no longer than it was asked to', async () => {
    const { base } = await granted();
    await gateway.house.roster.offer(rendition, { type: 'program.changed', detail: 'another size' });
    const { statusCode, body, headers } = await get(`${base}audio.m3u8`, { prefer: 'respond-async, wait=0' });
    expect([statusCode, JSON.parse(body).reason]).to.deep.equal([503, 'no-ladder']);
    expect(headers['cache-control'], 'which takes no copy away').to.equal('no-store');
  });

  it('tells an edge within what it waits that the machine with the files hangs', async () => {
    const { base } = await granted();
    const agent = new http.Agent();
    agent.createConnection = () => new Hung();
    gateway.services.elsewhere = () => agent;
    const askedAt = performance.now();
    const { statusCode, body } = await get(base + SEGMENT, { prefer: 'wait=0' });
    expect([statusCode, JSON.parse(body).reason]).to.deep.equal([503, 'host-away']);
    expect(performance.now() - askedAt, 'it would hang for 10 s').to.be.below(4_000);
  });

  it('gives a range of a segment', async () => {
    const { base } = await granted();
    const middle = await get(base + SEGMENT, { range: 'bytes=2-4' });
    expect([middle.statusCode, middle.body]).to.deep.equal([206, '234']);
    expect(middle.headers['content-range']).to.equal('bytes 2-4/10');
    expect((await get(base + SEGMENT, { range: 'bytes=-3' })).body).to.equal('789');
    expect((await get(base + SEGMENT, { range: 'bytes=8-' })).body).to.equal('89');
    expect((await get(base + SEGMENT, { range: 'bytes=10-' })).statusCode).to.equal(416);
    expect((await get(base + SEGMENT, { range: 'lines=1-2' })).body).to.equal('0123456789');
  });

  it('refuses another camera, session, expiry or signature, on playlists and segments alike', async () => {
    const { base } = await granted();
    const other = await granted();
    const [, , camera = '', session = '', expires = '', signature = ''] = base.split('/');
    const altered = [
      ['cam_002', session, expires, signature],
      [camera, other.session, expires, signature],
      [camera, session, String(Number(expires) + 1), signature],
      [camera, session, expires, signature.replace(/^./, (first) => (first === 'A' ? 'B' : 'A'))],
      [camera, session, expires, spelledOtherwise(signature)],
    ];
    for (const parts of altered) {
      for (const file of ['master.m3u8', '720p.m3u8', SEGMENT]) {
        const { statusCode, body } = await get(`/hls/${parts.join('/')}/${file}`);
        expect(statusCode, `${parts.join('/')}/${file}`).to.equal(403);
        expect(body).to.not.include('0123');
      }
    }
  });

  it('refuses an address that has run out', async () => {
    const { session } = await granted();
    const signed = gateway.services.hls.paths.sign({ camera: 'cam_001', session, expires: 1_700_000_000 });
    expect((await get(`/hls/${signed}/${SEGMENT}`)).statusCode).to.equal(410);
  });

  it('gives no file beside the segments', async () => {
    const { base } = await granted();
    for (const file of [
      '../secret.mp4',
      '..%2fsecret.mp4',
      '%2e%2e%2fsecret.mp4',
      '..\\secret.mp4',
      'secret.txt',
      '.mp4',
    ]) {
      const { statusCode, body } = await get(base + file);
      expect(statusCode, file).to.be.within(400, 404);
      expect(body).to.not.equal('secret');
    }
  });

  it('ends at the next playlist and segment when the right is taken back', async () => {
    const { base, session } = await granted();
    expect((await get(`${base}720p.m3u8`)).statusCode).to.equal(200);
    const at = { kind: 'viewer' as const, id: session };
    await until('the viewer to watch', () => gateway.house.roster.view(at)?.state === 'watching');
    await gateway.house.roster.offer(at, { type: 'viewer.revoked', by: 'anna', reason: 'test' });
    for (const file of ['master.m3u8', '720p.m3u8', SEGMENT]) {
      expect((await get(base + file)).statusCode, file).to.equal(403);
    }
  });

  it('goes on at the same address when the session is renewed', async () => {
    const { base, session } = await granted();
    const renewed = await gateway.server.inject({
      ...{ method: 'POST', url: `/api/v1/sessions/${session}/renew`, headers: gateway.bearer(vera) },
    });
    expect(renewed.statusCode).to.equal(200);
    expect((await get(`${base}720p.m3u8`)).statusCode).to.equal(200);
  });

  it('says why it is not ready when the ladder failed', async () => {
    const { base } = await granted();
    for (let fall = 0; fall < 4; fall++) {
      await gateway.house.roster.offer(rendition, { type: 'ladder.ended', reason: 'disk', detail: 'x' });
      if (fall === 3) break;
      await gateway.house.roster.offer(rendition, { type: 'alarm.rang', name: 'again' });
    }
    const { statusCode, headers, body } = await get(`${base}master.m3u8`);
    expect([statusCode, headers['retry-after']]).to.deep.equal([503, '2']);
    expect(JSON.parse(body)).to.include({ reason: 'no-ladder', state: 'failed' });
    expect(JSON.parse(body).why.reason).to.equal('disk');
  });

  it('writes no signature into the log', async () => {
    const { base } = await granted();
    await get(base + SEGMENT);
    const signature = base.split('/').at(-2) ?? '';
    expect(signature).to.have.length(43);
    await until('the answer to be logged', () => gateway.log.some((line) => line.includes(SEGMENT)));
    expect(gateway.log.join()).to.not.include(signature);
  });
});
