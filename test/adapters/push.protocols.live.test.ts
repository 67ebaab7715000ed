import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import tls from 'node:tls';
import { expect } from 'chai';
import { startCamera } from '../fixtures/camera.ts';
import { makeAuthority } from '../fixtures/certificates.ts';
import { startMediamtx, type TestMediamtx } from '../fixtures/mediamtx.ts';
import { type Running, until } from '../fixtures/process.ts';
import { holdPush } from '../fixtures/push.ts';
import { type RtmpDestination, startRtmpDestination } from '../fixtures/rtmp-destination.ts';
import { startSrtDestination } from '../fixtures/srt-destination.ts';

/** TLS with a certificate of its own in front of an RTMP server, as television stations have it. */
async function startTls(rtmpPort: number) {
  const { certFile, keyFile, close } = makeAuthority();
  const pem = { key: readFileSync(keyFile), cert: readFileSync(certFile) };
  close();
  const server = tls.createServer(pem, (socket) => {
    const inner = net.connect(rtmpPort, '127.0.0.1');
    for (const end of [socket, inner]) {
      end.on('error', () => {}); // its close follows
      end.on('close', () => [socket, inner].forEach((one) => void one.destroy()));
    }
    socket.pipe(inner).pipe(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as net.AddressInfo).port,
    fingerprint: new X509Certificate(pem.cert).fingerprint256.replaceAll(':', '').toLowerCase(),
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}

describe('a push over encrypted protocols', function () {
  this.timeout(40_000);
  let relay: TestMediamtx;
  let camera: Running;

  before(async () => {
    // As our own relays do: at `info`, mediamtx writes SRT addresses with their passphrase into its log.
    relay = await startMediamtx({ logLevel: 'warn' });
    camera = startCamera(relay.rtsp('gate'), { fps: 15, gopSeconds: 1 });
    await until('the camera', async () => (await relay.api('GET', '/v3/paths/get/gate')).ready, 15_000);
  });
  after(async () => {
    await camera?.stop();
    await relay?.close();
  });

  describe('RTMPS', () => {
    let destination: RtmpDestination;
    let front: Awaited<ReturnType<typeof startTls>>;
    before(async () => {
      destination = await startRtmpDestination();
      front = await startTls(Number(new URL(destination.to).port));
    });
    after(async () => {
      await destination?.close();
      await front?.close();
    });
    const push = (more: object) =>
      holdPush(relay, {
        ...{ to: `rtmps://127.0.0.1:${front.port}/live`, key: () => destination.key, stat: destination.stat },
        ...more,
      });

    it('is on air at a real nginx-rtmp behind TLS, and the picture can be decoded there', async () => {
      const broadcast = push({ fingerprint: front.fingerprint });
      expect(await broadcast.next('push.flowing')).to.include({ confirmed: true });
      expect(await destination.decoded()).to.be.greaterThan(10);
      await broadcast.release();
    });

    it('is refused when the certificate is another one, or nobody vouches for it', async () => {
      for (const more of [{ fingerprint: '00'.repeat(32) }, {}]) {
        const broadcast = push(more);
        expect((await broadcast.next('push.refused')) as object).to.have.property('detail');
        expect(broadcast.reports.map(({ type }) => type)).not.to.include('push.flowing');
        await broadcast.release();
      }
    });
  });

  describe('SRT', () => {
    const passphrase = 'a-passphrase-of-the-test';
    const destined = (to: string, word = passphrase) =>
      holdPush(relay, { to, key: () => 'publish:gate', passphrase: () => word });

    it('is on air at a real listener with the right passphrase, and the picture can be decoded there', async () => {
      const destination = await startSrtDestination(passphrase);
      const broadcast = destined(destination.to);
      expect(await broadcast.next('push.flowing', 15_000)).to.include({ confirmed: false });
      await until('frames to be decoded', () => destination.decoded() > 10, 15_000);
      await broadcast.release();
      await destination.close();
    });

    it('is refused with a wrong one, which is in nothing that is told or logged', async () => {
      const destination = await startSrtDestination(passphrase);
      const broadcast = destined(destination.to, 'wrong-passphrase-1234');
      await broadcast.next('push.refused', 15_000);
      expect(broadcast.reports.map(({ type }) => type)).not.to.include('push.flowing');
      const told = JSON.stringify(broadcast.reports) + relay.process().output();
      for (const secret of ['wrong-passphrase-1234', passphrase]) expect(told).not.to.contain(secret);
      await broadcast.release();
      await destination.close();
    });
  });
});
