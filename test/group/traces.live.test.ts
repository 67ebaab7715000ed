import { expect } from 'chai';
import type { Browser } from 'playwright-core';
import { startChromium } from '../fixtures/chromium.ts';
import { attributesOf, type Collector, startCollector } from '../fixtures/collector.ts';
import type { Follower } from '../fixtures/events.ts';
import { startTestGroup, type TestGroup } from '../fixtures/group.ts';
import { until } from '../fixtures/process.ts';
import { type Site, startSite } from '../fixtures/site.ts';
import { watchCamera } from '../fixtures/watcher.ts';

describe('an installation that sends traces', function () {
  this.timeout(90_000);
  let collector: Collector;
  let site: Site;
  let browser: Browser;
  let group: TestGroup;
  let events: Follower;

  before(async () => {
    [collector, site, browser] = await Promise.all([startCollector(), startSite(['main', 'spare']), startChromium()]);
    const sources = [site.server.rtsp('main'), site.server.rtsp('spare')];
    const gate = { name: 'Gate', zone: 'hcm/test', sources, hand_back: 'never' };
    group = await startTestGroup({ telemetry: { otlp_url: collector.url }, cameras: { gate } });
    events = group.follow(0);
    await events.next('camera.live', 'camera/gate', 0, 20_000);
  });
  after(async () => {
    events?.close();
    await browser?.close();
    await group?.stop();
    await site?.close();
    collector?.close();
  });

  it('tells what a join in Chromium was made of, and a failover after it, under the ids of the log', async () => {
    const watcher = await watchCamera(browser, group, 'gate');
    await watcher.moving();
    const { root, parts } = await collector.trace('join');
    expect(parts.map(({ name }) => name)).to.include.members(['admission', 'ticket', 'whep', 'first frame']);
    const watching = await events.next('viewer.watching', String(attributesOf(root)['signalbox.subject']), 0, 20_000);
    const frame = parts.find(({ name }) => name === 'first frame');
    expect(frame && attributesOf(frame)['signalbox.event_id']).to.equal(watching.id);

    const active = (await group.api('GET', '/api/v1/cameras/gate')).body.active_source;
    const other = active === '0' ? '1' : '0';
    await until('the backup', async () => {
      const { sources } = (await group.api('GET', '/api/v1/cameras/gate')).body;
      return sources.find(({ id }: { id: string }) => id === other)?.state === 'flowing';
    });
    const seen = collector.spans.length;
    await site.leave(active === '0' ? 'main' : 'spare');
    const failover = await until('the failover', () => collector.spans.slice(seen).find(isLoss), 20_000);
    expect(attributesOf(failover)).to.include({ 'signalbox.from_source': active, 'signalbox.active_source': other });
    const made = collector.spans.filter(({ parentSpanId }) => parentSpanId === failover.spanId);
    expect(made.map(({ name }) => name)).to.deep.equal(['detect', 'decide', 'restore']);
  });
});

const isLoss = (span: Collector['spans'][number]): boolean =>
  span.name === 'failover of a source' && !span.parentSpanId;
