import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import type { Browser } from 'playwright-core';
import type { RelayPlace } from '../../infra/group.ts';
import { relaySettings } from '../../infra/launcher/relay-settings.ts';
import { startChromium } from '../fixtures/chromium.ts';
import type { Follower } from '../fixtures/events.ts';
import { figure } from '../fixtures/figures.ts';
import { startTestGroup, type TestGroup } from '../fixtures/group.ts';
import { type HeldWay, startWay } from '../fixtures/held-way.ts';
import { freePort, type Running, run, until } from '../fixtures/process.ts';
import { askRtsp } from '../fixtures/relay.ts';
import { type Site, startSite } from '../fixtures/site.ts';
import { longestGapMs, watchCamera } from '../fixtures/watcher.ts';

/** Who is torn off has no picture for longer; a busy machine adds less. */
const UNTOUCHED_MS = 1_000;

describe('a delivery relay that somebody else runs', function () {
  this.timeout(60_000);
  let site: Site;
  let group: TestGroup;
  let events: Follower;
  let folder: string;
  let far: Running | undefined;
  let place: RelayPlace;
  let api: HeldWay;
  let rtsp: HeldWay;
  let browser: Browser;
  let listed: object;
  /** One of ours, to which nobody is sent while the other is there. */
  const other = { id: 'near', weight: 0 };

  before(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'sbx-far-'));
    place = {
      ...{ id: 'far', role: 'delivery', region: 'hcm', weight: 1, embedded: false, host: '127.0.0.1' },
      ...{ api: await freePort(), metrics: await freePort(), rtsp: await freePort(), srt: await freePort() },
      ...{ whep: await freePort(), webrtcUdp: await freePort(), hls: await freePort(), rtmp: await freePort() },
    };
    api = await startWay(place.api);
    // The gateway's own way: what the switcher publishes comes from another machine.
    rtsp = await startWay(place.rtsp, (first) => first.includes('/pulse/'));
    [site, browser] = await Promise.all([startSite(['north']), startChromium()]);
    const at = (protocol: string, port: number) => `${protocol}://127.0.0.1:${port}`;
    const addresses = { api: at('http', api.port), rtsp: at('rtsp', rtsp.port), whep: at('http', place.whep) };
    listed = { cameras: site.cameras(), relays: [{ id: 'far', ...addresses }, other] };
    group = await startTestGroup(listed);
    events = group.follow(0);
  });
  after(async () => {
    events?.close();
    await group?.stop();
    await far?.stop('SIGKILL');
    api?.close();
    rtsp?.close();
    await browser?.close();
    await site?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Starts it as its owner would: it knows where our keys are, and has no path of its own. */
  const start = () => {
    const trust = { issuer: 'signalbox', audience: 'signalbox:relay', publicHosts: [], origins: [] };
    const settings = { ...relaySettings(place, { jwksPort: group.group.jwks.port, ...trust }), paths: {} };
    const file = path.join(folder, 'far.yml');
    writeFileSync(file, JSON.stringify(settings));
    far = run('mediamtx', [file], { cwd: folder });
  };

  it('is not run here, and nobody is shown anything before it answers', async () => {
    const ours = (await group.processes()).map(({ name }) => name).filter((name) => name.startsWith('relay:'));
    expect(ours).to.have.members(['relay:intake-1', 'relay:near']);
    const refused = await group.api('GET', '/live/north/webrtc');
    expect([refused.status, refused.body.reason]).to.deep.equal([503, 'no-relay']);
  });

  it('is given its paths, and carries cameras to viewers as one of ours does', async () => {
    start();
    await events.next('relay.serving', 'relay/far', 0, 20_000);
    await events.next('camera.live', 'camera/north', 0, 20_000);
    const { status, body } = await group.api('GET', '/live/north/rtsp');
    expect(status).to.equal(200);
    expect(body.rtsp_url).to.include(`rtsp://127.0.0.1:${rtsp.port}/north?token=`);
    expect(await askRtsp('DESCRIBE', body.rtsp_url)).to.equal(200);
    expect(await askRtsp('DESCRIBE', body.rtsp_url.replace(/\?.*/, ''))).to.equal(401);
  });

  it('keeps its viewers while its control API alone hangs for ten seconds, and says so', async () => {
    const watcher = await watchCamera(browser, group, 'north');
    await watcher.moving();
    const heldAt = Date.now();
    api.hold(true);
    const { data } = await events.next('relay.degraded', 'relay/far', heldAt, 5_000);
    expect(data.why).to.include({ reason: 'api-silent' });
    const { body } = await group.api('GET', '/readyz');
    expect(body.reasons.map(({ part }: { part: string }) => part)).to.include('relay far');
    const { presented, moves } = await watcher.moving(heldAt + 10_000, 5);
    api.hold(false);
    figure('the API of a relay hangs for 10 s: longest gap on screen', longestGapMs(presented, heldAt));
    expect(longestGapMs(presented, heldAt)).to.be.lessThan(UNTOUCHED_MS);
    expect(moves).to.deep.equal([]);
    await watcher.close();
    await events.next('relay.serving', 'relay/far', heldAt, 10_000);
    const said = events.heard.filter(({ subject, at }) => at >= heldAt && /^(relay|camera)\//.test(subject));
    expect(said.map(({ type }) => type)).to.deep.equal(['relay.degraded', 'relay.serving']);
  });

  it('is left alone while only the gateway is cut off from it: its viewers have pictures, and it says so', async () => {
    const watcher = await watchCamera(browser, group, 'north');
    await watcher.moving();
    const heldAt = Date.now();
    for (const way of [api, rtsp]) way.hold(true);
    const { data } = await events.next('relay.degraded', 'relay/far', heldAt, 10_000);
    expect(data.why).to.include({ reason: 'cut-off' });
    const { presented } = await watcher.moving(Date.now() + 4_000, 20);
    figure('the gateway is cut off from a relay: longest gap on screen', longestGapMs(presented, heldAt));
    expect(longestGapMs(presented, heldAt)).to.be.lessThan(UNTOUCHED_MS);
    for (const way of [api, rtsp]) way.hold(false);
    await events.next('relay.serving', 'relay/far', heldAt, 10_000);
    const said = events.heard.filter(({ subject, at }) => at >= heldAt && /^(relay|viewer)\//.test(subject));
    const hurt = said.map(({ type }) => type).filter((type) => /^(relay\.dead|viewer\.(moving|moved))$/.test(type));
    expect(hurt).to.deep.equal([]);
    expect((await watcher.watched()).moves).to.deep.equal([]);
    await watcher.close();
  });

  it('is missed when it is killed though no launcher tells, and serves again when its owner starts it', async () => {
    const killedAt = Date.now();
    await far?.stop('SIGKILL');
    const { data } = await events.next('relay.suspect', 'relay/far', killedAt, 5_000);
    expect(data.since - killedAt).to.be.lessThan(2_000);
    await events.next('relay.dead', 'relay/far', killedAt, 5_000);
    start();
    await events.next('relay.serving', 'relay/far', killedAt, 20_000);
    const path = async () => (await group.api('GET', '/api/v1/cameras/north')).body.state;
    await until('the camera to be carried again', async () => (await path()) === 'live', 15_000);
  });

  it('is sent no picture any more once it is taken out, though its owner keeps it running, until it is written back', async () => {
    const sent = async (): Promise<string[]> => {
      const { items } = (await group.askRelay('far', 'paths/list')) as {
        items: { name: string; source: object | null }[];
      };
      return items.filter(({ source }) => source !== null).map(({ name }) => name);
    };
    await until('it to have the program', async () => (await sent()).includes('north'), 15_000);
    const takenOutAt = Date.now();
    writeFileSync(group.group.config, JSON.stringify({ ...listed, relays: [other] }));
    await events.next('relay.removed', 'relay/far', takenOutAt, 30_000);
    await until('nothing to be sent there', async () => (await sent()).length === 0, 5_000);
    const writtenBackAt = Date.now();
    writeFileSync(group.group.config, JSON.stringify(listed));
    await events.next('relay.serving', 'relay/far', writtenBackAt, 20_000);
    await until('it to have the program again', async () => (await sent()).includes('north'), 10_000);
  });

  it('is gone at once, with its alarm, when it is dead and taken out of the file', async () => {
    const killedAt = Date.now();
    await far?.stop('SIGKILL');
    await events.next('relay.dead', 'relay/far', killedAt, 5_000);
    const alarms = async () => {
      const { items } = (await group.api('GET', '/api/v1/alarms')).body;
      return items.map(({ id }: { id: string }) => id).includes('relay-dead--far');
    };
    await until('it to be an alarm', alarms);
    const takenOutAt = Date.now();
    writeFileSync(group.group.config, JSON.stringify({ ...listed, relays: [other] }));
    const { data } = await events.next('relay.removed', 'relay/far', takenOutAt, 5_000);
    expect(data.why).to.include({ reason: 'taken-out' });
    const { body } = await group.api('GET', '/api/v1/relays');
    expect(body.items.map(({ id }: { id: string }) => id)).to.have.members(['intake-1', 'near']);
    await until('the alarm to be over', async () => !(await alarms()), 30_000, 200);
    await group.ready();
  });
});
