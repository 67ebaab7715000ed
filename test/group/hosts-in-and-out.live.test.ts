import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';
import type { Browser } from 'playwright-core';
import { startChromium } from '../fixtures/chromium.ts';
import type { Follower } from '../fixtures/events.ts';
import { figure } from '../fixtures/figures.ts';
import type { TestGroup } from '../fixtures/group.ts';
import { fallsTo, prepareHosts, type TestHosts } from '../fixtures/hosts.ts';
import { commandOf, descendants, makeState } from '../fixtures/launcher/start.ts';
import { type Running, until } from '../fixtures/process.ts';
import { isOver, publishAddresses, seesPicture, startPublisher } from '../fixtures/publisher.ts';
import { type RtmpDestination, startRtmpDestination } from '../fixtures/rtmp-destination.ts';
import { type Site, startSite } from '../fixtures/site.ts';
import { watchCamera } from '../fixtures/watcher.ts';
import { openWhipPage } from '../fixtures/whip-page.ts';

const HOSTS = ['a', 'b'];
const NAMES = ['gate', 'door', 'lobby', 'court', 'roof', 'yard', 'stage', 'desk', 'hall', 'dock'];
/** So many cameras whose cells fall to a host's gateway, none of which is among those taken. */
function camerasOf(host: string, count: number, taken: readonly string[] = []): string[] {
  const found: string[] = [];
  while (found.length < count) {
    found.push(
      fallsTo(
        host,
        'camera',
        NAMES.filter((name) => ![...taken, ...found].includes(name)),
        HOSTS,
      ),
    );
  }
  return found;
}

