import { expect } from 'chai';
import { INTAKE_PATHS, intakeMediamtx, intakePath } from '../../adapters/intake.mediamtx.ts';
import { type RelayPaths, relayPaths } from '../../adapters/mediamtx/relay-paths.ts';
import type { Held, IntakeReport } from '../../machines/slots.ts';
import { startCamera } from '../fixtures/camera.ts';
import { startMediamtx, type TestMediamtx } from '../fixtures/mediamtx.ts';
import { type Running, run, until } from '../fixtures/process.ts';
import { askRtsp, serveTokenKeys, startRelay, type TestRelay, type TokenKeys } from '../fixtures/relay.ts';

const LOGIN = { username: 'guard', password: 's3cr$G1@x#y&[z]' };

describe('an intake relay and a real camera', () => {
  let keys: TokenKeys;
  let relay: TestRelay;
  /** A camera: an RTSP server of its own that asks for a password, and a picture. */
  let server: TestMediamtx;
  let picture: Running;
  let paths: RelayPaths;
  const reports: IntakeReport[] = [];
  const held: Held[] = [];

  const anyone = { user: 'any', permissions: [{ action: 'publish' }] };
  const watchman = { user: LOGIN.username, pass: LOGIN.password, permissions: [{ action: 'read' }] };
  const api = { user: 'any', ips: ['127.0.0.1'], permissions: [{ action: 'api' }] };

  before(async () => {
    keys = await serveTokenKeys();
    [relay, server] = await Promise.all([
      startRelay('intake', keys),
      startMediamtx({ authInternalUsers: [anyone, watchman, api] }),
    ]);
    await startPicture();
    paths = relayPaths(relay.api);
  });
  after(async () => {
    paths?.close();
    await picture?.stop();
    await Promise.all([relay?.close(), server?.close()]);
    keys?.close();
  });

  async function startPicture() {
    picture = startCamera(server.rtsp('main'), { gopSeconds: 0.5 });
    await until('the camera to have a picture', () => knocks());
  }
  const basic = `Basic ${Buffer.from(`${LOGIN.username}:${LOGIN.password}`).toString('base64')}`;
  const knocks = async () => (await askRtsp('DESCRIBE', server.rtsp('main'), basic)) === 200;
  const hold = (own: RelayPaths, source = '0', url = server.rtsp('main'), credential = 'cam_001-0'): Held => {
    const { slot } = intakeMediamtx({
      pull: () => ({ paths: own, end() {} }),
      login: (reference) => (reference === 'cam_001-0' ? LOGIN : undefined),
    });
    const one = slot({ camera: 'cam_001', source, url, credential }, (event) => reports.push(event));
    held.push(one);
    return one;
  };
  const bytes = async () =>
    (await relay.api.paths()).find((path) => path.name === intakePath('cam_001', '0'))?.inboundBytes ?? 0;

  const hasPicture = async () => (await relay.api.paths()).some((path) => path.available);

  it('pulls the camera with its password while the slot is held, and not after', async () => {
    const one = hold(paths);
    await until('bytes of the camera', async () => (await bytes()) > 10_000);
    one.release();
    await until('the path to be gone', async () => (await relay.api.paths()).length === 0);
    expect(reports).to.deep.equal([]);
  });

  it('has its first packet within half a second of a killed camera being back, time after time', async function () {
    this.timeout(60_000);
    const afterMs: number[] = [];
    for (let n = 0; n < 5; n++) {
      const one = hold(paths);
      await until('bytes of the camera', async () => (await bytes()) > 10_000);
      await Promise.all([server.kill(), picture.stop()]);
      await until('the picture to end', async () => !(await hasPicture()));
      one.release();
      await server.start();
      await startPicture();
      const backAt = performance.now();
      hold(paths);
      await until('the first packet', async () => (await bytes()) > 0, 5000, 2);
      afterMs.push(Math.round(performance.now() - backAt));
      held.at(-1)?.release();
      await until('the path to be gone', async () => (await relay.api.paths()).length === 0);
    }
    // Measured: 22 to 43 ms.
    expect(Math.max(...afterMs)).to.be.below(1_500);
  });
  it('wakes a source that sleeps until its next retry', async () => {
    await Promise.all([server.kill(), picture.stop()]);
    const saidBefore = relay.process().output().length;
    const one = hold(paths);
    const tried = () => /connection refused/.test(relay.process().output().slice(saidBefore));
    await until('the relay to have tried in vain', tried);
    await server.start();
    await startPicture();
    one.release();
    const backAt = performance.now();
    hold(paths);
    await until('the first packet', async () => (await bytes()) > 0, 5000, 2);
    expect(performance.now() - backAt).to.be.below(1_500);
  });

  it('goes on undisturbed when the gateway is replaced by another that holds the same sources', async () => {
    const name = intakePath('cam_001', '0');
    const address = relay.rtsp(name, keys.token('switcher', [{ action: 'read', path: name }]));
    const reader = run('ffmpeg', ['-v', 'error', '-rtsp_transport', 'tcp', '-i', address, '-f', 'null', '-']);
    // Who reads, and since when the picture is there: both end when a path is made anew.
    const look = async () => (await relay.api.paths()) as unknown as { readyTime: string; readers: object[] }[];
    await until('the reader', async () => (await look())[0]?.readers.length);
    const [before] = await look();
    const received = await bytes();
    paths.close();
    paths = relayPaths(relay.api);
    hold(paths);
    await paths.restore();
    expect(await paths.sweep(INTAKE_PATHS)).to.deep.equal([]);
    await until('more bytes', async () => (await bytes()) > received + 10_000);
    const [now] = await look();
    expect(now).to.deep.include({ readyTime: before?.readyTime, readers: before?.readers });
    await reader.stop();
  });

  it('loses what nobody holds any more, after a gateway took up its cameras', async () => {
    await relay.api.replacePath('in/cam_009/0', { source: server.rtsp('main') });
    expect(await paths.sweep(INTAKE_PATHS)).to.deep.equal(['in/cam_009/0']);
    expect((await relay.api.paths()).map((path) => path.name)).to.deep.equal(['in/cam_001/0']);
  });

  it('gets its sources back after it was killed', async () => {
    await relay.kill();
    await relay.start();
    expect(await paths.restore()).to.equal(1);
    await until('bytes of the camera', async () => (await bytes()) > 0);
  });

  it('lets go of a camera that hangs without holding up any other', async () => {
    const { child } = server.process();
    child.kill('SIGSTOP');
    held.at(-1)?.release();
    const askedAt = performance.now();
    await until('the path to be gone', async () => (await relay.api.paths()).length === 0);
    expect(performance.now() - askedAt).to.be.below(2_500);
    child.kill('SIGCONT');
  });

  it('refuses by report: no stored login, an address of another kind', async () => {
    for (const [url, credential] of [
      [server.rtsp('main'), 'cam_404-0'],
      ['file:///etc/passwd', 'cam_001-0'],
      ['rtsp://a:b@127.0.0.1/x', 'cam_001-0'],
    ] as const) {
      reports.length = 0;
      hold(paths, '7', url, credential);
      await until('the refusal', () => reports.length === 1);
      expect(reports[0]?.type).to.equal('intake.refused');
    }
  });

  it('prints no password', () => {
    const said = relay.process().output();
    expect(said).not.to.match(/s3cr/);
  });
});
