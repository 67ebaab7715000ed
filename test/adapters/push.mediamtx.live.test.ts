import { expect } from 'chai';
import { startCamera } from '../fixtures/camera.ts';
import { descendants } from '../fixtures/launcher/start.ts';
import { startMediamtx, type TestMediamtx } from '../fixtures/mediamtx.ts';
import { type Running, until } from '../fixtures/process.ts';
import { holdPush } from '../fixtures/push.ts';
import { type RtmpDestination, startRtmpDestination } from '../fixtures/rtmp-destination.ts';
import { startTcpShaper } from '../fixtures/shaper.ts';

describe('a push to a real nginx-rtmp', function () {
  this.timeout(40_000);
  let relay: TestMediamtx;
  let destination: RtmpDestination;
  let camera: Running;

  before(async () => {
    [relay, destination] = await Promise.all([startMediamtx(), startRtmpDestination()]);
    camera = startCamera(relay.rtsp('gate'), { fps: 15, gopSeconds: 1 });
    await until('the camera', async () => (await relay.api('GET', '/v3/paths/get/gate')).ready, 15_000);
  });
  after(async () => {
    await camera?.stop();
    await relay?.close();
    await destination?.close();
  });

  /** Holds the push; the key is the destination's unless another is given. */
  const push = (key = destination.key, asked = true) =>
    holdPush(relay, { to: destination.to, key: () => key, ...(asked ? { stat: destination.stat } : {}) });

  it('is told to flow when bytes arrive, and the picture can be decoded there; released, it ends', async () => {
    const broadcast = push();
    const flowing = await broadcast.next('push.flowing');
    expect(flowing).to.include({ relay: 'relay-1', confirmed: true });
    expect(await destination.received()).to.be.greaterThan(10_000);
    expect(await destination.decoded()).to.be.greaterThan(10);
    await broadcast.release();
    await until('nobody to publish', async () => (await destination.received()) === undefined);
  });

  it('is told to flow by the bytes that leave where the destination can not be asked', async () => {
    const broadcast = push(destination.key, false);
    expect(await broadcast.next('push.flowing')).to.include({ confirmed: false });
    await broadcast.release();
  });

  it('is told to be silent when the destination freezes, with its connection still open', async () => {
    const broadcast = push();
    await broadcast.next('push.flowing');
    const pid = workerOf(destination);
    process.kill(pid, 'SIGSTOP');
    try {
      expect(await broadcast.next('push.silent')).to.include({ relay: 'relay-1' });
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    await broadcast.release();
  });

  it('is refused with the reason by a destination that is not there, and the key stays out of what is told', async () => {
    await destination.process().stop('SIGTERM');
    const broadcast = push('secret-key-1234');
    const refused = await broadcast.next('push.refused');
    expect(JSON.stringify(broadcast.reports)).not.to.contain('secret-key-1234');
    expect(refused).to.have.property('detail').that.contains('refused');
    await broadcast.release();
    await destination.start();
  });

  it('is refused with the reason where its host is not known', async () => {
    const broadcast = holdPush(relay, { to: 'rtmp://no-such-station.invalid/live', key: () => 'secret-key-1234' });
    const refused = await broadcast.next('push.refused');
    expect(refused).to.have.property('detail').that.contains('no such host');
    await broadcast.release();
  });

  it('is told to be lagging by a way that is too slow for it, while it goes on, and steady again', async () => {
    const way = await startTcpShaper(Number(new URL(destination.to).port));
    const to = `rtmp://127.0.0.1:${way.port}/live`;
    const broadcast = holdPush(relay, { to, key: () => destination.key, stat: destination.stat }, { silentMs: 5_000 });
    await broadcast.next('push.flowing');
    const rate = await sentPerSecond(relay);
    way.narrow((rate * 8) / 2);
    const lagging = await broadcast.next('push.lagging', 20_000);
    expect(lagging).to.have.property('taken').that.is.within(0.1, 0.79);
    way.narrow(undefined);
    await broadcast.next('push.steady', 20_000);
    await broadcast.release();
    await way.close();
  });

  it('with a wrong key is never told to flow', async () => {
    const broadcast = push('wrong-key');
    const refused = await broadcast.next('push.refused');
    expect(refused).to.have.property('relay', 'relay-1');
    expect(broadcast.reports.map(({ type }) => type)).not.to.include('push.flowing');
    expect(JSON.stringify(broadcast.reports)).not.to.contain('wrong-key');
    await broadcast.release();
  });
});

/** How many bytes of the camera are sent each second. */
async function sentPerSecond(relay: TestMediamtx): Promise<number> {
  const sent = async (): Promise<number> => (await relay.api('GET', '/v3/paths/get/gate')).inboundBytes;
  const [startedAt, before] = [performance.now(), await sent()];
  await until('three seconds to pass', () => performance.now() - startedAt > 3_000);
  return ((await sent()) - before) / ((performance.now() - startedAt) / 1000);
}

/** The worker of nginx does the work; its master only waits. */
function workerOf(destination: RtmpDestination): number {
  const [worker] = descendants(destination.process().pid);
  if (worker === undefined) throw new Error('nginx has no worker');
  return worker;
}
