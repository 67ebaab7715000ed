import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import net, { type AddressInfo } from 'node:net';
import path from 'node:path';
import { expect } from 'chai';
import type { Browser } from 'playwright-core';
import { startChromium } from '../fixtures/chromium.ts';
import type { Follower } from '../fixtures/events.ts';
import { figure } from '../fixtures/figures.ts';
import { startTestGroup, type TestGroup } from '../fixtures/group.ts';
import { readBooks, replayAgainstTheLiving } from '../fixtures/journal.ts';
import { descendants } from '../fixtures/launcher/start.ts';
import { type Running, run, until } from '../fixtures/process.ts';
import { askRtmp, askRtsp, askSrt, listenersOf } from '../fixtures/relay.ts';
import { type Site, startSite } from '../fixtures/site.ts';
import { type Watcher, watchCamera } from '../fixtures/watcher.ts';
import { openWhepPage, type WhepPage } from '../fixtures/whep-page.ts';

const RIGHT = 'canary-right-7c1fb2d09e';
const WRONG = 'canary-wrong-5ad0e9137b';

/** A way to a server that counts who comes, and how often a password is tried. */
async function countingProxy(to: number): Promise<{ port: number; logins(): number; close(): void }> {
  let logins = 0;
  const server = net.createServer((inner) => {
    const outer = net.connect(to, '127.0.0.1');
    inner.on('data', (chunk) => {
      if (/^Authorization:/im.test(chunk.toString('latin1'))) logins++;
    });
    inner.pipe(outer).pipe(inner);
    const part = () => {
      inner.destroy();
      outer.destroy();
    };
    for (const socket of [inner, outer]) socket.on('error', () => {}).on('close', part);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { port: (server.address() as AddressInfo).port, logins: () => logins, close: () => server.close() };
}

describe('who may see what, on a running group', function () {
  this.timeout(90_000);
  let site: Site;
  let vault: Site;
  let proxy: Awaited<ReturnType<typeof countingProxy>>;
  let group: TestGroup;
  let browser: Browser;
  let events: Follower;
  const config = (ttl: string) => ({ auth: { stream_token_ttl: ttl }, cameras: site.cameras() });

  before(async () => {
    const read = { user: 'keeper', pass: RIGHT, permissions: [{ action: 'read' }] };
    const others = { user: 'any', ips: ['127.0.0.1'], permissions: [{ action: 'publish' }, { action: 'api' }] };
    [site, vault, browser] = await Promise.all([
      startSite(['north'], {}, { audio: 'libopus' }),
      startSite(['vault'], { authInternalUsers: [others, read] }),
      startChromium(),
    ]);
    proxy = await countingProxy(vault.server.ports.rtsp);
    group = await startTestGroup(config('3600s'));
    events = group.follow(0);
    await events.next('camera.live', 'camera/north', 0, 20_000);
  });
  after(async () => {
    events?.close();
    proxy?.close();
    await browser?.close();
    await group?.stop();
    await Promise.all([site?.close(), vault?.close()]);
  });

  const whepUrl = () => `${group.url}/live/north/whep`;
  const whepClient = async (token: string): Promise<WhepPage> => {
    const client = await openWhepPage(browser);
    expect((await client.open(whepUrl(), token)).status).to.equal(201);
    await client.moving();
    return client;
  };
  /** The epoch ms of the last frame that a client got, once none has come for a while. */
  const lastFrame = (client: WhepPage): Promise<number> =>
    until(
      'the frames to end',
      async () => {
        const last = (await client.seen()).frames.at(-1)?.at ?? 0;
        return Date.now() - last > 1_500 ? last : undefined;
      },
      15_000,
      100,
    );
  const endOf = async (watcher: Watcher) => {
    const end = await until('the player to end', async () =>
      (await watcher.watched()).states.find(({ name }) => name === 'ended'),
    );
    expect(await watcher.page.locator('video').count(), 'the last picture is gone too').to.equal(0);
    return end;
  };

  it('carries the sound of a camera that has some', async () => {
    const client = await whepClient(group.token({ sub: 'listener', role: 'viewer' }));
    const first = await client.audioBytes();
    await until('more sound', async () => (await client.audioBytes()) > first + 2_000);
    expect((await group.api('GET', '/api/v1/cameras/north')).body).to.include({ audio: 'OPUS' });
    await client.leave();
    await client.close();
  });

  it('cuts the picture of a session that is deleted, and lets its token in no more', async () => {
    const viewer = group.token({ sub: 'deleted', role: 'viewer' });
    const admitted = await group.api('GET', '/live/north/webrtc', undefined, viewer);
    const { session_id, stream_token } = admitted.body;
    const client = await whepClient(stream_token);
    const watcher = await watchCamera(browser, group, 'north', { token: viewer });
    await watcher.moving();
    const sessions = (await group.api('GET', '/api/v1/sessions?subject=deleted')).body.items as { id: string }[];
    expect(sessions).to.have.length(2);

    const deletedAt = Date.now();
    for (const { id } of sessions) expect((await group.api('DELETE', `/api/v1/sessions/${id}`)).status).to.equal(204);
    const { at, reason } = await endOf(watcher);
    figure('session deleted: our player ends after', at - deletedAt);
    expect(at - deletedAt).to.be.lessThan(2_000);
    expect(reason).to.equal('revoked');
    const last = await lastFrame(client);
    figure('session deleted: last frame of a plain WHEP client after', last - deletedAt);
    expect(last - deletedAt).to.be.lessThan(5_000);

    const again = await openWhepPage(browser);
    expect((await again.open(whepUrl(), stream_token)).status).to.equal(403);
    const renewed = await group.api('POST', `/api/v1/sessions/${session_id}/renew`, {}, viewer);
    expect(renewed.status).to.equal(410);
    await Promise.all([again.close(), client.close(), watcher.close()]);
  });

  it('cuts every picture of a person whose rights are revoked, refuses the same token, and takes a later one', async () => {
    const token = group.token({ sub: 'revoked', role: 'viewer' });
    const client = await whepClient(token);
    const watcher = await watchCamera(browser, group, 'north', { token });
    await watcher.moving();
    const revokedAt = Date.now();
    const revocation = await group.api('POST', '/api/v1/revocations', { sub: 'revoked' });
    expect(revocation.body).to.include({ sessions_cut: 2 });
    const { at } = await endOf(watcher);
    const last = await lastFrame(client);
    figure('rights revoked: our player ends after', at - revokedAt);
    figure('rights revoked: last frame of a plain WHEP client after', last - revokedAt);
    expect(at - revokedAt).to.be.lessThan(2_000);
    expect(last - revokedAt).to.be.lessThan(5_000);
    expect((await group.api('GET', '/live/north/webrtc', undefined, token)).status).to.equal(401);
    const again = await openWhepPage(browser);
    expect((await again.open(whepUrl(), token)).status).to.equal(401);
    const later = group.token({ sub: 'revoked', role: 'viewer' });
    expect((await group.api('GET', '/live/north/webrtc', undefined, later)).status).to.equal(200);
    await Promise.all([again.close(), client.close(), watcher.close()]);
  });

  it('cuts players that hold an address and lets it in no more, not even after the gateway was killed', async () => {
    const gone = (player: Running) => player.child.exitCode !== null;
    const open = async (
      protocol: 'rtsp' | 'srt',
      command: 'ffmpeg' | 'srt-live-transmit',
      argumentsFor: (url: string) => string[],
    ) => {
      const viewer = group.token({ sub: `${protocol}-person`, role: 'viewer' });
      const { body } = await group.api('GET', `/live/north/${protocol}`, undefined, viewer);
      const play = () => run(command, argumentsFor(body[`${protocol}_url`]));
      return { name: `${command} over ${protocol}`, protocol, session: String(body.session_id), play };
    };
    const nowhere = ['-f', 'null', '-'];
    const players = await Promise.all([
      open('rtsp', 'ffmpeg', (url) => ['-v', 'error', '-rtsp_transport', 'tcp', '-i', url, ...nowhere]),
      open('srt', 'ffmpeg', (url) => ['-v', 'error', '-i', url, ...nowhere]),
      open('srt', 'srt-live-transmit', (url) => ['-q', '-a:no', url, 'file://con']),
    ]);
    for (const { name, protocol, session, play } of players) {
      const player = play();
      await events.next('viewer.watching', `viewer/${session}`);
      const shown = (await group.api('GET', `/api/v1/sessions/${session}`)).body;
      expect(shown, name).to.include({ protocol, state: 'watching', relay: 'relay-1' });
      const deletedAt = Date.now();
      expect((await group.api('DELETE', `/api/v1/sessions/${session}`)).status).to.equal(204);
      await until(`${name} to be cut`, () => gone(player));
      figure(`session deleted: ${name} is cut after`, Date.now() - deletedAt);
      expect(Date.now() - deletedAt).to.be.lessThan(5_000);
      const second = play();
      await until(`the second attempt of ${name} to be cut`, () => gone(second), 20_000);
    }

    await group.kill('gateway');
    await group.ready();
    const again = players.map(({ name, play }) => ({ name, player: play() }));
    for (const { name, player } of again) {
      await until(`the third attempt of ${name} to be cut`, () => gone(player), 20_000).finally(() => player.stop());
    }
    expect(group.logs(), 'a token in a log').to.not.match(/eyJ[A-Za-z0-9_-]{20}/);
  });

  it('ends a session with its token and keeps one that is renewed, by a setting that was changed while it runs', async () => {
    writeFileSync(group.group.config, JSON.stringify(config('6s')));
    const token = group.token({ sub: 'expiring', role: 'viewer' });
    await until(
      'the new setting to hold',
      async () => {
        return (await group.api('GET', '/live/north/webrtc', undefined, token)).body.expires_in === 6;
      },
      10_000,
      200,
    );
    const watcher = await watchCamera(browser, group, 'north', { token });
    const startedAt = Date.now();
    const client = await whepClient(token);
    const { session } = await client.seen();
    const expired = await events.next('viewer.ended', `viewer/${session}`, startedAt, 15_000);
    expect(expired.data.why.reason).to.equal('expired');
    const last = await lastFrame(client);
    figure('token expired: last frame of a plain WHEP client after its end', last - expired.data.expires_at);
    expect(last - expired.data.expires_at).to.be.lessThan(5_000);

    const { peers, states } = await watcher.moving(expired.data.expires_at + 6_000, 10, 20_000);
    const renewals = events.heard.filter(({ type, data }) => type === 'viewer.renewed' && data.subject === 'expiring');
    expect(renewals.length).to.be.greaterThan(1);
    expect(states.map(({ name }) => name).filter((name) => name === 'ended')).to.deep.equal([]);
    // At its start it hops from the departure path to the program; a renewal opens nothing.
    const [renewal] = renewals;
    expect(peers.filter((at) => at >= (renewal?.at ?? 0))).to.deep.equal([]);
    await Promise.all([client.close(), watcher.close()]);
    writeFileSync(group.group.config, JSON.stringify(config('3600s')));
  });

  it('listens on loopback only, and no relay port lets anybody in without a token that the gateway signed', async () => {
    const everybody = [group.launcher.pid, ...descendants(group.launcher.pid)];
    const listeners = everybody.flatMap((pid) => listenersOf(pid));
    expect(listeners.length).to.be.greaterThan(8);
    expect(listeners.filter((one) => !one.startsWith('127.0.0.1:'))).to.deep.equal([]);

    const login = group.token();
    const doors: { name: string; status: Promise<number> }[] = [];
    const http = (name: string, url: string, init: RequestInit = {}) =>
      doors.push({ name, status: fetch(url, init).then(({ status }) => status) });
    for (const { id, role, ...ports } of group.group.relays) {
      const open = listenersOf(await group.pid(`relay:${id}`)).map((one) => Number(one.split(':')[1]));
      const { api, metrics, rtsp, srt, rtmp, whep, hls, webrtcUdp } = ports;
      const known = [api, metrics, rtsp, srt, rtmp, whep, hls, webrtcUdp];
      expect(
        open.filter((port) => !known.includes(port)),
        `${id} listens elsewhere`,
      ).to.deep.equal([]);
      const stream = role === 'intake' ? 'in/north/0' : 'north';
      for (const method of ['DESCRIBE', 'ANNOUNCE'] as const) {
        const url = `rtsp://127.0.0.1:${rtsp}/${stream}`;
        doors.push({ name: `${id} ${method}`, status: askRtsp(method, url) });
        doors.push({ name: `${id} ${method} with a login token`, status: askRtsp(method, `${url}?token=${login}`) });
        const basic = `Basic ${btoa(`any:${login}`)}`;
        doors.push({ name: `${id} ${method} with a login token as password`, status: askRtsp(method, url, basic) });
      }
      const offersSrt = open.includes(srt);
      expect(offersSrt, `${id} offers SRT`).to.equal(true);
      for (const streamId of offersSrt ? [`read:${stream}`, `read:${stream}:s:${login}`, `publish:${stream}`] : []) {
        doors.push({ name: `${id} SRT ${streamId.slice(0, 20)}`, status: askSrt(srt, streamId) });
      }
      for (const way of open.includes(whep) ? ['whep', 'whip'] : []) {
        const url = `http://127.0.0.1:${whep}/${stream}/${way}`;
        const headers = { 'content-type': 'application/sdp' };
        http(`${id} ${way}`, url, { method: 'POST', headers, body: 'v=0\r\n' });
        const authorization = `Bearer ${login}`;
        http(`${id} ${way} with a login token`, url, {
          method: 'POST',
          headers: { ...headers, authorization },
          body: '',
        });
      }
      for (const token of ['', `?token=${login}`, `?jwt=${login}`]) {
        const how = token ? ` with a login token as ${token.slice(1, 4)}` : '';
        if (open.includes(hls)) http(`${id} HLS${how}`, `http://127.0.0.1:${hls}/${stream}/index.m3u8${token}`);
        if (!open.includes(rtmp)) continue;
        const url = `rtmp://127.0.0.1:${rtmp}/${stream}${token}`;
        for (const way of ['read', 'publish'] as const)
          doors.push({ name: `${id} RTMP ${way}${how}`, status: askRtmp(way, url) });
      }
      http(`${id} api`, `http://127.0.0.1:${api}/v3/paths/list`);
      http(`${id} api with a login token`, `http://127.0.0.1:${api}/v3/paths/list?jwt=${login}`);
    }
    const answers = await Promise.all(doors.map(async ({ name, status }) => ({ name, status: await status })));
    expect(answers.filter(({ status }) => status !== 401 && status !== 403)).to.deep.equal([]);
    for (const way of ['DESCRIBE', 'ANNOUNCE', 'SRT', 'whep', 'whip', 'HLS', 'RTMP read', 'RTMP publish', 'api']) {
      expect(
        answers.some(({ name }) => name.includes(way)),
        `a door of ${way} was tried`,
      ).to.equal(true);
    }
    figure('relay doors tried without a token of the gateway, all shut', answers.length, '');
  });

  it('tries a wrong password once, takes the right one at once, and shows neither anywhere', async () => {
    const address = (password: string) => `rtsp://keeper:${password}@127.0.0.1:${proxy.port}/vault`;
    const addedAt = Date.now();
    const added = await group.api('POST', '/api/v1/cameras', {
      id: 'vault',
      zone: 'hcm/test',
      sources: [address(WRONG)],
    });
    expect(added.status).to.equal(201);
    const offline = await events.next('camera.offline', 'camera/vault', addedAt);
    expect(offline.data.why.reason).to.equal('unauthorized');
    await new Promise((resolve) => setTimeout(resolve, 5_000));
    expect(proxy.logins(), 'tries with the wrong password').to.equal(1);

    const patchedAt = Date.now();
    const patched = await group.api('PATCH', '/api/v1/cameras/vault', { sources: [address(RIGHT)] });
    expect(patched.status).to.equal(200);
    const live = await events.next('camera.live', 'camera/vault', patchedAt);
    figure('right password given: camera.live after', live.at - patchedAt);

    const pids = descendants(group.launcher.pid);
    const about = (file: string) => pids.map((pid) => readFileSync(`/proc/${pid}/${file}`, 'utf8')).join('\n');
    const [metrics, cameras, camera] = await Promise.all([
      group.api('GET', '/metrics'),
      group.api('GET', '/api/v1/cameras'),
      group.api('GET', '/api/v1/cameras/vault'),
    ]);
    const told: Record<string, string> = {
      'command lines': about('cmdline'),
      environments: about('environ'),
      logs: group.logs(),
      events: JSON.stringify(events.heard),
      journal: JSON.stringify(await readBooks(group.group)),
      metrics: metrics.text,
      cameras: cameras.text + camera.text + added.text + patched.text,
    };
    for (const [where, text] of Object.entries(told)) {
      expect(text.length, where).to.be.greaterThan(10);
      for (const secret of [RIGHT, WRONG]) expect(text.includes(secret), `${where} hold a password`).to.equal(false);
    }
    const { stdout } = spawnSync('grep', ['-rlaE', `${RIGHT}|${WRONG}`, group.state], { encoding: 'utf8' });
    const holding = stdout
      .split('\n')
      .filter(Boolean)
      .map((file) => path.relative(group.state, file));
    expect(holding.filter((file) => !file.startsWith('secrets/'))).to.deep.equal([]);
    expect(holding, 'the right one is kept, for the camera').to.have.length(1);
  });

  it('has a journal from which a replay reaches the state of every cell', async () => {
    expect((await replayAgainstTheLiving(group)).faults).to.deep.equal([]);
  });
});
