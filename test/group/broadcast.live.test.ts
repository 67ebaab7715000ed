import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';
import { startChromium } from '../fixtures/chromium.ts';
import { command } from '../fixtures/command-line.ts';
import type { Follower } from '../fixtures/events.ts';
import { figure } from '../fixtures/figures.ts';
import { startTestGroup, type TestGroup } from '../fixtures/group.ts';
import { descendants, makeState } from '../fixtures/launcher/start.ts';
import { until } from '../fixtures/process.ts';
import { type RtmpDestination, startRtmpDestination } from '../fixtures/rtmp-destination.ts';
import { type Site, startSite } from '../fixtures/site.ts';

describe('a broadcast to a real nginx-rtmp', function () {
  this.timeout(60_000);
  let site: Site;
  let destination: RtmpDestination;
  let hall: RtmpDestination;
  let folder: ReturnType<typeof makeState>;
  let group: TestGroup;
  let events: Follower;
  const subject = 'broadcast/north--city-tv';

  before(async () => {
    folder = makeState();
    [site, destination, hall] = await Promise.all([
      startSite(['north', 'pair_a', 'pair_b']),
      startRtmpDestination(),
      startRtmpDestination('k3y-of-the-hall'),
    ]);
    const keyFile = path.join(folder.path, 'city-tv.key');
    const hallFile = path.join(folder.path, 'hall.key');
    writeFileSync(keyFile, `${destination.key}\n`, { mode: 0o600 });
    writeFileSync(hallFile, `${hall.key}\n`, { mode: 0o600 });
    const eachFile = path.join(folder.path, 'each.key');
    writeFileSync(eachFile, `${destination.key}-{camera}\n`, { mode: 0o600 });
    const { north, pair_a, pair_b } = site.cameras() as Record<string, { sources: string[] }> as Required<
      Record<'north' | 'pair_a' | 'pair_b', { sources: string[] }>
    >;
    group = await startTestGroup({
      cameras: { north, pair: { zone: 'hcm/test', sources: [...pair_a.sources, ...pair_b.sources] } },
      destinations: {
        'city-tv': { to: destination.to, key_file: keyFile, stat: destination.stat },
        archive: { to: destination.to, key_file: eachFile, stat: destination.stat },
        hall: {
          to: hall.to,
          key_file: hallFile,
          stat: hall.stat,
          audio: 'silence',
          size: '360p',
          overlay: 'EMERGENCY',
        },
      },
    });
    events = group.follow(0);
    await events.next('camera.live', 'camera/north', 0, 20_000);
  });
  after(async () => {
    events?.close();
    await group?.stop();
    await destination?.close();
    await hall?.close();
    await site?.close();
    folder?.close();
  });

  it('is on air within moments of one command, and the picture can be decoded there', async () => {
    const at = Date.now();
    const { code, out, err } = await command(['broadcast', 'start', 'north', 'city-tv', '--state', group.state]);
    expect(code, err).to.equal(0);
    expect(out).to.contain('north--city-tv is on-air: the destination confirms that bytes arrive');
    const fact = await events.next('broadcast.on-air', subject, at);
    figure('broadcast: from the command to confirmed on air', fact.at - at);
    expect(await destination.decoded()).to.be.greaterThan(5);
  });

  it('tells a lost camera as the slate or as silence, never as success, and is on air again with it', async () => {
    const at = Date.now();
    await site.leave('north');
    await until('it to be no success any more', async () => {
      const [one] = (await group.api('GET', '/api/v1/broadcasts')).body.items;
      return one.state !== 'on-air' || one.picture === false;
    });
    await site.join('north');
    const back = await events.next('camera.live', 'camera/north', at, 20_000);
    await until(
      'the picture to be on air',
      async () => {
        const [one] = (await group.api('GET', '/api/v1/broadcasts')).body.items;
        return one.state === 'on-air' && one.picture === true;
      },
      15_000,
    );
    figure('broadcast: from the camera’s return to on air', Date.now() - back.at);
    expect(await destination.decoded()).to.be.greaterThan(5);
  });

  it('comes back by itself when its destination was away, and tells how long', async () => {
    const at = Date.now();
    await destination.kill();
    await events.next('broadcast.retrying', subject, at);
    await destination.start();
    const startedAt = Date.now();
    const back = await events.next('broadcast.on-air', subject, startedAt, 10_000);
    expect(back.data.recover_ms).to.be.greaterThan(0);
    figure('broadcast: from the destination’s return to on air', back.at - startedAt);
  });

  it('plays on the station’s monitor, whose page and files never show the key', async () => {
    await events.next('camera.live', 'camera/pair', 0, 20_000);
    const at = Date.now();
    const { body } = await group.api('POST', '/api/v1/broadcasts', { camera: 'pair', destination: 'archive' });
    await events.next('broadcast.on-air', `broadcast/${body.id}`, at);
    const browser = await startChromium();
    try {
      const page = await browser.newPage();
      const seen: string[] = [];
      page.on('response', async (response) => {
        seen.push(response.url(), response.url().endsWith('.m3u8') ? await response.text().catch(() => '') : '');
      });
      await page.goto(`${destination.monitor}#pair`);
      await until(
        'the picture to move',
        () =>
          page.evaluate(
            'document.querySelector("video").currentTime > 1 && document.querySelector("video").videoWidth > 0',
          ),
        20_000,
      );
      expect(await page.locator('#said').textContent()).to.contain('On air');
      expect(seen.join('\n')).to.contain('pair-').and.not.to.contain(destination.key);
    } finally {
      await browser.close();
    }
  });

  it('carries a failover of its camera on in the same push: the destination sees no new connection', async () => {
    const push = 'pair--archive';
    const before = (await destination.received('pair')) as number;
    const lostAt = Date.now();
    await site.leave('pair_a');
    const switched = await events.next('camera.switched', 'camera/pair', lostAt);
    figure('broadcast: gap when its camera falls over to the backup', switched.data.recover_ms);
    // A new connection would count from nothing.
    await until('more than before', async () => ((await destination.received('pair')) ?? 0) > before + 60_000);
    const said = events.heard.filter(({ subject, at: when }) => subject === `broadcast/${push}` && when >= lostAt);
    expect(said.map(({ type }) => type)).to.deep.equal([]);
    await group.api('DELETE', `/api/v1/broadcasts/${push}`);
  });

  it('is on air again by itself when its relay is killed, and tells how long it was away', async () => {
    const pid = await group.pid('relay:relay-1');
    const at = await group.signal('relay:relay-1', 'SIGKILL');
    await group.restarted('relay:relay-1', pid);
    // Either it was away so long that it was tried anew, or its path was back before anybody counted it as silent.
    const gapOf = ({ data }: { data: { recover_ms?: number; why: { guard?: { gap_ms?: number } } } }) =>
      data.recover_ms ?? data.why.guard?.gap_ms ?? 0;
    const back = await until(
      'it to be on air again',
      () => events.heard.find((one) => one.subject === subject && one.at > at && gapOf(one) > 0),
      20_000,
    );
    figure('broadcast: without a byte when its relay was killed', gapOf(back));
    figure('broadcast: from the death of its relay to on air', back.at - at);
    expect(await destination.decoded()).to.be.greaterThan(5);
  });

  it('outlives a station, a relay, a camera and a gateway that freeze, and tells what the station gets meanwhile', async () => {
    const station = [destination.process().pid, ...descendants(destination.process().pid)];
    const onStation = (signal: NodeJS.Signals) => station.forEach((pid) => void process.kill(pid, signal));
    const bytes = async () => (await destination.received()) ?? 0;
    const now = async () => (await group.api('GET', '/api/v1/broadcasts')).body.items[0];
    const onAir = () =>
      until(
        'it to be on air with the picture',
        async () => {
          const { state, picture } = await now();
          return state === 'on-air' && picture;
        },
        20_000,
      );
    // A station, or a relay, that hangs is told as silent, tried again, and on air once it goes on.
    for (const [signal, what] of [
      [onStation, 'station'],
      [(one: NodeJS.Signals) => group.signal('relay:relay-1', one), 'relay'],
    ] as const) {
      const at = Date.now();
      await signal('SIGSTOP');
      const said = await events.next('broadcast.retrying', subject, at, 20_000).finally(() => signal('SIGCONT'));
      expect(said.data.why.reason, `the ${what} hangs`).to.be.oneOf(['silent', 'refused', 'timeout']);
      await onAir();
    }
    // A camera that hangs is told as its slate; a gateway that hangs changes nothing. The connection stays the same.
    const before = await bytes();
    site.signal('north', 'SIGSTOP');
    await until('the slate to be told', async () => (await now()).picture === false, 15_000).finally(() =>
      site.signal('north', 'SIGCONT'),
    );
    await onAir();
    const between = await bytes();
    expect(between, 'while the camera hung').to.be.greaterThan(before);
    await group.signal('gateway', 'SIGSTOP');
    await until('the station to get more', async () => (await bytes()) > between + 200_000, 15_000).finally(() =>
      group.signal('gateway', 'SIGCONT'),
    );
    await onAir();
    expect(await bytes(), 'while the gateway hung').to.be.greaterThan(between + 200_000);
    expect(await destination.decoded()).to.be.greaterThan(5);
  });

  it('is made fit for a destination that asks for sound, another size and words on the picture', async () => {
    const at = Date.now();
    await group.api('POST', '/api/v1/broadcasts', { camera: 'north', destination: 'hall' });
    const fact = await events.next('broadcast.on-air', 'broadcast/north--hall', at, 20_000);
    figure('broadcast: from the request to on air through an encoder', fact.at - at);
    expect(await hall.streams()).to.deep.equal(['aac', 'h264,640,360,0']);
    expect(await hall.decoded(3)).to.be.greaterThan(5);
  });

  it('goes on while the gateway is killed: the destinations see no new connection', async () => {
    const before = await destination.received();
    const beforeAtHall = await hall.received();
    await group.kill('gateway');
    await until(
      'the gateway to answer',
      async () => (await group.api('GET', '/readyz').catch(() => undefined))?.status === 200,
      10_000,
    );
    await until(
      'both to be on air',
      async () => {
        const { items } = (await group.api('GET', '/api/v1/broadcasts')).body;
        return items.length === 2 && items.every(({ state }: { state: string }) => state === 'on-air');
      },
      20_000,
    );
    // A new connection would count from nothing.
    expect(await destination.received()).to.be.greaterThan(before as number);
    expect(await hall.received()).to.be.greaterThan(beforeAtHall as number);
  });

  it('goes to its best while an incident is about it, with nobody watching, and falls back when that is over', async () => {
    const at = Date.now();
    const said = { cameras: ['north'], reason: 'smoke', drill: true };
    const { body } = await group.api('POST', '/api/v1/incidents', said);
    const running = await events.next('rendition.running', 'rendition/north', at, 20_000);
    expect(running.data).to.include({ viewers: 0 });
    const closing = Date.now();
    await group.api('DELETE', `/api/v1/incidents/${body.id}`);
    await events.next('rendition.off', 'rendition/north', closing);
  });

  it('ends when it is stopped, and its key is in nothing that was written or told', async () => {
    const at = Date.now();
    for (const name of ['city-tv', 'hall']) {
      const { code } = await command(['broadcast', 'stop', `north--${name}`, '--state', group.state]);
      expect(code).to.equal(0);
    }
    await events.next('broadcast.stopped', subject, at);
    for (const one of [destination, hall]) {
      await until('nobody to publish', async () => (await one.received()) === undefined);
      expect(group.logs()).not.to.contain(one.key);
      expect(JSON.stringify(events.heard)).not.to.contain(one.key);
    }
  });
});
