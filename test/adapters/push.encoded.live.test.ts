import { expect } from 'chai';
import type { Wish } from '../../adapters/push.mediamtx/encoded.ts';
import { startCamera } from '../fixtures/camera.ts';
import { commandOf, descendants } from '../fixtures/launcher/start.ts';
import { startMediamtx, type TestMediamtx } from '../fixtures/mediamtx.ts';
import { type Running, until } from '../fixtures/process.ts';
import { holdPush, openEncoders } from '../fixtures/push.ts';
import { type RtmpDestination, startRtmpDestination } from '../fixtures/rtmp-destination.ts';

describe('a push that FFmpeg makes fit for its destination', function () {
  this.timeout(60_000);
  let relay: TestMediamtx;
  let destination: RtmpDestination;
  let camera: Running;
  const FITTING: Wish = { video: 'h264', height: 180, bitrateBps: 400_000, audio: 'aac', overlay: 'EMERGENCY' };

  before(async () => {
    [relay, destination] = await Promise.all([startMediamtx({ logLevel: 'warn' }), startRtmpDestination()]);
    camera = startCamera(relay.rtsp('gate'), { fps: 15, gopSeconds: 1 });
    await until('the camera', async () => (await relay.api('GET', '/v3/paths/get/gate')).ready, 15_000);
  });
  after(async () => {
    await camera?.stop();
    await relay?.close();
    await destination?.close();
  });

  const push = (wish: Wish, encoders = openEncoders()) => {
    const { to, key, stat } = destination;
    return { encoders, ...holdPush(relay, { to, key: () => key, stat, wish }, { encoders }) };
  };
  /** The FFmpeg of the push; the camera is one as well. */
  const encoder = () => descendants(process.pid).find((pid) => pid !== camera.pid && commandOf(pid).includes('.sock'));

  it('adds silence to the camera’s own packets where it has no sound', async () => {
    const broadcast = push({ video: 'copy', bitrateBps: 1_000_000, audio: 'aac' });
    expect(await broadcast.next('push.flowing', 20_000)).to.include({ confirmed: true });
    expect(await destination.streams()).to.deep.equal(['aac', 'h264,640,360,0']);
    expect(await destination.decoded(2)).to.be.greaterThan(5);
    await broadcast.release();
    await until('nobody to publish', async () => (await destination.received()) === undefined);
    expect(encoder(), 'no FFmpeg is left').to.equal(undefined);
  });

  it('sends another size without B-frames, with a word, a clock and the camera’s name on it', async () => {
    const broadcast = push(FITTING);
    await broadcast.next('push.flowing', 20_000);
    expect(await destination.streams()).to.deep.equal(['aac', 'h264,320,180,0']);
    // Left above stands the word on red; the camera paints its clock there, in black and white.
    const [red = 0, green = 0, blue = 0] = await destination.pixel(6, 10);
    expect(red - Math.max(green, blue), `the colour ${[red, green, blue]}`).to.be.greaterThan(80);
    expect(commandOf(encoder() as number)).not.to.contain('North gate');
    await broadcast.release();
  });

  it('makes AAC of the camera’s own sound, G.711 or Opus', async () => {
    for (const audio of ['pcm_alaw', 'libopus'] as const) {
      await camera.stop();
      camera = startCamera(relay.rtsp('gate'), { fps: 15, gopSeconds: 1, audio });
      const sounds = async () => (await relay.api('GET', '/v3/paths/get/gate')).tracks?.length === 2;
      await until('the camera with its sound', sounds, 15_000);
      const broadcast = push({ video: 'copy', bitrateBps: 1_000_000, audio: 'aac' });
      await broadcast.next('push.flowing', 20_000);
      expect(await destination.streams()).to.deep.equal(['aac', 'h264,640,360,0']);
      expect(commandOf(encoder() as number), 'its own, and not silence').to.not.contain('anullsrc');
      await broadcast.release();
      await until('nobody to publish', async () => (await destination.received()) === undefined);
    }
  });

  it('goes on while its gateway is away, and is found again by the next', async () => {
    const first = push(FITTING);
    await first.next('push.flowing', 20_000);
    const pid = encoder();
    first.detach();
    const bytes = (await destination.received()) as number;
    const next = push(FITTING, first.encoders);
    await next.next('push.flowing', 20_000);
    expect(encoder()).to.equal(pid);
    expect(await destination.received(), 'the same connection').to.be.greaterThan(bytes);
    await next.release();
  });

  it('names an encoder that ends, and one that hangs', async () => {
    for (const [signal, cause] of [['SIGKILL', 'exited'] as const, ['SIGSTOP', 'hung'] as const]) {
      const broadcast = push({ video: 'copy', bitrateBps: 1_000_000, audio: 'silence' });
      await broadcast.next('push.flowing', 20_000);
      process.kill(encoder() as number, signal);
      expect(await broadcast.next('push.ended')).to.include({ relay: 'relay-1', cause });
      await broadcast.release();
    }
  });
});
