import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { createGate } from '../../../adapters/gate.jsonwebtoken.ts';
import { openSigningKeys } from '../../../adapters/keys.files.ts';
import { command } from '../../fixtures/command-line.ts';

describe('the command line, on this machine alone', () => {
  let state: string;
  beforeEach(() => {
    state = mkdtempSync(path.join(tmpdir(), 'sbx-cli-'));
  });
  afterEach(() => rmSync(state, { recursive: true, force: true }));
  const gate = () =>
    createGate({
      keys: openSigningKeys(path.join(state, 'keys')),
      issuer: 'signalbox',
      audience: 'signalbox',
      revoked: () => false,
    });

  it('tells its commands, and those of each', async () => {
    const help = await command(['--help']);
    expect((await command(['--version'])).out).to.match(/^\d+\.\d+\.\d+\n$/);
    expect(help.code).to.equal(0);
    for (const name of ['status', 'token', 'camera', 'watch', 'log', 'drill', 'config'])
      expect(help.out).to.contain(`  ${name} `);
    for (const name of [
      'status',
      'token',
      'camera add',
      'camera remove',
      'camera list',
      'drill',
      'watch',
      'log',
      'config check',
    ]) {
      const { code, out } = await command([...name.split(' '), '--help']);
      expect(code, name).to.equal(0);
      expect(out, name).to.contain('--json').and.to.contain('--state');
    }
  });

  const misuses: [what: string, argv: string[], expected: RegExp][] = [
    ['an unknown command, with the nearest', ['stauts'], /Did you mean status\?/],
    ['an unknown option, with the nearest', ['status', '--jsn'], /Did you mean --json\?/],
    [
      'an edge before what is no gateway',
      ['edge', '--config', 'infra/demo.yaml', '--origin', 'nowhere'],
      /--origin nowhere: expected HOST:PORT/,
    ],
    [
      'an edge before a gateway in a region that nobody knows',
      ['edge', '--config', 'infra/demo.yaml', '--origin', '127.0.0.1:8080@hmc'],
      /no network or relay is in region hmc; known are hcm/,
    ],
    [
      'an edge that is to take RTSP nowhere',
      ['edge', '--config', 'infra/demo.yaml', '--rtsp', '8555'],
      /--rtsp 8555: expected HOST:PORT/,
    ],
    ['no command', [], /Usage: signalbox/],
    ['a token for nobody', ['token', '--role', 'viewer'], /--sub <NAME>/],
    ['an unknown role, with the nearest', ['token', '--sub', 'a', '--role', 'veiwer'], /did you mean viewer\?/],
    [
      'a camera that is no id',
      ['token', '--sub', 'a', '--role', 'viewer', '--camera', '../x'],
      /--camera \.\.\/x: expected the id/,
    ],
    [
      'a zone that is none',
      ['token', '--sub', 'a', '--role', 'viewer', '--zone', 'hcm/*/x'],
      /--zone hcm\/\*\/x: expected a zone/,
    ],
    [
      'a lifetime without a unit',
      ['token', '--sub', 'a', '--role', 'viewer', '--ttl', '60'],
      /--ttl 60: expected a duration/,
    ],
    [
      'a bound on looking back that is none',
      ['token', '--sub', 'a', '--role', 'viewer', '--history', 'yesterday'],
      /--history yesterday: expected how far back, such as 1h, since_grant or/,
    ],
    ['a lifetime of ten years', ['token', '--sub', 'a', '--role', 'viewer', '--ttl', '3650d'], /from 1s to 366d/],
    ['a camera id with a slash', ['camera', 'add', 'a/b', 'rtsp://h/x'], /is no camera id/],
    ['a camera address that is none', ['camera', 'add', 'a', 'file:///etc/passwd'], /"file:" is no camera address/],
    ['a camera address that looks like an option', ['camera', 'add', 'a', '-f'], /unknown option/],
    ['a change of nothing', ['camera', 'change', 'a'], /say what to change/],
    ['a new password without the address', ['camera', 'change', 'a', '--user', 'u'], /give the address as well/],
    [
      'an unknown way to keep a camera',
      ['camera', 'add', 'a', 'rtsp://h/x', '--keep', 'hot'],
      /expected warm or on-demand/,
    ],
    ['a password without its user', ['camera', 'add', 'a', 'rtsp://h/x', '--password-stdin'], /needs --user NAME/],
    ['a moment that is none', ['log', '--since', 'yesterday'], /--since yesterday: expected a time back/],
    ['a file to check that is not named', ['config', 'check'], /name the file/],
    ['an address that is none', ['status', '--url', 'localhost'], /expected an address|expected http/],
    ['an address with a password', ['status', '--url', 'https://u:p@h'], /use --token-file/],
  ];
  for (const [what, argv, expected] of misuses) {
    it(`refuses ${what}, with exit code 2`, async () => {
      const { code, out, err } = await command([...argv], { env: { SIGNALBOX_STATE: state } });
      expect(out + err).to.match(expected);
      expect(code).to.equal(2);
    });
  }

  it('takes no camera password on the command line, and tells the way that is safe', async () => {
    const { code, err } = await command(['camera', 'add', 'cam_4', 'rtsp://u:hunter2@10.0.0.7/a']);
    expect(code).to.equal(2);
    expect(err).to.contain('signalbox camera add cam_4 rtsp://10.0.0.7/a --user NAME').and.not.to.contain('hunter2');
    const backup = await command(['camera', 'add', 'cam_4', 'rtsp://h/x', '--backup', 'rtsp://u:hunter2@h/y']);
    expect(backup.code).to.equal(2);
    expect(backup.err).not.to.contain('hunter2');
  });

  it('signs a token that the gateway believes', async () => {
    gate();
    const argv = [
      'token',
      '--sub',
      'vera',
      '--role',
      'viewer',
      '--camera',
      'cam_001',
      'cam_002',
      '--zone',
      'hcm/*,hanoi',
    ];
    const { code, out, err } = await command([...argv, '--ttl', '30m', '--name', 'Vera', '--state', state]);
    expect(code, err).to.equal(0);
    const claims = await gate().verifyLogin(out.trim());
    expect(claims).to.deep.include({ sub: 'vera', name: 'Vera', role: 'viewer', cameras: ['cam_001', 'cam_002'] });
    expect(claims.zones).to.deep.equal(['hcm/*', 'hanoi']);
    expect(claims.exp - claims.iat).to.be.within(1_799, 1_800);
  });

  it('gives a token as JSON to scripts, and warns of one that opens nothing', async () => {
    gate();
    const { out, err } = await command(['token', '--sub', 'a', '--role', 'viewer', '--state', state, '--json']);
    expect(JSON.parse(out)).to.include({ sub: 'a', role: 'viewer' });
    expect(err).to.contain('may see no camera');
  });

  it('makes no keys where no gateway would look for them', async () => {
    const { code, err } = await command(['token', '--sub', 'a', '--role', 'admin', '--state', state]);
    expect(code).to.equal(1);
    expect(err).to.contain('npm start').and.to.contain('--state DIR');
  });

  it('says when nothing runs, and what to do', async () => {
    for (const argv of [['status'], ['camera', 'list'], ['log'], ['watch', 'cam_001']]) {
      const { code, err } = await command([...argv, '--state', state]);
      expect(code).to.equal(1);
      expect(err).to.contain(`no Signalbox runs on ${state}`);
    }
  });

  it('drills only a group of this machine, one blow at a time', async () => {
    const elsewhere = await command(['drill', '--kill', 'relay-1', '--state', state]);
    expect(elsewhere.code).to.equal(1);
    expect(elsewhere.err).to.contain('runs on the machine of the group');
    for (const duration of ['0s', '1h', 'soon']) {
      const { code, err } = await command(['drill', '--kill', 'relay-1', '--duration', duration, '--state', state]);
      expect(code, duration).to.equal(2);
      expect(err).to.contain(duration);
    }
  });

  it('says when nobody answers', async () => {
    gate();
    const { code, err } = await command(['status', '--state', state, '--url', 'http://127.0.0.1:1']);
    expect(code).to.equal(1);
    expect(err).to.match(/nothing answers at http:\/\/127\.0\.0\.1:1|can't be reached/);
  });

  it('checks a configuration, and tells each fault with its place', async () => {
    const file = path.join(state, 'sbx.yaml');
    writeFileSync(file, 'cameras: { a: "rtsp://10.0.0.7/a" }\n');
    const good = await command(['config', 'check', file]);
    expect(good).to.include({ code: 0, err: '' });
    expect(good.out).to.match(/^ok .*1 camera, 2 relays, listening on 127\.0\.0\.1:8080/);
    writeFileSync(file, 'htpp: {}\ncameras: { A: "rtsp://10.0.0.7/a" }\n');
    const bad = await command(['config', 'check', file]);
    expect(bad.code).to.equal(1);
    expect(bad.err).to.contain(`${file}:1:1: htpp: there is no such setting; did you mean "http"?`);
    expect(bad.err).to.contain(`${file}:2:12: cameras.A: expected an id`).and.to.contain('2 faults');
    const json = JSON.parse((await command(['config', 'check', file, '--json'])).out);
    expect(json.valid).to.equal(false);
    expect(json.faults[0]).to.include({ setting: 'htpp', line: 1, column: 1 });
  });

  it('checks a configuration with the environment over it', async () => {
    const file = path.join(state, 'sbx.yaml');
    writeFileSync(file, 'ice: { tcp: true }\ncameras: { a: rtsp://h/x }\n');
    const { code, out } = await command(['config', 'check', file], { env: { SIGNALBOX_HTTP_PORT: '9000' } });
    expect(code).to.equal(0);
    expect(out).to.contain(':9000');
    expect((await command(['config', 'check', file], { env: { SIGNALBOX_HTTP_PORT: 'x' } })).code).to.equal(1);
  });

  it('lists the environment variables', async () => {
    const { out } = await command(['config', 'variables']);
    expect(out).to.match(/^SIGNALBOX_HTTP_PORT /m);
    expect(out).to.match(/^SIGNALBOX_MEDIAMTX .*the mediamtx to run$/m);
  });
});