describe('what comes in and goes out on two hosts', function () {
  this.timeout(120_000);
  const [ofA = '', backed = ''] = camerasOf('a', 2);
  const [ofB = '', strays = '', newest = ''] = camerasOf('b', 3);
  /** A broadcast whose cell falls to b; relays are chosen by name, so that one of a pushes it. */
  const station = fallsTo(
    'b',
    'broadcast',
    ['city', 'tower', 'press', 'coast'].map((name) => `north--${name}`),
    HOSTS,
  );
  const destination = station.slice('north--'.length);
  let folder: ReturnType<typeof makeState>;
  let site: Site;
  let air: RtmpDestination;
  let browser: Browser;
  let hosts: TestHosts;
  let a: TestGroup;
  let b: TestGroup;
  let events: Follower;
  const publishers: Running[] = [];

  before(async () => {
    folder = makeState();
    [site, air, browser] = await Promise.all([startSite(['north', 'spare']), startRtmpDestination(), startChromium()]);
    const { north, spare } = site.cameras();
    const keyFile = path.join(folder.path, 'air.key');
    writeFileSync(keyFile, air.key, { mode: 0o600 });
    const sent = (...sources: string[]) => ({ zone: 'hcm/test', sources, hand_back: '1s' });
    hosts = await prepareHosts(HOSTS, {
      cameras: {
        ...{
          north,
          [ofA]: sent('publish:'),
          [ofB]: sent('publish:'),
          [strays]: { ...sent('publish:'), record: { keep: '1d' } },
        },
        ...{ [newest]: sent('publish:takeover'), [backed]: sent('publish:', ...(spare?.sources ?? [])) },
      },
      destinations: {
        [destination]: {
          to: air.to,
          key_file: keyFile,
          stat: air.stat,
          audio: 'silence',
          size: '360p',
          overlay: 'ON AIR',
        },
      },
    });
    [a, b] = [await hosts.start('a'), await hosts.start('b')];
    events = b.follow(0);
    for (const host of [a, b]) await until('north to be live', () => isLive(host, 'north'), 30_000);
    for (const [camera, host] of [
      [ofA, 'a'],
      [backed, 'a'],
      [ofB, 'b'],
      [strays, 'b'],
      [newest, 'b'],
    ] as const) {
      const told = async (asked: TestGroup) => (await publishAddresses(asked, camera)).relay;
      const agreed = async () => (await told(a)) === `intake-${host}` && (await told(b)) === `intake-${host}`;
      await until(`${camera} to be at home`, agreed, 30_000, 200);
    }
  });
  after(async () => {
    events?.close();
    await browser?.close();
    await Promise.all(publishers.map((one) => one.stop()));
    await hosts?.close();
    await Promise.all([site?.close(), air?.close()]);
    folder?.close();
  });

  const stateOf = async (host: TestGroup, camera: string) => (await host.api('GET', `/api/v1/cameras/${camera}`)).body;
  const isLive = async (host: TestGroup, camera: string) => (await stateOf(host, camera)).state === 'live';
  const publish = (...given: Parameters<typeof startPublisher>): Running => {
    const publisher = startPublisher(...given);
    publishers.push(publisher);
    return publisher;
  };
  /** An address as another intake would have it. */
  const at = (intake: string, url = '') => {
    const place = b.group.relays.find(({ id }) => id === intake);
    return url.replace(
      /^(\w+):\/\/([^:/]+):\d+/,
      (_all, scheme, host) => `${scheme}://${host}:${scheme === 'rtmp' ? place?.rtmp : place?.rtsp}`,
    );
  };
  const cut = (what: string, publisher: Running) => until(`${what} to be cut`, () => isOver(publisher), 20_000);

  for (const [protocol, camera, host] of [
    ['rtmp', ofB, 'b'],
    ['rtsp', ofA, 'a'],
    ['srt', ofB, 'b'],
  ] as const) {
    it(`takes ${protocol.toUpperCase()} at the intake of host ${host}, by the address that the other gateway gives, and shows it at both`, async () => {
      const asked = host === 'a' ? b : a;
      const addresses = await publishAddresses(asked, camera);
      expect(addresses.relay).to.equal(`intake-${host}`);
      const startedAt = Date.now();
      const publisher = publish(protocol, addresses[`${protocol}_url`] ?? '');
      await events.next('camera.live', `camera/${camera}`, startedAt, 20_000);
      const came = await events.next('camera.publisher', `camera/${camera}`, startedAt, 20_000);
      expect(came.data.publisher).to.include({ person: 'tester', protocol });
      for (const one of [a, b]) await seesPicture(one, camera);
      const stoppedAt = Date.now();
      await publisher.stop();
      await events.next('camera.offline', `camera/${camera}`, stoppedAt, 30_000);
      // Over SRT its end is noticed later at the intake than by the camera.
      const source = async () => (await b.askRelay(`intake-${host}`, `paths/get/in/${camera}/0`)).source;
      await until('nobody to publish it', async () => (await source()) === null, 20_000);
    });
  }

  it('takes a browser over WHIP at the gateway of either host, and one publisher alone', async () => {
    const [page, second] = [await openWhipPage(browser), await openWhipPage(browser)];
    const startedAt = Date.now();
    const told = await publishAddresses(a, ofB);
    expect(told.whip_url).to.include(a.url);
    expect(await page.publish(told.whip_url ?? '', told.whip_token ?? '')).to.deep.equal({ status: 201 });
    await events.next('camera.live', `camera/${ofB}`, startedAt, 20_000);
    for (const host of [a, b]) {
      const { whip_url = '', whip_token = '', rtmp_url = '' } = await publishAddresses(host, ofB);
      expect(await second.publish(whip_url, whip_token)).to.deep.equal({ status: 409, reason: 'taken' });
      await cut('RTMP beside the browser', publish('rtmp', rtmp_url));
    }
    expect(await page.state()).to.equal('connected');
    await seesPicture(a, ofB);
    expect(await page.leave()).to.equal(200);
    await Promise.all([page.close(), second.close()]);
  });

  it('cuts whose right was taken back, whichever host was told, and wherever they publish', async () => {
    const operator = a.token({ sub: 'sender', role: 'operator', zones: ['hcm/*'] });
    const { body } = await a.api('POST', `/publish/${newest}`, undefined, operator);
    const startedAt = Date.now();
    const sender = publish('rtmp', body.rtmp_url);
    await events.next('camera.publisher', `camera/${newest}`, startedAt, 20_000);
    const revokedAt = Date.now();
    expect((await a.api('POST', '/api/v1/revocations', { sub: 'sender' })).status).to.equal(201);
    await cut('the sender', sender);
    const gone = await events.next('camera.publisher', `camera/${newest}`, revokedAt, 5_000);
    expect(gone.data.why).to.include({ reason: 'revoked' });
  });

  it('follows a publisher to the intake whose address they were told before; who comes elsewhere then is cut', async () => {
    const { rtmp_url = '', rtsp_url = '' } = await publishAddresses(b, strays);
    const startedAt = Date.now();
    const publisher = publish('rtmp', at('intake-a', rtmp_url));
    await events.next('camera.live', `camera/${strays}`, startedAt, 20_000);
    figure('published at another host’s intake: live after', Date.now() - startedAt);
    for (const host of [a, b]) {
      const { relay, why } = (await host.api('POST', `/publish/${strays}`)).body;
      expect([relay, why.text]).to.deep.equal(['intake-a', 'intake-a has it already']);
      await seesPicture(host, strays);
    }
    await cut('a second one at the intake before', publish('rtsp', rtsp_url));
    const { data: told } = await events.next('camera.misplaced', `camera/${strays}`, startedAt, 5_000);
    expect(told).to.deep.include({ source: '0', intake: 'intake-b' });
    expect(told.why.text).to.include(`POST /publish/${strays} tells the address at intake-a`);
    for (const host of [a, b]) {
      const { misplaced } = (await host.api('GET', `/api/v1/cameras/${strays}`)).body;
      expect(misplaced).to.deep.include({ intake: 'intake-b', publisher: told.publisher });
    }
    expect(isOver(publisher)).to.equal(false);
    expect(await isLive(b, strays)).to.equal(true);
    // Its gateway is b's, and a's intake writes it to a's disk.
    const recorded = async (host: TestGroup) => (await host.api('GET', `/api/v1/recordings/${strays}`)).body.state;
    for (const host of [b, a]) {
      await until('it to be recorded there', async () => (await recorded(host)) === 'recording', 20_000);
    }
    await publisher.stop();
  });

  it('goes to the newest publisher where the newest wins, at another host’s intake too', async () => {
    const { rtmp_url = '' } = await publishAddresses(b, newest);
    const startedAt = Date.now();
    const first = publish('rtmp', rtmp_url);
    await events.next('camera.publisher', `camera/${newest}`, startedAt, 20_000);
    const second = publish('rtmp', at('intake-a', rtmp_url));
    await cut('the first one', first);
    await until(
      'the second to be shown',
      async () => {
        const { relay } = await publishAddresses(a, newest);
        return relay === 'intake-a' && (await isLive(a, newest));
      },
      20_000,
    );
    await seesPicture(b, newest);
    expect(isOver(second)).to.equal(false);
    await second.stop();
  });

  it('plays low-latency HLS at either host, whichever has the relay that makes it', async () => {
    const { body } = await b.api('GET', '/live/north/hls?latency=low');
    expect(body.latency).to.equal('low');
    const master = new URL(body.hls_url).pathname;
    const relays = new Set<string>();
    for (const host of [a, b]) {
      const get = (route: string) => host.api('GET', route, undefined, '');
      const playlist = await until(
        'the master playlist',
        async () => {
          const answer = await get(master);
          return answer.status === 200 ? answer.text : undefined;
        },
        20_000,
        200,
      );
      const named = playlist.split('\n').find((line) => line && !line.startsWith('#')) ?? '';
      relays.add(named.split('/')[0] ?? '');
      const media = master.replace(/[^/]*$/, named);
      const first = await until(
        'parts',
        async () => {
          const { text } = await get(media);
          return text.includes('#EXT-X-PART:') ? text : undefined;
        },
        10_000,
        200,
      );
      const sequence = Number(/#EXT-X-MEDIA-SEQUENCE:(\d+)/.exec(first)?.[1]);
      const next = sequence + (first.match(/#EXTINF/g) ?? []).length + 1;
      const reloaded = await get(`${media}?_HLS_msn=${next}&_HLS_part=0`);
      expect(reloaded.status).to.equal(200);
      expect(reloaded.tookMs, 'it was answered when the part was there').to.be.within(100, 8_000);
      const [part = ''] = reloaded.text.match(/(?<=#EXT-X-PART:.*URI=")[^"]+/g)?.slice(-1) ?? [];
      const beside = media.replace(/[^/]*$/, part);
      const sent = await get(beside);
      expect([sent.status, sent.headers.get('content-type')]).to.deep.equal([200, 'video/mp4']);
      expect(sent.text.length).to.be.greaterThan(1_000);
      const forged = (await get(beside.replace(/^((?:\/[^/]+){4}\/)[^/]+/, `$1${'x'.repeat(43)}`))).status;
      expect(forged).to.equal(403);
    }
    expect([...relays], 'one relay, which is another host’s for one of them').to.have.length(1);
  });

  it('broadcasts what has to be encoded beside the relay of another host than its gateway’s, and goes on without that', async () => {
    const { body, status, text } = await a.api('POST', '/api/v1/broadcasts', { camera: 'north', destination });
    expect(status, text).to.equal(201);
    expect([body.id, body.relay]).to.deep.equal([station, 'relay-a']);
    await events.next('broadcast.on-air', `broadcast/${station}`, 0, 20_000);
    expect(await air.streams()).to.deep.equal(['aac', 'h264,640,360,0']);
    expect(await air.decoded(3)).to.be.greaterThan(5);
    // Before the first letter, where the word stands on red.
    const [red = 0, green = 0, blue = 0] = await air.pixel(9, 18);
    expect(red - Math.max(green, blue), `the colour ${[red, green, blue]}`).to.be.greaterThan(80);
    const encoder = () => descendants(a.launcher.pid).filter((pid) => commandOf(pid).includes('/pushes/'));
    const before = { encoder: encoder(), bytes: (await air.received()) ?? 0 };
    expect(before.encoder).to.have.length(1);
    await b.kill('gateway');
    await b.ready();
    await until(
      'it to be on air',
      async () => {
        const { items } = (await a.api('GET', '/api/v1/broadcasts')).body;
        return items[0].state === 'on-air';
      },
      20_000,
    );
    expect(encoder(), 'the same encoder').to.deep.equal(before.encoder);
    expect(await air.received(), 'the same connection').to.be.greaterThan(before.bytes);
    await a.api('DELETE', `/api/v1/broadcasts/${station}`);
    await until('no encoder to be left', () => encoder().length === 0);
  });

  it('loses the host of an intake: viewers see the backup or the slate, and who asks anew publishes at the other', async () => {
    const first = await publishAddresses(b, backed);
    expect(first.relay).to.equal('intake-a');
    const alone = await publishAddresses(b, ofA);
    const senders = [publish('rtmp', first.rtmp_url ?? ''), publish('rtmp', alone.rtmp_url ?? '')];
    const activeOf = async (camera: string) => {
      const { state, active_source } = await stateOf(b, camera);
      return state === 'live' ? active_source : undefined;
    };
    await until('both to be published', async () => (await activeOf(backed)) === '0' && (await isLive(b, ofA)), 20_000);
    const watcher = await watchCamera(browser, b, backed);
    await watcher.moving();
    const lostAt = await hosts.lose('a');
    await Promise.all(senders.map((sender) => cut('the sender', sender)));
    await until('the backup', async () => (await activeOf(backed)) === '1', 20_000);
    figure('the host of an intake is killed: its camera’s backup live after', Date.now() - lostAt);
    await watcher.moving(Date.now(), 10, 20_000);
    const again = await until(
      'an intake of the other host',
      async () => {
        const { status, body } = await b.api('POST', `/publish/${backed}`);
        return status === 200 && body.relay === 'intake-b' ? body : undefined;
      },
      20_000,
    );
    await until(
      'the slate of the other camera',
      () =>
        seesPicture(b, ofA).then(
          () => true,
          () => false,
        ),
      30_000,
    );
    expect((await stateOf(b, ofA)).state).to.not.equal('live');
    publish('rtmp', again.rtmp_url);
    publish('rtmp', (await publishAddresses(b, ofA)).rtmp_url ?? '');
    await until('both again', async () => (await activeOf(backed)) === '0' && (await isLive(b, ofA)), 30_000);
    await seesPicture(b, ofA);
    await watcher.moving(Date.now(), 10, 20_000);
    await watcher.close();
  });
});
