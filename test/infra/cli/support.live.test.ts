import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { openPeople } from '../../../adapters/people.files.ts';
import { openSecrets } from '../../../adapters/secrets.files.ts';
import { redactor } from '../../../infra/support/redact.ts';
import { type ServedGateway, serveGateway } from '../../fixtures/served-gateway.ts';

const CAMERA = 'canary/camera pass+7c1f';
const CONFIGURED = 'canary-configured-b2d0';
const WEBHOOK = 'canary-webhook-9e0113';
const REDIS = 'canary-redis-5ad0e9';
const HASH = '$scrypt$ln=10,r=8,p=1$canarysalt$canaryhash';

describe('signalbox support', () => {
  let gateway: ServedGateway;
  let folder: string;
  let token: string;
  let service: string;

  beforeEach(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'sbx-help-'));
    gateway = await serveGateway();
    await gateway.makeLive();
    const { state, services } = gateway;
    openSecrets(path.join(state, 'secrets')).keep('cam_009-0', { username: 'keeper', password: CAMERA });
    mkdirSync(path.join(state, 'passwords'), { recursive: true });
    writeFileSync(path.join(state, 'passwords/redis'), REDIS);
    writeFileSync(path.join(state, 'hook.secret'), `${WEBHOOK}\n`);
    const person = { role: 'viewer' as const, cameras: [], zones: [], must_change: false, since: 1 };
    openPeople(path.join(state, 'people.json')).add({ ...person, id: 'lan', password: HASH });
    writeFileSync(
      path.join(state, 'signalbox.yaml'),
      `# North side\ncameras:\n  cam_001: rtsp://keeper:${CONFIGURED}@192.0.2.7/x\nwebhooks:\n  - { url: https://ops.example.com, secret_file: hook.secret }\n`,
    );
    token = gateway.token({ sub: 'anna', role: 'admin' });
    const wish = { name: 'board', role: 'viewer' as const, cameras: [], zones: [], by: 'anna' };
    service = services.serviceTokens.make({ ...wish, expires_at: Date.now() + 60_000 }).token;
    const pem = readFileSync(path.join(state, 'keys/signing-1.pem'), 'utf8');
    mkdirSync(path.join(state, 'log'), { recursive: true });
    writeFileSync(
      path.join(state, 'log/gateway.log'),
      [
        'cam_001 went dark at noon',
        `DESCRIBE rtsp://keeper:${encodeURIComponent(CAMERA)}@192.0.2.7:554/x failed: 401`,
        `{"authorization":"Basic ${Buffer.from(`keeper:${CAMERA}`).toString('base64')}","status":401}`,
        `GET /?login=abcdefCanaryLogin0123 Authorization: Bearer ${token}`,
        `a program came with ${service}, redis with ${REDIS}, the hook with ${WEBHOOK}`,
        `srt://192.0.2.8:8890?streamid=read:cam:canaryStreamId&x=1 ${CAMERA} ${JSON.stringify({ CONFIGURED })}`,
        '/hls/cam_001/ses_abc/1800000000/canarySignature_x/index.m3u8',
        pem,
      ].join('\n'),
    );
  });
  afterEach(async () => {
    await gateway.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const unpack = (file: string): Map<string, string> => {
    execFileSync('tar', ['-xzf', file, '-C', folder]);
    const inside = path.join(folder, 'signalbox-support');
    const files = readdirSync(inside, { recursive: true, encoding: 'utf8' });
    return new Map(
      files
        .filter((name) => statSync(path.join(inside, name)).isFile())
        .map((name) => [name, readFileSync(path.join(inside, name), 'utf8')]),
    );
  };
  const plantedIn = (text: string): string[] =>
    [
      ...[CAMERA, encodeURIComponent(CAMERA), CONFIGURED, WEBHOOK, REDIS, HASH, token, service],
      ...[token.split('.')[2] ?? '', 'CanaryLogin', 'canaryStreamId', 'canarySignature', 'canaryhash', 'PRIVATE KEY'],
      ...[Buffer.from(`keeper:${CAMERA}`).toString('base64').slice(0, 20)],
    ].filter((secret) => text.includes(secret));

  it('packs what is needed to help into one file, and no secret of those that were planted', async () => {
    const file = path.join(folder, 'help.tar.gz');
    const ran = await gateway.sbx('support', file);
    expect(ran.code, ran.err).to.equal(0);
    expect(statSync(file).mode & 0o777).to.equal(0o600);
    const parts = unpack(file);
    const whole = [...parts.values()].join('\n');
    expect(
      plantedIn(readFileSync(path.join(gateway.state, 'log/gateway.log'), 'utf8')),
      'they were there',
    ).to.have.length.greaterThan(10);
    expect(plantedIn(whole)).to.deep.equal([]);

    expect([...parts.keys()]).to.include.members([
      ...['about.json', 'configuration.yaml', 'readiness.json', 'metrics.txt', 'last-hour.jsonl', 'missing.txt'],
      ...['states/cameras.json', 'states/sessions.json', 'states/service-tokens.json', 'log/gateway.log'],
    ]);
    expect(parts.get('missing.txt')).to.equal('');
    expect(parts.get('log/gateway.log'))
      .to.contain('cam_001 went dark at noon')
      .and.contain('rtsp://[hidden]@192.0.2.7:554/x');
    expect(parts.get('configuration.yaml')).to.contain('# North side').and.contain('secret_file: hook.secret');
    expect(JSON.parse(parts.get('states/cameras.json') ?? '').items[0]).to.include({ id: 'cam_001', state: 'live' });
    const lines = (parts.get('last-hour.jsonl') ?? '')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.filter((line) => 'record' in line).length).to.be.greaterThan(2);
    expect(parts.get('metrics.txt')).to.contain('signalbox_cameras{state="live"} 1');
  });

  it('packs what it can while the gateway does not answer, and says what is missing and why', async () => {
    await gateway.server.close();
    const file = path.join(folder, 'help.tar.gz');
    const { code, out } = await gateway.sbx('support', file, '--json');
    expect(code).to.equal(0);
    const { missing } = JSON.parse(out);
    expect(missing.find((line: string) => line.startsWith('states/cameras.json'))).to.match(/nothing answers at/);
    expect(unpack(file).get('log/gateway.log')).to.contain('went dark');
  });

  it('takes out nothing else: ordinary words stay as they are', () => {
    const text = 'the camera of password street: state live, key frame every 2 s, https://example.com/a?from=1&to=2';
    expect(redactor(['abc', 'sesame'])(text)).to.equal(text);
    expect(redactor(['sesame'])('open sesame, c2VzYW1l')).to.equal('open [hidden], [hidden]');
  });
});
