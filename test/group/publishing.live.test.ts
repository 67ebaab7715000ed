import { expect } from 'chai';
import type { Browser } from 'playwright-core';
import { startChromium } from '../fixtures/chromium.ts';
import type { Follower } from '../fixtures/events.ts';
import { startTestGroup, type TestGroup } from '../fixtures/group.ts';
import { type Running, until } from '../fixtures/process.ts';
import { isOver, type Protocol, publishAddresses, seesPicture, startPublisher } from '../fixtures/publisher.ts';
import { openWhipPage, type WhipPage } from '../fixtures/whip-page.ts';

describe('cameras that send their picture to us', function () {
  this.timeout(90_000);
  let group: TestGroup;
  let events: Follower;
  const publishers: Running[] = [];
  let browser: Browser;

  before(async () => {
    const camera = (source: string) => ({ zone: 'hcm/test', sources: [source] });
    // A source that falls time after time is quarantined, so the later tests have cameras of their own.
    browser = await startChromium();
    const cameras = {
      booth: camera('publish:'),
      desk: camera('publish:takeover'),
      'hall-rtmp': camera('publish:'),
      'hall-rtsp': camera('publish:'),
      'hall-srt': camera('publish:'),
      'hall-whip': camera('publish:'),
      gate: camera('publish:'),
      yard: camera('publish:'),
      stage: camera('publish:takeover'),
    };
    group = await startTestGroup({ cameras });
    events = group.follow(0);
    await events.next('camera.offline', 'camera/gate', 0, 20_000);
  });
  after(async () => {
    events?.close();
    await browser?.close();
    await Promise.all(publishers.map((one) => one.stop()));
    await group?.stop();
  });

  const addressesOf = (camera: string) => publishAddresses(group, camera);
  const publish = (protocol: Protocol, url: string): Running => {
    const publisher = startPublisher(protocol, url);
    publishers.push(publisher);
    return publisher;
  };
  const refused = async (what: string, publisher: Running) => {
    await until(`${what} to be refused`, () => isOver(publisher), 30_000);
    expect(publisher.child.exitCode, what).to.not.equal(0);
  };
  /** Who publishes a path at the intake. */
  const publisherOf = async (camera: string): Promise<{ type: string; id: string } | null> => {
    const intake = group.group.relays.find(({ role }) => role === 'intake')?.id ?? '';
    return (await group.askRelay(intake, `paths/get/in/${camera}/0`)).source;
  };

  it('say that nobody publishes until somebody does', async () => {
    const { body } = await group.api('GET', '/api/v1/cameras/gate');
    expect(body.sources[0]).to.include({ state: 'offline', url: 'publish:' });
    expect(body.sources[0].why.text).to.equal('nobody publishes to it');
  });

  for (const protocol of ['rtmp', 'rtsp', 'srt'] as const) {
    it(`are seen over ${protocol.toUpperCase()}, and their end is known`, async () => {
      const startedAt = Date.now();
      const publisher = publish(protocol, (await addressesOf('gate'))[`${protocol}_url`] as string);
      await events.next('camera.live', 'camera/gate', startedAt, 20_000);
      await seesPicture(group, 'gate');
      const stoppedAt = Date.now();
      await publisher.stop();
      await events.next('camera.offline', 'camera/gate', stoppedAt, 30_000);
    });
  }

  /** Has a browser publish a camera. */
  const publishFromPage = async (page: WhipPage, camera: string) => {
    const { whip_url = '', whip_token = '' } = await addressesOf(camera);
    return page.publish(whip_url, whip_token);
  };

  it('are seen from a browser over WHIP, sound too, keep a second one out, and their end is known', async () => {
    const [page, second] = [await openWhipPage(browser), await openWhipPage(browser)];
    const startedAt = Date.now();
    expect(await publishFromPage(page, 'booth')).to.deep.equal({ status: 201 });
    await events.next('camera.live', 'camera/booth', startedAt, 20_000);
    await seesPicture(group, 'booth');
    const intake = group.group.relays.find(({ role }) => role === 'intake')?.id ?? '';
    const { tracks2 } = await group.askRelay(intake, 'paths/get/in/booth/0');
    expect(tracks2.map(({ codec }: { codec: string }) => codec).sort()).to.deep.equal(['H264', 'Opus']);
    expect(await publishFromPage(second, 'booth')).to.deep.equal({ status: 409, reason: 'taken' });
    await refused('RTMP beside a browser', publish('rtmp', (await addressesOf('booth')).rtmp_url as string));
    expect(await page.state()).to.equal('connected');
    const stoppedAt = Date.now();
    expect(await page.leave()).to.equal(200);
    await events.next('camera.offline', 'camera/booth', stoppedAt, 5_000);
    await Promise.all([page.close(), second.close()]);
  });

  it('take the newest publisher over WHIP where they allow it', async () => {
    publish('rtmp', (await addressesOf('desk')).rtmp_url as string);
    await until('the first publisher', () => publisherOf('desk'), 20_000);
    const page = await openWhipPage(browser);
    expect(await publishFromPage(page, 'desk')).to.deep.equal({ status: 201 });
    await until('the browser', async () => (await publisherOf('desk'))?.type === 'webRTCSession', 20_000);
    await seesPicture(group, 'desk');
    await page.close();
  });

  it('keep the first publisher when a second one comes, and both a gateway that was killed', async () => {
    const startedAt = Date.now();
    publish('rtmp', (await addressesOf('yard')).rtmp_url as string);
    await events.next('camera.live', 'camera/yard', startedAt, 20_000);
    const first = await publisherOf('yard');
    const addresses = await addressesOf('yard');
    const protocols = ['rtmp', 'rtsp', 'srt'] as const;
    const second = (protocol: Protocol) => publish(protocol, addresses[`${protocol}_url`] as string);
    await Promise.all(protocols.map((protocol) => refused(`a second publisher over ${protocol}`, second(protocol))));
    await group.kill('gateway');
    await group.ready();
    expect(await publisherOf('yard')).to.deep.equal(first);
    await seesPicture(group, 'yard');
  });

  it('take the newest publisher where they allow it', async () => {
    const first = publish('rtsp', (await addressesOf('stage')).rtsp_url as string);
    const before = await until('the first publisher', () => publisherOf('stage'), 20_000);
    publish('rtmp', (await addressesOf('stage')).rtmp_url as string);
    await until('the first publisher to be cut', () => isOver(first), 20_000);
    const now = await until('the second publisher', () => publisherOf('stage'), 20_000);
    expect([before.type, now.type]).to.deep.equal(['rtspSession', 'rtmpConn']);
    await until(
      'its picture',
      async () => (await group.api('GET', '/api/v1/cameras/stage')).body.state === 'live',
      20_000,
    );
    await seesPicture(group, 'stage');
  });

  it('let nobody publish without a token, with that of another camera, or with a login token', async () => {
    const { rtmp_url = '', rtsp_url = '', srt_url = '' } = await addressesOf('stage');
    const elsewhere = (url: string) => url.replace('in/stage/0', 'in/gate/0');
    const token = /token=(.*)/.exec(rtmp_url)?.[1] ?? '';
    const login = group.token();
    const tries: [string, Protocol, string][] = [
      ['RTMP without a token', 'rtmp', rtmp_url.replace(/\?.*/, '')],
      ['RTMP to another camera', 'rtmp', elsewhere(rtmp_url)],
      ['RTMP with a login token', 'rtmp', rtmp_url.replace(token, login)],
      ['RTSP to another camera', 'rtsp', elsewhere(rtsp_url)],
      ['SRT to another camera', 'srt', elsewhere(srt_url)],
    ];
    const before = await publisherOf('stage');
    await Promise.all(tries.map(([what, protocol, url]) => refused(what, publish(protocol, url))));
    expect(await publisherOf('stage')).to.deep.equal(before);
    const viewer = group.token({ sub: 'viewer', role: 'viewer' });
    expect((await group.api('POST', '/publish/stage', undefined, viewer)).status).to.equal(403);
  });

  for (const protocol of ['rtmp', 'rtsp', 'srt', 'whip'] as const) {
    it(`are told by who sends them over ${protocol.toUpperCase()}, and cut when that right is taken back`, async () => {
      const camera = `hall-${protocol}`;
      const operator = group.token({ sub: `sender-${protocol}`, role: 'operator', zones: ['hcm/*'] });
      const { body } = await group.api('POST', `/publish/${camera}`, undefined, operator);
      const startedAt = Date.now();
      const page = protocol === 'whip' ? await openWhipPage(browser) : undefined;
      const sender = page ? undefined : publish(protocol as Protocol, body[`${protocol}_url`]);
      if (page) expect(await page.publish(body.whip_url, body.whip_token)).to.deep.equal({ status: 201 });
      const came = await events.next('camera.publisher', `camera/${camera}`, startedAt, 20_000);
      const { publisher, publishing } = came.data as { publisher: Record<string, unknown>; publishing: boolean };
      expect(publishing).to.equal(true);
      expect(publisher).to.include({ person: `sender-${protocol}`, protocol, network: 'this-machine' });
      const revokedAt = Date.now();
      await group.api('POST', '/api/v1/revocations', { sub: `sender-${protocol}` });
      // The publisher's own client says so, or, in a browser, its connection breaks.
      if (sender) await until('the sender to be cut', () => isOver(sender), 5_000);
      const gone = await events.next('camera.publisher', `camera/${camera}`, revokedAt, 5_000);
      expect(gone.data.why).to.include({ reason: 'revoked' });
      expect(await publisherOf(camera)).to.equal(null);
      // Its token has minutes to go, and its holder tries again.
      if (page) expect((await page.publish(body.whip_url, body.whip_token)).status).to.equal(401);
      else {
        const again = publish(protocol as Protocol, body[`${protocol}_url`]);
        await until('the second attempt to be cut', () => isOver(again), 8_000);
      }
      await page?.close();
    });
  }

  it('leave no token in a log or an event', () => {
    expect(group.logs()).to.not.match(/eyJ[A-Za-z0-9_-]{20}/);
    expect(JSON.stringify(events.heard)).to.not.match(/eyJ[A-Za-z0-9_-]{20}/);
  });
});
