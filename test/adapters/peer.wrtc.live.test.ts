import { expect } from 'chai';
import type { Browser } from 'playwright-core';
import { type PeersUnderTest, peersContract } from '../contracts/peers.ts';
import { startCamera } from '../fixtures/camera.ts';
import { startChromium } from '../fixtures/chromium.ts';
import { figure } from '../fixtures/figures.ts';
import { descendants } from '../fixtures/launcher/start.ts';
import { startMediamtx, type TestMediamtx } from '../fixtures/mediamtx.ts';
import { openViewers, startPeers, type TestPeers } from '../fixtures/peers.ts';
import { type Running, until } from '../fixtures/process.ts';

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
    camera = startCamera(relay.rtsp('cam_001'), { gopSeconds: 1 });
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
});
