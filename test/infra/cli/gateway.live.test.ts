import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { createGate } from '../../../adapters/gate.jsonwebtoken.ts';
import { openSigningKeys } from '../../../adapters/keys.files.ts';
import { openSecrets } from '../../../adapters/secrets.files.ts';
import { serveLink } from '../../../bus/carriers/link.ts';
import { id } from '../../../bus/identity.ts';
import { openOverlay } from '../../../infra/config/overlay.ts';
import { readConfig } from '../../../infra/config.ts';
import { type Installation, keepInstallation } from '../../../infra/gateway/installation.ts';
import { type Group, groupFile } from '../../../infra/group.ts';
import { openLoginLinks } from '../../../infra/http/links.ts';
import { buildServer } from '../../../infra/http/server.ts';
import type { HealthReason } from '../../../infra/http/services.ts';
import { type FakeGateway, fakeGateway } from '../../fakes/http.ts';
import { command } from '../../fixtures/command-line.ts';
import { run, until } from '../../fixtures/process.ts';

const cam1 = { kind: 'camera' as const, id: id('cam_001') };

describe('the command line, against a gateway', () => {
  let state: string;
  let gateway: FakeGateway;
  let health: HealthReason[];

  /** A gateway's HTTP floor on a real port, found as the launcher would have it found. */
  beforeEach(async () => {
    state = mkdtempSync(path.join(tmpdir(), 'sbx-cli-'));
    const file = path.join(state, 'signalbox.yaml');
    writeFileSync(file, '');
    health = [];
    const keys = openSigningKeys(path.join(state, 'keys'));
    const gate = createGate({ keys, issuer: 'signalbox', audience: 'signalbox', revoked: () => false });
    let installation: Installation;
    const overlay = {
      add: (...args: Parameters<Installation['changes']['add']>) => installation.changes.add(...args),
      patch: (...args: Parameters<Installation['changes']['patch']>) => installation.changes.patch(...args),
      remove: (...args: Parameters<Installation['changes']['remove']>) => installation.changes.remove(...args),
      origin: (camera: typeof cam1.id) => installation.changes.origin(camera),
    };
    gateway = await fakeGateway({ gate, overlay, health: () => health });
    const group = { config: file, state, demo: false, demoCameras: [], relays: [] } as unknown as Group;
    const secrets = openSecrets(path.join(state, 'secrets'));
    const config = readConfig(file, 'cameras: { cam_001: "rtsp://192.0.2.7/a" }', {});
    installation = keepInstallation(config, {
      group,
      cells: gateway.house.roster,
      overlay: openOverlay(state, secrets),
      secrets,
      onCameras: () => {},
    });
    await installation.apply(config);
    await gateway.server.listen({ host: '127.0.0.1', port: 0 });
    writeGroup((gateway.server.server.address() as AddressInfo).port);
  });
  afterEach(async () => {
    await gateway.close();
    rmSync(state, { recursive: true, force: true });
  });

  function writeGroup(port: number): void {
    const group: Group = {
      node: 'gw-test',
      launcherPid: process.pid,
      state,
      config: path.join(state, 'signalbox.yaml'),
      demo: false,
      http: { host: '127.0.0.1', port },
      jwks: { port: 1 },
      nats: { servers: [], user: '', passwordFile: '' },
      redis: { host: '127.0.0.1', port: 1, passwordFile: '' },
      relays: [],
      links: { launcher: path.join(state, 'launcher.sock'), switchers: state },
      demoCameras: [],
    };
    mkdirSync(path.dirname(groupFile(state)), { recursive: true });
    writeFileSync(groupFile(state), JSON.stringify(group));
  }
  const sbx = (...argv: string[]) => command([...argv, '--state', state]);
  const program = (...argv: string[]) =>
    run('/usr/bin/env', [
      'node',
      path.resolve(import.meta.dirname, '../../../infra/signalbox.mjs'),
      ...argv,
      '--state',
      state,
    ]);
  const makeLive = async () => {
    await gateway.house.roster.offer(cam1, { type: 'probe.answered', tracks: [], elapsed_ms: 3 });
    await gateway.house.roster.offer(cam1, {
      type: 'source.flowing',
      source: '0',
      codec: 'H264',
      width: 1280,
      height: 720,
    });
  };

  it('shows at a glance what runs and what does not', async () => {
    await makeLive();
    const { code, out, err } = await sbx('status');
    expect(err).to.equal('');
    expect(out).to.match(/^Signalbox at http:\/\/127\.0\.0\.1:\d+: ready$/m);
    expect(out).to.match(/^cam_001 +live +\d+ m?s +0 +1280×720 30 fps 2\.0 Mb\/s/m);
    expect(out).to.match(/^relay-1 +serving/m);
    expect(out).to.contain('viewer sessions: none');
    expect(code).to.equal(0);
  });

  it('fails with the reasons when the gateway can not serve, for scripts and monitoring', async () => {
    health = [{ part: 'relays', state: 'down', text: 'no delivery relay serves' }];
    const { code, out } = await sbx('status');
    expect(code).to.equal(1);
    expect(out).to.contain('relays down: no delivery relay serves');
    const json = JSON.parse((await sbx('status', '--json')).out);
    expect(json.ready).to.deep.include({ ok: false, status: 'down', reasons: health });
    expect(json.cameras[0]).to.include({ id: 'cam_001' });
  });

  it('tells what the gateway can not: processes, disk, and a configuration that is broken as it stands', async () => {
    const items = [
      { name: 'nats', pid: 7, state: 'running', restarts: 0 },
      { name: 'relay:relay-1', pid: 8, state: 'running', restarts: 3 },
      { name: 'gateway', state: 'backoff', restarts: 9 },
    ];
    const launcher = await serveLink(path.join(state, 'launcher.sock'), {
      up: (peer) => peer.send({ type: 'processes', items }),
      hear: () => {},
    });
    try {
      writeFileSync(path.join(state, 'signalbox.yaml'), 'htpp: {}\n');
      const { code, out } = await sbx('status');
      expect(code).to.equal(0);
      expect(out).to.contain('processes: 2 of 3 running');
      expect(out).to.contain('relay:relay-1: running, started again 3×').and.to.contain('gateway: backoff');
      expect(out).to.contain('signalbox.yaml:1:1: htpp: there is no such setting; did you mean "http"?');
      expect(out).to.match(/disk: .*GB free/);
      await gateway.server.close();
      const alone = await sbx('status');
      expect(alone.code).to.equal(1);
      expect(alone.out).to.contain('gateway: backoff');
      expect(alone.err).to.contain('nothing answers');
    } finally {
      launcher.close();
    }
  });

  it('makes a link that signs one browser in, once', async () => {
    const { out } = await sbx('login', '--sub', 'vera', '--role', 'viewer', '--zone', 'default');
    expect(out).to.match(/^http:\/\/127\.0\.0\.1:\d+\/\?login=[\w-]{43}\n$/);
    const link = new URL(out.trim()).searchParams.get('login') ?? '';
    const links = openLoginLinks(path.join(state, 'links'));
    expect(links.redeem(link)).to.deep.equal({ sub: 'vera', role: 'viewer', cameras: [], zones: ['default'] });
    expect(links.redeem(link)).to.equal(undefined);
  });

  it('adds, lists and removes a camera', async () => {
    const added = await sbx(
      'camera',
      'add',
      'cam_004',
      'rtsp://192.0.2.8/a',
      '--name',
      'North gate',
      '--zone',
      'hcm/airport',
      '--no-wait',
    );
    expect(added).to.include({ code: 0, err: '' });
    const listed = (await sbx('camera', 'list')).out;
    expect(listed).to.match(/^cam_001 .* file +rtsp:\/\/192\.0\.2\.7\/a$/m);
    expect(listed).to.match(/^cam_004 +North gate +hcm\/airport +\S+ +warm +overlay +rtsp:\/\/192\.0\.2\.8\/a$/m);
    expect((await sbx('camera', 'remove', 'cam_004')).out).to.equal('removed cam_004\n');
    expect((await sbx('camera', 'list')).out).not.to.contain('cam_004');
  });

  it('changes a camera in part, its password too', async () => {
    await sbx('camera', 'add', 'cam_004', 'rtsp://192.0.2.8/a', '--no-wait');
    expect(await sbx('camera', 'change', 'cam_004', '--name', 'South gate')).to.include({ code: 0, err: '' });
    const argv = ['camera', 'change', 'cam_004', 'rtsp://192.0.2.9/b', '--user', 'op', '--password-stdin', '--no-wait'];
    expect((await command([...argv, '--state', state], { input: 'new' })).code).to.equal(0);
    expect((await sbx('camera', 'list')).out).to.match(/^cam_004 +South gate +default .* rtsp:\/\/192\.0\.2\.9\/b$/m);
    expect(openSecrets(path.join(state, 'secrets')).login('cam_004-0')?.password).to.equal('new');
    expect((await sbx('camera', 'change', 'cam_001', '--name', 'x')).err).to.contain('change it there');
  });

  it("takes a camera's password from standard input, into the secret store and nowhere else", async () => {
    const { code, err } = await command(
      [
        'camera',
        'add',
        'cam_004',
        'rtsp://192.0.2.8/a',
        '--user',
        'op:er',
        '--password-stdin',
        '--no-wait',
        '--state',
        state,
      ],
      { input: 'p@ss/w%rd#1\n' },
    );
    expect(code, err).to.equal(0);
    expect(openSecrets(path.join(state, 'secrets')).login('cam_004-0')).to.deep.equal({
      username: 'op:er',
      password: 'p@ss/w%rd#1',
    });
    expect(readFileSync(path.join(state, 'cameras.json'), 'utf8'))
      .not.to.contain('w%rd')
      .and.not.to.contain('w%25rd');
    expect((await sbx('camera', 'list')).out)
      .to.contain('rtsp://192.0.2.8/a')
      .and.not.to.contain('@');
    expect(gateway.log.join()).not.to.contain('w%rd').and.not.to.contain('w%25rd');
  });

  it('says what to do about a camera that is there already, is not there, or stands in the file', async () => {
    const twice = await sbx('camera', 'add', 'cam_001', 'rtsp://192.0.2.8/a');
    expect(twice).to.deep.include({ code: 1, out: '' });
    expect(twice.err).to.match(/already.*\(exists\)/);
    expect((await sbx('camera', 'remove', 'cam_009')).err).to.match(/no camera cam_009 \(not-found\)/);
    expect((await sbx('camera', 'remove', 'cam_001')).err).to.match(/configured in signalbox\.yaml: change it there/);
  });

  it('tells where a camera can be watched', async () => {
    const { out } = await sbx('watch', 'cam_001');
    expect(out).to.match(/page +http:\/\/127\.0\.0\.1:\d+\/watch\/cam_001/);
    expect(out).to.match(/WHEP +http:\/\/127\.0\.0\.1:\d+\/live\/cam_001\/whep/);
    const json = JSON.parse((await sbx('watch', 'cam_001', '--json')).out);
    expect(json).to.include({ id: 'cam_001' }).and.to.have.property('whep');
    expect((await sbx('watch', 'cam_009')).code).to.equal(1);
  });

  it('prints what happened and why, and ends at the newest event', async () => {
    await makeLive();
    const started = performance.now();
    const { code, out } = await sbx('log');
    expect(performance.now() - started).to.be.below(2_500);
    expect(code).to.equal(0);
    expect(out).to.match(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} {2}camera cam_001 +live +\S/m);
    expect(out).to.match(/relay relay-1 +serving/);
    const lines = (await sbx('log', '--camera', 'cam_001', '--json')).out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(new Set(lines.map(({ subject }) => subject))).to.deep.equal(new Set(['camera/cam_001']));
    const last = lines.at(-1);
    expect((await sbx('log', '--since', String(last.sequence))).out).to.equal('');
    expect((await sbx('log', '--since', '2099-01-01')).out).to.equal('');
    expect((await sbx('log', '--since', '5m')).out).to.contain('cam_001');
  });

  it('finds a moment among thousands of events', async function () {
    this.timeout(30_000);
    for (let n = 0; n < 700; n += 1) {
      const fact = {
        id: `x-${n}`,
        type: 'signalbox.camera.live',
        subject: 'camera/cam_001',
        source: '/gateways/gw-test',
      };
      const time = new Date(Date.parse('2026-01-01T00:00:00Z') + n * 60_000).toISOString();
      await gateway.services.facts.tell({
        ...fact,
        specversion: '1.0',
        time,
        datacontenttype: 'application/json',
        data: { zone: 'default' },
        version: 1,
      });
    }
    const { out } = await sbx('log', '--since', '2026-01-01T10:00:00Z', '--json');
    const times = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).time);
    expect(times.filter((time) => time < '2026-01-01T10:00:00')).to.deep.equal([]);
    expect(times[0]).to.equal('2026-01-01T10:00:00.000Z');
  });

  it('follows what happens next, over a restart of the gateway, without a gap and without a double', async function () {
    this.timeout(30_000);
    await makeLive();
    const { port } = gateway.server.server.address() as AddressInfo;
    const following = program('log', '--follow', '--since', '0', '--json');
    const printed = () =>
      following
        .output()
        .split('\n')
        .filter((line) => line.startsWith('{'));
    await until('the log so far', () => printed().some((line) => line.includes('camera.live')));
    await gateway.server.close();
    await gateway.house.roster.offer(cam1, { type: 'source.silent', source: '0', silent_ms: 900 });
    await until('the interruption to be told', () => following.output().includes('interrupted'));
    const successor = await buildServer(gateway.services);
    try {
      await successor.listen({ host: '127.0.0.1', port });
      await gateway.house.roster.offer(cam1, { type: 'source.flowing', source: '0', codec: 'H264' });
      const { last } = await gateway.services.facts.range();
      const sequences = () => printed().map((line) => JSON.parse(line).sequence);
      await until('the last event', () => sequences().includes(last));
      expect(sequences()).to.deep.equal(Array.from({ length: last }, (_, index) => index + 1));
      expect(following.output()).to.match(/connected again; going on after sequence \d+/);
    } finally {
      await following.stop();
      await successor.close();
    }
  });

  it('does not trust a name that would move the cursor', async () => {
    await sbx('camera', 'add', 'cam_004', 'rtsp://192.0.2.8/a', '--name', 'x\u001b[2Jy', '--no-wait');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: it must not be there
    expect((await sbx('status')).out + (await sbx('camera', 'list')).out).not.to.match(/\u001b/);
  });

  it('says whose keys are wrong, when the data folder is that of another gateway', async () => {
    rmSync(path.join(state, 'keys'), { recursive: true });
    openSigningKeys(path.join(state, 'keys'));
    const { code, err } = await sbx('camera', 'list');
    expect(code).to.equal(1);
    expect(err).to.contain('is --state the data folder of that gateway?');
  });

  it('uses a token from a file instead of its own keys', async () => {
    const file = path.join(state, 'token');
    const { out: token } = await sbx('token', '--sub', 'vera', '--role', 'viewer', '--zone', 'default');
    writeFileSync(file, token, { mode: 0o600 });
    const { code, out } = await sbx('camera', 'list', '--token-file', file);
    expect(code).to.equal(0);
    expect(out).to.contain('cam_001');
    const refused = await sbx('camera', 'add', 'cam_004', 'rtsp://192.0.2.8/a', '--token-file', file);
    expect(refused).to.include({ code: 1, err: 'signalbox: Access denied (role)\n' });
  });

  it('runs as a program of its own', async () => {
    const listing = program('camera', 'list', '--json');
    await new Promise((resolve) => listing.child.once('exit', resolve));
    expect(listing.child.exitCode, listing.output()).to.equal(0);
    expect(JSON.parse(listing.output()).items[0].id).to.equal('cam_001');
  });
});
