import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';
import { openSigningKeys } from '../../../adapters/keys.files.ts';
import { openSecrets } from '../../../adapters/secrets.files.ts';
import { serveLink } from '../../../bus/carriers/link.ts';
import type { Rung } from '../../../bus/events/rendition.ts';
import { id } from '../../../bus/identity.ts';
import { openLoginLinks } from '../../../infra/http/links.ts';
import { command } from '../../fixtures/command-line.ts';
import { type ServedGateway, serveGateway } from '../../fixtures/served-gateway.ts';

describe('the command line, against a gateway', () => {
  let gateway: ServedGateway;
  let state: string;
  const sbx = (...argv: string[]) => gateway.sbx(...argv);

  beforeEach(async () => {
    gateway = await serveGateway();
    ({ state } = gateway);
  });
  afterEach(() => gateway.close());

  it('shows at a glance what runs and what does not', async () => {
    await gateway.makeLive();
    const { code, out, err } = await sbx('status');
    expect(err).to.equal('');
    expect(out).to.match(/^Signalbox at http:\/\/127\.0\.0\.1:\d+: ready$/m);
    expect(out).to.match(/^cam_001 +live +\d+ m?s +0 +1280×720 30 fps 2\.0 Mb\/s/m);
    expect(out).to.match(/^relay-1 +serving/m);
    expect(out).to.contain('viewer sessions: none');
    expect(code).to.equal(0);
  });

  it('fails with the reasons when the gateway can not serve, for scripts and monitoring', async () => {
    gateway.health.push({ part: 'relays', state: 'down', text: 'no delivery relay serves' });
    const { code, out } = await sbx('status');
    expect(code).to.equal(1);
    expect(out).to.contain('relays down: no delivery relay serves');
    const json = JSON.parse((await sbx('status', '--json')).out);
    expect(json.ready).to.deep.include({ ok: false, status: 'down', reasons: gateway.health });
    expect(json.cameras[0]).to.include({ id: 'cam_001' });
  });

  it('tells what the gateway can not: processes, disk, and a configuration that is broken as it stands', async () => {
    const items = [
      { name: 'nats', pid: 7, state: 'running', restarts: 0 },
      {
        name: 'relay:relay-1',
        pid: 8,
        state: 'running',
        restarts: 3,
        last_exit: { at: Date.now(), text: 'was killed (SIGKILL)' },
      },
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
      expect(out)
        .to.match(/relay:relay-1: running, started again 3×, the last time \d+ m?s ago: it was killed \(SIGKILL\)/)
        .and.to.contain('gateway: backoff');
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
    const { out } = await sbx('login', '--sub', 'vera', '--role', 'viewer', '--zone', 'default', '--layout', 'lay_1');
    expect(out).to.match(/^http:\/\/127\.0\.0\.1:\d+\/\?login=[\w-]{43}&layout=lay_1\n$/);
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

  it('has an added camera recorded for as long as was said, or not, and takes no other word for it', async () => {
    const add = ['camera', 'add', 'cam_004', 'rtsp://192.0.2.8/a', '--no-wait'];
    for (const wrong of [
      ['--record', 'soon'],
      ['--record', '0s'],
      ['--record-max', '1GB'],
      ['--record', '7d', '--record-max', 'lots'],
    ]) {
      const { code, out, err } = await sbx(...add, ...wrong);
      expect(code, wrong.join(' ')).to.be.greaterThan(0);
      expect([out, err], wrong.join(' ')).to.satisfy(
        ([told, why]: string[]) => told === '' && /record/.test(why ?? ''),
      );
    }
    expect((await sbx('camera', 'list')).out).not.to.contain('cam_004');
    expect(await sbx(...add, '--record', '7d', '--record-max', '100GB')).to.include({ code: 0, err: '' });
    const asked = async () => {
      const { state: recording, context } = gateway.house.roster.view({ kind: 'recording', id: id('cam_004') }) ?? {};
      return [recording, context?.wanted, context?.keep_ms, context?.max_bytes];
    };
    expect(await asked()).to.deep.equal(['waiting', true, 604_800_000, 100e9]);
    expect((await sbx('camera', 'list')).out).to.match(/^cam_004 .* warm +7 d +overlay/m);
    await sbx('camera', 'change', 'cam_004', '--record', '12h');
    expect(await asked()).to.deep.equal(['waiting', true, 43_200_000, undefined]);
    await sbx('camera', 'change', 'cam_004', '--record', 'off');
    expect((await asked()).slice(0, 2)).to.deep.equal(['off', false]);
  });

  it('gives an added camera rungs of its own, or the usual ones again, and says what is wrong with them', async () => {
    const add = ['camera', 'add', 'cam_004', 'rtsp://192.0.2.8/a', '--no-wait'];
    expect((await sbx(...add, '--ladder', 'small')).err).to.contain('expected usual, or rungs such as 720p,540p:1400');
    expect((await sbx(...add, '--ladder', '720p,540p')).err).to.contain('ladder[1].bitrate_bps: is missing for 540p');
    expect((await sbx('camera', 'list')).out).not.to.contain('cam_004');
    expect(await sbx(...add, '--ladder', '720p,540p:1400')).to.include({ code: 0, err: '' });
    const ladder = () => {
      const { wanted, keep } = gateway.house.roster.view({ kind: 'rendition', id: id('cam_004') })?.context ?? {};
      return [(wanted as Rung[]).map(({ name, bitrate_bps }) => `${name} ${bitrate_bps}`).join(), keep];
    };
    expect(ladder()).to.deep.equal(['720p 2000000,540p 1400000', 'warm']);
    await sbx('camera', 'change', 'cam_004', '--ladder', 'usual');
    expect(ladder()).to.deep.equal(['720p 2000000,480p 1000000,360p 500000', 'on-demand']);
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
    const listing = gateway.program('camera', 'list', '--json');
    await new Promise((resolve) => listing.child.once('exit', resolve));
    expect(listing.child.exitCode, listing.output()).to.equal(0);
    expect(JSON.parse(listing.output()).items[0].id).to.equal('cam_001');
  });
});
