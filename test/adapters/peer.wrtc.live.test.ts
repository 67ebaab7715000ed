import { expect } from 'chai';
import type { Browser } from 'playwright-core';
import { type PeersUnderTest, peersContract } from '../contracts/peers.ts';
import { startCamera } from '../fixtures/camera.ts';
import { startChromium } from '../fixtures/chromium.ts';
import { figure } from '../fixtures/figures.ts';
import { startWay } from '../fixtures/held-way.ts';
import { descendants } from '../fixtures/launcher/start.ts';
import { startMediamtx, type TestMediamtx } from '../fixtures/mediamtx.ts';
import { openViewers, startPeers, type TestPeers } from '../fixtures/peers.ts';
import { type Running, until } from '../fixtures/process.ts';
import { readProgram } from '../fixtures/program-reader.ts';

/** The camera's pictures are so far apart. */
const PICTURE_MS = 40;
/** What was held up needs as long to go through. */
const BURST_MS = 10;

describe('adaptive peers', function () {
  this.timeout(60_000);
  let relay: TestMediamtx;
  let camera: Running;
  let running: TestPeers;
  let browser: Browser;
  let viewers: Awaited<ReturnType<typeof openViewers>>;
  let given: PeersUnderTest;

  before(async () => {
    [relay, running, browser] = await Promise.all([startMediamtx(), startPeers(), startChromium()]);
    camera = startCamera(relay.rtsp('cam_001'), { fps: 1000 / PICTURE_MS, gopSeconds: 1 });
    await until('the program', async () => (await relay.api('GET', '/v3/paths/get/cam_001')).ready, 15_000);
    viewers = await openViewers(browser);
    const url = relay.rtsp('cam_001');
    given = {
      peers: running.peers,
      opening: (session, sdp) => ({
        ...{ session, camera: 'cam_001', relay: 'relay-1', url, sdp },
        ...{ bounds: { peers: 4, cores: 8 }, reach: { address: '127.0.0.1', hosts: [] } },
      }),
      viewer: viewers.viewer,
      restart: running.restart,
    };
  });
  after(async () => {
    await viewers?.close();
    await browser?.close();
    await running?.close();
    await camera?.stop();
    await relay?.close();
  });

  peersContract(() => given);

  it('show a moving picture in VP8, one decoder for all, whose clock can be read', async () => {
    const watching = await Promise.all(
      ['ses_a', 'ses_b'].map(async (session) => {
        const viewer = await viewers.viewer();
        const { answer, peer } = await running.peers.open(given.opening(session, viewer.offer));
        await viewer.accept(answer, peer);
        return { viewer, peer };
      }),
    );
    for (const { viewer } of watching) {
      await until(
        'frames',
        async () => (await viewer.frames()).filter(({ latencyMs }) => latencyMs !== null).length > 20,
        20_000,
      );
    }
    const frames = (await watching[0]?.viewer.frames()) ?? [];
    const latencies = frames.flatMap(({ latencyMs }) => latencyMs ?? []).sort((a, b) => a - b);
    figure('adaptive peer: glass to glass, median', Math.round(latencies[latencies.length >> 1] ?? 0));
    expect(frames.at(-1)?.lines).to.be.oneOf([360, 180, 90]);
    expect(descendants(running.process().pid)).to.have.length(1);
    for (const { peer, viewer } of watching) {
      running.peers.close(peer);
      await viewer.leave();
    }
    await until('nobody to be seated', () => watching.every(({ peer }) => !running.peers.isConnected(peer)));
  });

  it('show nine of ten pictures of a camera at least, though they come two at a time', async () => {
    const direct = new URL(relay.rtsp('cam_001'));
    const way = await startWay(Number(direct.port));
    const source = await readProgram(direct.href);
    let open: NodeJS.Timeout | undefined;
    const bursts = setInterval(() => {
      way.hold(false);
      open = setTimeout(() => way.hold(true), BURST_MS);
    }, 2 * PICTURE_MS);
    try {
      const viewer = await viewers.viewer();
      const { answer, peer } = await running.peers.open({
        ...given.opening('ses_bursts', viewer.offer),
        ...{ relay: 'relay-by-a-bad-way', url: direct.href.replace(direct.port, String(way.port)) },
      });
      await viewer.accept(answer, peer);
      await until(
        'three seconds in which nearly every picture is shown',
        async () => {
          const frames = await viewer.frames();
          const whole = frames.filter(({ lines }) => lines === 360);
          const toMs = whole.at(-1)?.at ?? 0;
          const shown = whole.filter(({ at }) => at > toMs - 3_000).length;
          const now = performance.now();
          const sent = source.packets.filter(({ newPicture, atMs }) => newPicture && atMs > now - 3_000).length;
          return sent > 0.8 * (3_000 / PICTURE_MS) && shown >= 0.9 * sent ? shown / sent : undefined;
        },
        40_000,
        250,
      ).then((share) => figure('adaptive peer: of the pictures that a camera sent in bursts, shown', 100 * share, '%'));
      running.peers.close(peer);
      await viewer.leave();
    } finally {
      clearInterval(bursts);
      clearTimeout(open);
      source.close();
      way.close();
    }
  });
});
