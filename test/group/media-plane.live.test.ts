import { expect } from 'chai';
import type { Browser } from 'playwright-core';
import type { Follower, HeardEvent } from '../fixtures/events.ts';
import { figure } from '../fixtures/figures.ts';
import type { TestGroup } from '../fixtures/group.ts';
import { replayAgainstTheLiving } from '../fixtures/journal.ts';
import { type Running, run, until } from '../fixtures/process.ts';
import { readProgram } from '../fixtures/program-reader.ts';
import type { Site } from '../fixtures/site.ts';
import { startWatchedGroup, type WatchedGroup } from '../fixtures/watched-group.ts';
import { longestGapMs, type Watcher } from '../fixtures/watcher.ts';
import { openWhepPage } from '../fixtures/whep-page.ts';

const CAMERAS: [string, ...string[]] = ['north', 'south'];

describe('a group that loses what carries its pictures', function () {
  this.timeout(90_000);
  let watched: WatchedGroup | undefined;
  let site: Site;
  let group: TestGroup;
  let events: Follower;
  let watcher: Watcher;

  before(async () => {
    watched = await startWatchedGroup(CAMERAS);
    ({ site, group, events, watcher } = watched);
  });
  after(() => watched?.close());

  /** The epoch ms at which a new instance of a relay first answers. */
  const answersAnew = async (relay: string, former: string): Promise<number> => {
    await until(
      `${relay} to answer anew`,
      async () => (await group.askRelay(relay, 'info')).started !== former,
      20_000,
      5,
    );
    return Date.now();
  };
  const startOf = async (relay: string): Promise<string> => (await group.askRelay(relay, 'info')).started;
  /** The epoch ms at which a relay has these paths, and bytes arrive on each. */
  const carries = async (relay: string, paths: string[], least = 0): Promise<number> => {
    await until(
      `${relay} to carry ${paths}`,
      async () => {
        const { items } = await group.askRelay(relay, 'paths/list');
        const known = new Map(
          items.map((item: { name: string; inboundBytes: number }) => [item.name, item.inboundBytes]),
        );
        return paths.every((path) => Number(known.get(path) ?? -1) >= least);
      },
      20_000,
      10,
    );
    return Date.now();
  };
  const liveSince = (at: number): Promise<HeardEvent[]> =>
    Promise.all(CAMERAS.map((camera) => events.next('camera.live', `camera/${camera}`, at, 20_000)));
  /** How many frames the player shows after an instant, at once or by itself later. */
  const backBy = async (from: number): Promise<number> => {
    const { frames } = await watcher.moving(from, 10, 20_000);
    return frames.find(({ at }) => at >= from)?.at ?? Number.NaN;
  };
  const steady = async () => {
    // A process that was up for a while is started again at once; the first kill of each finds it so.
    await until(
      'the cameras to be live',
      async () => {
        const { items } = (await group.api('GET', '/api/v1/cameras')).body;
        return items.every(({ state }: { state: string }) => state === 'live');
      },
      20_000,
    );
    await watcher.moving(Date.now(), 10);
  };

  it('gives a killed intake its paths back as soon as it returns; cameras and picture return by themselves', async () => {
    await steady();
    const former = await startOf('intake-1');
    const killedAt = await group.signal('relay:intake-1', 'SIGKILL');
    const lost = await events.next('relay.dead', 'relay/intake-1', killedAt);
    const camera = await events.next('camera.holding', 'camera/north', killedAt);
    expect(camera.data.why.reason).to.be.oneOf(['relay', 'ended']);
    const returnedAt = await answersAnew('intake-1', former);
    const paths = CAMERAS.map((name) => `in/${name}/0`);
    const pathsAt = await carries('intake-1', paths);
    const serving = await events.next('relay.serving', 'relay/intake-1', killedAt);
    const live = await liveSince(lost.at);
    const frameAt = await backBy(live[0]?.at ?? Number.NaN);
    figure('intake killed: told after', lost.heardAt - killedAt);
    figure('intake killed: it answers again after', returnedAt - killedAt);
    figure('intake killed: its paths are back after its return', Math.max(0, pathsAt - returnedAt));
    figure('intake killed: every camera live again after', Math.max(...live.map(({ at }) => at)) - killedAt);
    figure('intake killed: picture on screen again after', frameAt - killedAt);
    expect(pathsAt - returnedAt).to.be.lessThan(2_000);
    expect(serving.data.recover_ms).to.be.a('number');
    expect(live.every(({ data }) => data.recover_ms > 0)).to.equal(true);
  });

  it('seats viewers anew when a delivery relay is killed, without a reload', async () => {
    await steady();
    const former = await startOf('relay-1');
    const killedAt = await group.signal('relay:relay-1', 'SIGKILL');
    const lost = await events.next('relay.dead', 'relay/relay-1', killedAt);
    const returnedAt = await answersAnew('relay-1', former);
    const carriedAt = await carries('relay-1', CAMERAS, 1);
    const serving = await events.next('relay.serving', 'relay/relay-1', lost.at);
    const live = await liveSince(lost.at);
    const seen = await watcher.moving(carriedAt, 10, 20_000);
    figure('delivery killed: told after', lost.heardAt - killedAt);
    figure('delivery killed: it answers again after', returnedAt - killedAt);
    figure('delivery killed: it carries every program after its return', Math.max(0, carriedAt - returnedAt));
    figure('delivery killed: every camera live again after', Math.max(...live.map(({ at }) => at)) - killedAt);
    figure('delivery killed: picture on screen again after', longestGapMs(seen.presented, killedAt));
    expect(carriedAt - returnedAt).to.be.lessThan(2_000);
    expect(serving.at).to.be.greaterThan(lost.at);
    expect(seen.states.filter(({ name }) => name === 'ended')).to.deep.equal([]);
  });

  it('says that a camera is not carried while its switcher is killed, and carries it again; nobody is cut', async () => {
    await steady();
    const whep = await openWhepPage(watched?.browser as Browser);
    await whep.open(`${group.url}/live/north/whep`, group.token());
    await whep.moving();
    const { rtsp_url } = (await group.api('GET', '/live/north/rtsp')).body;
    const rtsp = await readProgram(rtsp_url);
    const { srt_url } = (await group.api('GET', '/live/north/srt')).body;
    const { hls_url } = (await group.api('GET', '/live/north/hls')).body;
    const [srt, hls] = [srt_url, hls_url].map((url) =>
      run('ffmpeg', ['-v', 'error', '-nostats', '-progress', '-', '-i', url, '-f', 'null', '-']),
    ) as [Running, Running];
    const shown = (by: Running) => Number([...by.output().matchAll(/^frame=(\d+)/gm)].at(-1)?.[1] ?? 0);
    await until(
      'pictures over RTSP, SRT and HLS',
      () => rtsp.packets.length > 100 && shown(srt) > 30 && shown(hls) > 30,
    );

    const killedAt = await group.signal('switcher-1', 'SIGKILL');
    const killed = performance.now();
    const lost = await events.next('camera.connecting', 'camera/north', killedAt);
    expect(lost.data.why).to.include({ reason: 'relay' });
    const live = await liveSince(killedAt);
    const liveAt = Math.max(...live.map(({ at }) => at));
    const seen = await watcher.moving(liveAt, 10, 20_000);
    const { frames, connection } = await whep.moving(liveAt, 30);
    const before = [rtsp.packets.length, shown(srt), shown(hls)] as const;
    await until('pictures to go on over RTSP', () => rtsp.packets.length > before[0] + 60);
    await until('pictures to go on over SRT', () => shown(srt) > before[1] + 20);
    await until('pictures to go on over HLS', () => shown(hls) > before[2] + 150);
    expect([connection, rtsp.dropped()]).to.deep.equal(['connected', undefined]);
    expect([srt.child.exitCode, hls.child.exitCode], 'both go on').to.deep.equal([null, null]);
    expect(rtsp.faults().filter((fault) => fault.startsWith('time'))).to.deep.equal([]);
    figure('switcher killed: told after', lost.heardAt - killedAt);
    figure('switcher killed: every camera live again after', liveAt - killedAt);
    figure('switcher killed: longest gap between frames', longestGapMs(seen.presented, killedAt));
    figure(
      'switcher killed: longest gap of a plain WHEP client',
      longestGapMs(
        frames.map(({ at }) => at),
        killedAt,
      ),
    );
    figure('switcher killed: longest gap of a plain RTSP client', rtsp.gapMs(killed));
    rtsp.close();
    await Promise.all([whep.close(), srt.stop(), hls.stop()]);
  });

  it('comes back whole when gateway and both relays die in the same moment', async () => {
    await steady();
    const names = ['gateway', 'relay:intake-1', 'relay:relay-1'];
    const before = await Promise.all(names.map((name) => group.pid(name)));
    const killedAt = Date.now();
    await Promise.all(names.map((name) => group.signal(name, 'SIGKILL')));
    await Promise.all(names.map((name, index) => group.restarted(name, before[index] ?? 0)));
    await until(
      'the group to be ready',
      async () => (await group.api('GET', '/readyz')).body.status === 'ready',
      20_000,
    );
    const readyAt = Date.now();
    await steady();
    const { presented } = await watcher.moving(readyAt, 10, 20_000);
    figure('gateway and relays killed: ready again after', readyAt - killedAt);
    figure('gateway and relays killed: picture on screen again after', longestGapMs(presented, killedAt));
  });

  it('tells within ten seconds that a picture stands still while bytes flow, and that it moves again', async () => {
    await site.leave('south');
    const stoodAt = Date.now();
    await site.join('south', { still: true });
    const live = await events.next('camera.live', 'camera/south', stoodAt);
    const frozen = await events.next('camera.frozen', 'camera/south', live.at, 15_000);
    figure('picture stands still: camera.frozen after', frozen.heardAt - live.at);
    expect(frozen.heardAt - live.at).to.be.lessThan(10_000);
    await site.leave('south');
    await site.join('south');
    const moving = await events.next('camera.live', 'camera/south', frozen.at);
    expect(moving.data.why.reason).to.equal(undefined);
  });

  it('has a journal from which a replay reaches the state of every cell, through all of this', async () => {
    const { faults } = await replayAgainstTheLiving(group);
    expect(faults).to.deep.equal([]);
    // Chromium itself complains of a socket that is refused while the gateway is away.
    expect(watcher.faults.filter((fault) => !fault.startsWith('WebSocket connection to'))).to.deep.equal([]);
  });
});
