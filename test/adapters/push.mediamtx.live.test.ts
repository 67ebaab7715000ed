import { expect } from 'chai';
import { startCamera } from '../fixtures/camera.ts';
import { descendants } from '../fixtures/launcher/start.ts';
import { startMediamtx, type TestMediamtx } from '../fixtures/mediamtx.ts';
import { type Running, until } from '../fixtures/process.ts';
import { holdPush } from '../fixtures/push.ts';
import { type RtmpDestination, startRtmpDestination } from '../fixtures/rtmp-destination.ts';

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

  it('with a wrong key is never told to flow', async () => {
    const broadcast = push('wrong-key');
    const refused = await broadcast.next('push.refused');
    expect(refused).to.have.property('relay', 'relay-1');
    expect(broadcast.reports.map(({ type }) => type)).not.to.include('push.flowing');
    expect(JSON.stringify(broadcast.reports)).not.to.contain('wrong-key');
    await broadcast.release();
  });
});

/** The worker of nginx does the work; its master only waits. */
function workerOf(destination: RtmpDestination): number {
  const [worker] = descendants(destination.process().pid);
  if (worker === undefined) throw new Error('nginx has no worker');
  return worker;
}
