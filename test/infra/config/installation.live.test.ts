import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { startCamera } from '../../fixtures/camera.ts';
import { command } from '../../fixtures/command-line.ts';
import { startMediamtx, type TestMediamtx } from '../../fixtures/mediamtx.ts';
import { startNats, type TestNats } from '../../fixtures/nats.ts';
import { freePort, type Running, run, until } from '../../fixtures/process.ts';

const root = path.resolve(import.meta.dirname, '../../..');
const PASSWORD = 'p@ss#1&x';

describe('cameras of a running installation', function () {
  this.timeout(90_000);
  let folder: string;
  let source: TestMediamtx;
  let nats: TestNats;
  let group: Running;
  let metricsPort: number;
  const running: Running[] = [];
  const file = () => path.join(folder, 'signalbox.yaml');
  const sbx = (argv: string[], input?: string) =>
    command([...argv, '--state', path.join(folder, 'state')], input === undefined ? {} : { input });
  const address = (name: string, login = '') => source.rtsp(name).replace('://', `://${login}`);
  const stateOf = async (camera: string): Promise<{ state: string; reason?: string } | undefined> => {
    const { items } = JSON.parse((await sbx(['camera', 'list', '--json'])).out || '{"items":[]}');
    const found = items.find(({ id }: { id: string }) => id === camera);
    return found && { state: found.state, reason: found.why.reason };
  };
  const toBe = (camera: string, state: string) =>
    until(`${camera} to be ${state}`, async () => (await stateOf(camera))?.state === state, 20_000, 100);

  before(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'sbx-inst-'));
    source = await startMediamtx({
      authInternalUsers: [
        { user: 'any', pass: '', ips: ['127.0.0.1'], permissions: [{ action: 'publish' }, { action: 'api' }] },
        { user: 'op@er', pass: PASSWORD, permissions: [{ action: 'read' }] },
      ],
    });
    for (const name of ['one', 'two']) running.push(startCamera(source.rtsp(name)));
    const login = `op%40er:${encodeURIComponent(PASSWORD)}@`;
    nats = await startNats('authorization { user: sbx, password: "of nats" }');
    const redisPort = await freePort();
    running.push(run('redis-server', ['--port', `${redisPort}`, '--bind', '127.0.0.1', '--requirepass', 'of redis']));
    writeFileSync(path.join(folder, 'nats-password'), 'of nats\n');
    writeFileSync(path.join(folder, 'redis-password'), 'of redis\n');
    const stores =
      `nats: { servers: ["${nats.url}"], user: sbx, password_file: nats-password }\n` +
      `redis: { url: "redis://127.0.0.1:${redisPort}", password_file: redis-password }\n`;
    metricsPort = await freePort();
    const metrics = `metrics: { listen: "127.0.0.1:${metricsPort}" }\n`;
    writeFileSync(file(), `${stores}${metrics}cameras:\n  cam_001: ${address('one', login)}\n`);
    const args = ['infra/launcher.mjs', '--config', file(), '--port', '0'];
    group = run(process.execPath as `/${string}`, [...args, '--state', path.join(folder, 'state')], { cwd: root });
    await until(`the group to be ready: ${group.output()}`, () => group.output().includes('ready http'), 60_000, 100);
  });
  after(async () => {
    await group?.stop('SIGTERM');
    for (const one of running) await one.stop();
    await source?.close();
    await nats?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('are pulled with their password, and the password is nowhere but in its file', async () => {
    await toBe('cam_001', 'live');
    const added = await sbx(
      ['camera', 'add', 'cam_004', address('two'), '--user', 'op@er', '--password-stdin'],
      PASSWORD,
    );
    expect(added, added.err).to.include({
      code: 0,
      out: 'added cam_004\ncam_004 is live; see it with: signalbox watch cam_004\n',
    });
    const spelt = [PASSWORD, encodeURIComponent(PASSWORD)];
    const argv = execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' });
    const { out: events } = await sbx(['log', '--since', '0', '--json']);
    for (const text of spelt) expect(argv + events + group.output()).not.to.contain(text);
    const state = path.join(folder, 'state');
    const holders = readdirSync(state, { recursive: true, encoding: 'utf8' })
      .map((name) => path.join(state, name))
      // What the gateway is just writing may have its last name by now.
      .filter(
        (name) =>
          statSync(name, { throwIfNoEntry: false })?.isFile() &&
          spelt.some((text) => readFileSync(name).includes(text)),
      );
    expect(holders.map((name) => path.relative(state, name)).sort()).to.deep.equal([
      'secrets/cam_001-0.json',
      'secrets/cam_004-0.json',
    ]);
  });

  it('live on stores that somebody else runs, with their passwords in files', async () => {
    const { code, out } = await sbx(['status']);
    expect(out).to.match(/: ready$/m);
    expect(out).to.match(/processes: (\d+) of \1 running/);
    expect(code).to.equal(0);
  });

  it('are counted on a listener of its own, for a Prometheus without a token', async () => {
    const answer = await fetch(`http://127.0.0.1:${metricsPort}/metrics`);
    expect(answer.headers.get('content-type')).to.contain('text/plain');
    expect(await answer.text()).to.contain('signalbox_cameras{state="live"} 2');
    expect((await fetch(`http://127.0.0.1:${metricsPort}/api/v1/cameras`)).status).to.equal(404);
  });

  it('come and go with the file while the others play on, and those of the API stay', async () => {
    const before = readFileSync(file(), 'utf8');
    const sinceOf = async (camera: string) =>
      JSON.parse((await sbx(['camera', 'list', '--json'])).out).items.find((item: { id: string }) => item.id === camera)
        ?.since;
    const since = await sinceOf('cam_001');
    const draft = path.join(folder, '.draft');
    writeFileSync(draft, `${before}  cam_002: rtsp://127.0.0.1:1/nothing\n`);
    renameSync(draft, file());
    await until('cam_002 to be refused by its address', async () => (await stateOf('cam_002'))?.reason === 'refused');
    writeFileSync(file(), before);
    await until('cam_002 to be gone', async () => (await stateOf('cam_002')) === undefined);
    expect((await stateOf('cam_004'))?.state).to.equal('live');
    expect(await sinceOf('cam_001')).to.equal(since);
  });

  it('are left alone by a broken change', async () => {
    const before = readFileSync(file(), 'utf8');
    writeFileSync(file(), `${before}  cam_003: rtsp://127.0.0.1:1/x\nhtpp: {}\n`);
    const log = path.join(folder, 'state', 'log', 'gateway.log');
    await until('the refusal to be logged', () => readFileSync(log, 'utf8').includes('did you mean'));
    expect(await stateOf('cam_003')).to.equal(undefined);
    expect((await stateOf('cam_001'))?.state).to.equal('live');
    expect((await sbx(['status'])).out).to.contain('did you mean "http"?');
    writeFileSync(file(), before);
  });

  it('notice a wrong password at once, and the right one as well', async () => {
    const before = readFileSync(file(), 'utf8');
    writeFileSync(file(), `cameras:\n  cam_001: ${address('one', 'op%40er:wrong@')}\n`);
    await until('the refusal', async () => (await stateOf('cam_001'))?.reason === 'unauthorized');
    writeFileSync(file(), before);
    await toBe('cam_001', 'live');
  });
});
