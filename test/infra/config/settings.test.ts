import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { parse } from 'yaml';
import { id } from '../../../bus/identity.ts';
import { settings } from '../../../infra/config/declaration.ts';
import { variablesOf } from '../../../infra/config/environment.ts';
import { ConfigError } from '../../../infra/config/fault.ts';
import type { Config } from '../../../infra/config/model.ts';
import { loadConfig, readConfig } from '../../../infra/config.ts';
import { rungsNamed } from '../../../machines/policy/ladder.ts';

const read = (text: string, env: NodeJS.ProcessEnv = {}): Config => readConfig('/etc/sbx.yaml', text, env);

const faultsOf = (text: string, env: NodeJS.ProcessEnv = {}): string[] => {
  try {
    read(text, env);
  } catch (error) {
    if (error instanceof ConfigError) return error.message.split('\n');
    throw error;
  }
  throw new Error('the configuration was accepted');
};

/** A relay that somebody else runs, and that pulls. */
const PULLER =
  '{ id: far, pull: true, api: "https://f.example.com:9997", rtsp: "rtsps://f.example.com", whep: "https://f.example.com" }';

const infra = path.resolve(import.meta.dirname, '../../../infra');

describe('the configuration', () => {
  it('needs nothing: every setting has a default, on loopback', () => {
    const config = read('');
    expect(config.http).to.deep.equal({ host: '127.0.0.1', port: 8080, trustedProxies: [], allowedOrigins: [] });
    expect(config.media.host).to.equal('127.0.0.1');
    expect(config.nats).to.equal('embedded');
    expect(config.redis).to.equal('embedded');
    expect(config.relays.map(({ id, role }) => `${role} ${id}`)).to.deep.equal(['intake intake-1', 'delivery relay-1']);
    expect(config.relays[1]?.ports).to.include({ rtsp: 8554, srt: 8890, webrtcUdp: 8189 });
    expect(config.relays[0]?.ports).to.include({ rtsp: 8654, rtmp: 1935, srt: 8990 });
    expect(config.auth.streamTokenTtlMs).to.equal(3_600_000);
    expect(config.limits.sessionsPerSubject).to.equal(20);
    expect(config.events).to.deep.equal({ keepMs: 30 * 86_400_000, maxBytes: 4_000_000_000 });
    expect(config.ledger).to.deep.equal({ keepMs: 400 * 86_400_000 });
    expect(config.warnings).to.deep.equal([]);
  });

  it('lets programs hear facts over NATS, and says what only fits a NATS that is run here, or one of your own', () => {
    const readers = '{ wall: {}, gate: { cameras: [cam_001] }, hall: { zones: [hcm/*] } }';
    const own = read(`nats: { websocket: "127.0.0.1:9222", readers: ${readers} }`);
    expect(own.nats).to.equal('embedded');
    expect(own.natsReaders).to.deep.equal({ wall: {}, gate: { cameras: ['cam_001'] }, hall: { zones: ['hcm/*'] } });
    expect(own.natsWebSocket).to.deep.equal({ host: '127.0.0.1', port: 9222 });
    expect(faultsOf('nats: { readers: { reader: {} } }').join()).to.contain('a user of our own');
    expect(faultsOf('nats: { user: me }').join()).to.contain('name its servers too');
    expect(faultsOf('nats: { readers: { board: { cameras: [] } } }').join()).to.contain('at least 1');
    expect(faultsOf('nats: { readers: { board: { zones: [HCM] } } }').join()).to.contain('a zone such as');
    expect(faultsOf('nats: { servers: ["nats://h:1"], websocket: "127.0.0.1:9222" }').join()).to.contain('your own');
    expect(faultsOf('auth: local\nnats: { websocket: "0.0.0.0:9222" }').join()).to.contain('without TLS');
  });

  it('takes one line for a camera', () => {
    const config = read('cameras:\n  cam_001: rtsp://user:pass@10.0.0.7/stream1\n');
    expect([...config.cameras]).to.deep.equal([
      [
        'cam_001',
        {
          name: 'cam_001',
          zone: 'default',
          keep: 'warm',
          eye: true,
          sources: [{ id: '0', url: 'rtsp://10.0.0.7/stream1', credential: 'cam_001-0' }],
        },
      ],
    ]);
    expect([...config.logins]).to.deep.equal([['cam_001-0', { username: 'user', password: 'pass' }]]);
    expect(JSON.stringify(config)).not.to.contain('pass@').and.not.to.contain('"pass"');
  });

  it('takes how long a better source must be steady, or never', () => {
    const camera = (handBack: string) =>
      `cameras:\n  cam_001:\n    sources: [rtsp://10.0.0.7/a]\n    hand_back: ${handBack}\n`;
    const handBackMs = (text: string) => [...read(camera(text)).cameras.values()][0]?.hand_back_ms;
    expect([handBackMs('30s'), handBackMs('never'), handBackMs('10s')]).to.deep.equal([30_000, 'never', undefined]);
    expect(() => read(camera('soon'))).to.throw(/hand_back/);
  });

  it('accepts its own commented example and the demo without a warning', () => {
    expect(loadConfig(path.join(infra, 'signalbox.yaml'), {}).warnings).to.deep.equal([]);
    const demo = loadConfig(path.join(infra, 'demo.yaml'), {});
    expect(demo.warnings).to.deep.equal([]);
    expect([...demo.cameras].map(([camera, { zone, sources }]) => [camera, zone, sources.length])).to.deep.equal([
      ['cam_001', 'hcm/center', 2],
      ['cam_002', 'hanoi/station', 2],
      ['cam_003', 'danang/beach', 2],
    ]);
  });

  it('shows every setting in the commented example, with its real default', () => {
    const text = readFileSync(path.join(infra, 'signalbox.yaml'), 'utf8');
    const shown = parse(text) as Record<string, unknown>;
    const names = Object.keys((settings.schema as unknown as { properties: object }).properties);
    expect(names.filter((name) => !new RegExp(`^#? ?${name}:`, 'm').test(text))).to.deep.equal([]);
    for (const { path: at, fallback } of variablesOf(settings.schema)) {
      expect(text, at.join('.')).to.match(new RegExp(`\\b${at.at(-1)}:`));
      const value = at.reduce<unknown>(
        (inside, step) => (inside as Record<string, unknown> | undefined)?.[step],
        shown,
      );
      if (value !== undefined && fallback !== undefined) expect(value, at.join('.')).to.deep.equal(fallback);
    }
  });

  const wrong: [what: string, text: string, expected: RegExp][] = [
    ['an unknown setting, with the nearest name', 'htpp: {}', /^\/etc\/sbx\.yaml:1:1: htpp: .*did you mean "http"/],
    ['a mistyped setting deep inside', 'http:\n  listn: x', /:2:3: http\.listn: .*did you mean "listen"/],
    ['a hyphen for an underscore', 'http:\n  public-url: https://x', /did you mean "public_url"/],
    ['a name far from all others, with what is known', 'http: { zzzzzz: 1 }', /known here: listen, port/],
    ['a mistyped word', 'nats: embeded', /:1:7: nats: expected embedded.*did you mean "embedded"/],
    ['a mistyped choice', 'log: { level: wran }', /expected one of trace.*did you mean "warn"/],
    ['a number where text is wanted', 'cameras:\n  a: { name: 7, sources: [rtsp://h/x] }', /:2:14: .*put it in quotes/],
    ['a duration without a unit', 'auth: { stream_token_ttl: 3600 }', /a duration such as 30s/],
    [
      'a port out of range',
      'ports: { rtsp: 70000 }',
      /ports\.rtsp: expected a port from 1 to 65535, found the number 70000/,
    ],
    ['a listener without a port', 'http: { listen: 127.0.0.1 }', /expected HOST:PORT/],
    ['a listener on a name', 'http: { listen: "example.com:80" }', /expected an IP address or localhost/],
    ['a listener on port 0', 'http: { listen: "127.0.0.1:0" }', /expected a port from 1/],
    ['a camera without a source', 'cameras:\n  a: { name: x }', /:2:3: cameras\.a: "sources" is missing/],
    ['a camera with no address', 'cameras: { a: }', /cameras\.a: expected an address/],
    ['a camera id with capitals', 'cameras: { Cam: rtsp://h/x }', /expected an id/],
    ['a camera id that objects inherit', 'cameras: { constructor: rtsp://h/x }', /expected an id/],
    ['__proto__ as a camera', 'cameras: { __proto__: rtsp://h/x }', /cameras\.__proto__: expected an id/],
    ['__proto__ as a setting', '__proto__: { listen: x }', /__proto__: there is no such setting/],
    [
      'a camera address that is none',
      'cameras:\n  a:\n    sources:\n      - rtsp://h/x\n      - file:///x',
      /:5:9: cameras\.a\.sources\.1: "file:"/,
    ],
    ['a zone with a space', 'cameras: { a: { zone: "a b", sources: [rtsp://h/x] } }', /expected a zone/],
    ['a list where a group is wanted', 'http: []', /expected a group of settings, found a list/],
    ['text where a list is wanted', 'ice: { stun: "stun:x" }', /expected a list, found text/],
    ['a list as the whole', '- 1', /expected a group of settings, found a list/],
    ['text as the whole', 'hello', /expected a group of settings, found text/],
    ['a key twice', 'http: {}\nhttp: {}', /:2:1: Map keys must be unique/],
    ['two documents', 'http: {}\n---\nhttp: {}', /:\d+:\d+: expected one document/],
    ['broken YAML', 'http: { listen: [ }', /^\/etc\/sbx\.yaml:1:\d+: /],
    ["another language's tag", 'state: !!python/object:os.system "id"', /Unresolved tag/],
    ['two servers on one port', 'ports: { nats: 8554 }', /port 8554 is used twice/],
    ['a relay with room for nobody', 'relays: [{ id: a, max_readers: 0 }]', /a whole number from 1 to/],
    [
      'a relay of others over the open Internet',
      'relays: [{ id: a, role: intake, api: "http://r.example.com", rtsp: "rtsps://r.example.com" }]',
      /relays\.0\.api: expected https:\/\/, or an IP address of a private network/,
    ],
    ['a relay of others without its addresses', 'relays: [{ id: a, api: "https://h" }]', /relays\.0\.rtsp: is missing/],
    ['addresses of a relay that runs here', 'relays: [{ id: a, rtsp: "rtsp://h" }]', /goes with "api"/],
    ['two relays of one name', 'relays: [{ id: a }, { id: a }]', /two relays are called "a"/],
    [
      'an intake that pulls programs',
      'relays: [{ id: a }, { id: b, role: intake, pull: true }]',
      /relays\.1\.pull: is for delivery relays; b is an intake/,
    ],
    ['relays that all pull', 'relays: [{ id: a, pull: true }]', /relays\.0\.pull: needs another delivery relay/],
    [
      'a relay that pulls from one that does not exist',
      'relays: [{ id: relay-1 }, { id: far, pull: [relay-11] }]',
      /relays\.1\.pull: .*"relay-11" is none; did you mean "relay-1"\?/,
    ],
    [
      'a relay that pulls from one that pulls',
      'relays: [{ id: a }, { id: b, pull: true }, { id: c, pull: [b] }]',
      /relays\.2\.pull: expected delivery relays without "pull": "b" is none/,
    ],
    ['a relay that pulls from nobody', 'relays: [{ id: a }, { id: b, pull: [] }]', /relays\.1\.pull: expected/],
    [
      'a relay of others that pulls from one which it can’t reach',
      `relays: [{ id: a }, ${PULLER}]`,
      /relays\.1\.pull: can't reach a from elsewhere: set http\.public_url, or media\.listen/,
    ],
    ['a proxy that is no address', 'http: { trusted_proxies: [proxy] }', /expected an IP address or a network/],
    ['a network that is none', 'regions: { networks: { 1.0.0.0/99: x } }', /expected a network/],
    ['an issuer missing beside its keys', 'auth: { jwks_url: https://x/keys }', /expected the issuer whose keys/],
    ['a password in the address of Redis', 'redis: { url: "redis://:x@h" }', /a password goes into a file/],
    ['an unknown alias', 'http: *nothing', /Unresolved alias/],
  ];
  for (const [what, text, expected] of wrong) {
    it(`refuses ${what}`, () => {
      expect(faultsOf(text).join('\n')).to.match(expected);
    });
  }

  it('tells every fault at once, in the order of the file', () => {
    const faults = faultsOf('log: { level: loud }\nnats: 7\nhtpp: {}\n');
    expect(faults.map((fault) => fault.split(':')[1])).to.deep.equal(['1', '2', '3']);
  });

  it('never repeats a password in what it refuses', () => {
    const text = 'cameras:\n  a: rtsp://u:hunter2@169.254.169.254/x\n  b: { sources: [ "rtsp://u:hunter2@h:0/" ] }';
    expect(faultsOf(text).join()).not.to.contain('hunter2');
  });

  it('opens no door to other machines before it is said who may enter', () => {
    expect(faultsOf('http: { listen: 0.0.0.0:8080 }').join()).to.match(/say who may enter/);
    expect(faultsOf('http: { listen: "[::]:8080" }').join()).to.match(/say who may enter/);
    expect(faultsOf('media: { listen: 10.0.0.1 }').join()).to.match(/media\.listen: .*say who may enter/);
    expect(faultsOf('metrics: { listen: 10.0.0.1:9100 }').join()).to.match(/metrics\.listen: .*say who may enter/);
    expect(read('http: { listen: "[::1]:8080" }').http).to.include({ host: '::1', port: 8080 });
  });

  it('lets nobody come in from other machines without TLS, unless it is said in so many words', () => {
    const open = 'auth: local\nhttp: { listen: 0.0.0.0:8080';
    expect(faultsOf(`${open} }`).join()).to.match(
      /media\.listen: .*RTSPS.*http\.listen: .*without TLS.*"insecure: true"/s,
    );
    const tls = 'tls: { cert: c.pem, key: k.pem }';
    const { http, media } = read(`${open}, ${tls} }`);
    expect(http.tls).to.deep.equal({ certFile: '/etc/c.pem', keyFile: '/etc/k.pem' });
    expect(media.host).to.equal('0.0.0.0');
    expect(read(`${open}, insecure: true }`).media.host).to.equal('0.0.0.0');
    const proxied = `${open}, public_url: "https://stream.example.com", trusted_proxies: [10.0.0.2] }`;
    expect(faultsOf(proxied).join())
      .to.match(/media\.listen: /)
      .and.not.match(/http\.listen/);
    expect(read(`${proxied}\nmedia: { insecure: true }`).http.host).to.equal('0.0.0.0');
    expect(read(`${proxied}\nmedia: { listen: 127.0.0.1 }`).media.host).to.equal('127.0.0.1');
    const plainProxy = `${open}, public_url: "http://stream.example.com", trusted_proxies: [10.0.0.2] }`;
    expect(faultsOf(plainProxy).join()).to.match(/http\.listen/);
  });

  it('takes an identity provider over TLS, with rules that can be understood', () => {
    const oidc = (more: string) => `auth: { oidc: { client_id: us, ${more} } }`;
    const rights = 'rights: [{ claim: groups, value: staff, role: viewer, zones: [hcm/*] }]';
    const secret = 'client_secret_file: oidc.secret';
    expect(read(oidc(`issuer: "https://login.example.com", ${secret}, ${rights}`)).auth.oidc).to.deep.include({
      secretFile: '/etc/oidc.secret',
      scopes: ['openid', 'profile', 'email'],
      rights: [{ claim: 'groups', value: 'staff', role: 'viewer', cameras: [], zones: ['hcm/*'] }],
    });
    const faults = (more: string) => faultsOf(oidc(more)).join();
    expect(faults(`issuer: "http://login.example.com", ${rights}`)).to.match(/oidc\.issuer: expected https/);
    expect(faults('issuer: "https://x.example.com"')).to.match(/rights/);
    expect(faults('issuer: "https://x.example.com", rights: [{ claim: groups, role: admin }]')).to.match(
      /stand together/,
    );
    expect(faults(`issuer: "https://x.example.com", scopes: [email], ${rights}`)).to.match(/expected openid/);
    const bounded = (history: string) =>
      `issuer: "https://x.example.com", rights: [{ role: viewer, history: ${history} }]`;
    expect(read(oidc(bounded('since_grant'))).auth.oidc?.rights[0]?.history).to.equal('since_grant');
    expect(faults(bounded('today'))).to.match(/expected how far back, such as 1h/);
    expect(faults(bounded('2026-13-41T00:00:00Z'))).to.match(/expected how far back, such as 1h/);
  });

  it('says how far back a role may look, whatever its tokens say', () => {
    expect(read('auth: { history: { viewer: 24h } }').auth.history).to.deep.equal({ viewer: 86_400_000 });
    expect(read('auth: local').auth.history).to.deep.equal({});
    expect(faultsOf('auth: { history: { viewer: since_grant } }').join()).to.match(/expected a duration/);
    expect(faultsOf('auth: { history: { admin: 24h } }').join()).to.match(/there is no such setting/);
  });

  it('says how long, and how much, of a camera is recorded', () => {
    const cameras = 'cameras:\n  a: { sources: [rtsp://h/x], record: { keep: 7d, max_bytes: 2GB } }\n  b: rtsp://h/y\n';
    expect([...read(cameras).records]).to.deep.equal([['a', { keepMs: 7 * 86_400_000, maxBytes: 2_000_000_000 }]]);
    expect(faultsOf('cameras:\n  a: { sources: [rtsp://h/x], record: { keep: soon } }\n').join()).to.match(
      /record\.keep/,
    );
  });

  it('takes several relays of each role, what each may carry, and which of them stay empty', () => {
    const { relays } = read(
      'relays: [{ id: i1, role: intake }, { id: i2, role: intake, drain: true }, { id: r1, max_readers: 40 }]',
    );
    expect(relays.map(({ id, role, drain, maxReaders }) => [id, role, drain, maxReaders])).to.deep.equal([
      ['i1', 'intake', false, undefined],
      ['i2', 'intake', true, undefined],
      ['r1', 'delivery', false, 40],
    ]);
    expect(relays.map(({ ports }) => ports.rtsp)).to.deep.equal([8654, 8674, 8554]);
  });

  it('reaches relays that others run: over TLS anywhere, without it in a private network alone, and then warns', () => {
    const safe =
      'relays: [{ id: far, api: "https://r.example.com:9997", rtsp: "rtsps://r.example.com", whep: "https://r.example.com" }]';
    const { relays, warnings } = read(safe);
    expect(relays.map(({ id, embedded }) => [id, embedded])).to.deep.equal([
      ['far', false],
      ['intake-1', true],
    ]);
    expect(relays[0]?.remote).to.deep.equal({
      api: { host: 'r.example.com', port: 9997, tls: true },
      rtsp: { host: 'r.example.com', port: 322, tls: true },
      whep: { host: 'r.example.com', port: 443, tls: true },
    });
    expect(warnings).to.deep.equal([]);
    const near = read('relays: [{ id: i, role: intake, api: "http://10.2.0.9:9997", rtsp: "rtsps://10.2.0.9" }]');
    expect(near.warnings.join()).to.match(/relays\.0\.api: goes over 10\.2\.0\.9 without encryption/);
  });

  it('knows where players reach a relay themselves, and needs our public address for one that runs here', () => {
    const open = 'relays: [{ id: r1, whep_public: "https://r1.example.com/" }]';
    expect(read(`http: { public_url: "https://wall.example.com" }\n${open}`).relays[0]).to.include({
      whepPublic: 'https://r1.example.com',
    });
    expect(faultsOf(open).join()).to.match(/relays\.0\.whep_public: needs http\.public_url/);
  });

  it('knows the rungs of a camera that names them, and refuses an empty ladder', () => {
    const { ladders } = read('cameras: { a: { sources: [rtsp://h/x], ladder: [360p, 480p, 360p] }, b: rtsp://h/y }');
    expect([...ladders]).to.deep.equal([['a', rungsNamed(['480p', '360p'])]]);
    expect(faultsOf('cameras: { a: { sources: [rtsp://h/x], ladder: [] } }').join()).to.match(/cameras\.a\.ladder/);
    expect(faultsOf('cameras: { a: { sources: [rtsp://h/x], ladder: [481p] } }').join()).to.match(
      /did you mean "480p"/,
    );
  });

  const withLadder = (rungs: string) => `cameras:\n  a:\n    sources: [rtsp://h/x]\n    ladder: [${rungs}]\n`;

  it('gives a rung of a camera the height, bit rate, highest bit rate and buffer that it says, and else the usual ones', () => {
    const { ladders } = read(
      withLadder(
        '480p, { height: 540, bitrate_kbps: 1400 }, { height: 720, bitrate_kbps: 3000, max_bitrate_kbps: 3200, buffer_kbits: 1000 }',
      ),
    );
    expect(ladders.get(id('a'))).to.deep.equal([
      { name: '720p', height: 720, bitrate_bps: 3_000_000, max_bps: 3_200_000, buffer_bits: 1_000_000 },
      { name: '540p', height: 540, bitrate_bps: 1_400_000, max_bps: 1_680_000, buffer_bits: 840_000 },
      { name: '480p', height: 480, bitrate_bps: 1_000_000, max_bps: 1_200_000, buffer_bits: 600_000 },
    ]);
    expect(read(withLadder('{ height: 720 }')).ladders.get(id('a'))).to.deep.equal(rungsNamed(['720p']));
  });

  it('says where a ladder makes no sense, and why', () => {
    for (const [rungs, expected] of [
      [
        '{ height: 720, bitrate_kbps: 2000, max_bitrate_kbps: 1500 }',
        /^\/etc\/sbx.yaml:4:\d+: cameras.a.ladder.0.max_bitrate_kbps: 1500 kb\/s is less than the 2000 kb\/s that 720p has$/,
      ],
      [
        '{ height: 540 }',
        /cameras.a.ladder.0.bitrate_kbps: is missing for 540p: only rungs of 1080, 720, 480, 360 lines/,
      ],
      ['480p, { height: 480, bitrate_kbps: 900 }', /cameras.a.ladder.1.height: 480p is here twice, with other figures/],
      [
        '720p, { height: 480, bitrate_kbps: 2000 }',
        /ladder.1.bitrate_kbps: 2000 kb\/s for 480p is not less than .* of 720p/,
      ],
      ['{ height: 541, bitrate_kbps: 1400 }', /ladder.0.height: expected an even number of lines/],
      [
        '{ height: 540, bitrate: 1400 }',
        /ladder.0.bitrate: there is no such setting; known here: height, bitrate_kbps, max_bitrate_kbps/,
      ],
      ['1080p, 720p, 480p, 360p, { height: 240, bitrate_kbps: 200 }', /expected 1 to 4 entries, found 5/],
    ] as const) {
      expect(faultsOf(withLadder(rungs)).join('\n'), rungs).to.match(expected);
    }
  });

  it('tells who writes keep: warm without a ladder what it does, and what to write to have the ladder kept too', () => {
    const camera = (more: string) => read(`cameras:\n  a:\n    sources: [rtsp://h/x]\n${more}`);
    const { warnings, cameras } = camera('    keep: warm\n');
    expect(warnings.join()).to.match(/^\/etc\/sbx.yaml:4:11: cameras.a.keep: .* Add ladder: \[720p, 480p, 360p\]/);
    expect(cameras.get(id('a'))?.keep).to.equal('warm');
    for (const more of ['', '    keep: warm\n    ladder: [480p]\n', '    keep: on-demand\n']) {
      expect(camera(more).warnings, more).to.deep.equal([]);
    }
    expect(camera('').cameras.get(id('a'))?.keep).to.equal('warm');
  });

  it('has relays pull programs from others: from any, or from some, the preferred one first', () => {
    const { relays } = read('relays: [{ id: a }, { id: b }, { id: c, pull: true }, { id: d, pull: [b, a] }]');
    expect(relays.map(({ id, pull }) => [id, pull])).to.deep.equal([
      ['a', undefined],
      ['b', undefined],
      ['c', []],
      ['d', ['b', 'a']],
      ['intake-1', undefined],
    ]);
    expect(read('relays: [{ id: a }, { id: b, pull: false }]').relays[1]).not.to.have.property('pull');
    const tls = 'listen: 0.0.0.0:443, tls: { cert: c, key: k }';
    const named = `auth: local\nhttp: { public_url: "https://wall.example.com", ${tls} }`;
    const addressed = 'auth: local\nmedia: { listen: 10.0.0.1, insecure: true }';
    for (const reached of [named, addressed]) {
      expect(read(`${reached}\nrelays: [{ id: a }, ${PULLER}]`).relays[1]?.pull).to.deep.equal([]);
    }
    expect(faultsOf(`auth: local\nhttp: { ${tls} }\nrelays: [{ id: a }, ${PULLER}]`).join()).to.match(/public_url/);
  });

  it('gives a second relay ports of its own', () => {
    const { relays } = read('relays: [{ id: a, weight: 3 }, { id: b, region: hanoi, ports: { rtsp: 9000 } }]');
    expect(relays.map(({ id }) => id)).to.deep.equal(['a', 'b', 'intake-1']);
    expect(relays[1]?.ports).to.include({ rtsp: 9000, srt: 8910, webrtcUdp: 8209 });
    expect(relays[1]?.region).to.equal('hanoi');
  });

  it("takes somebody else's issuer beside its own", () => {
    const { auth } = read(
      'auth: { issuer: https://id.example.com, jwks_url: https://id.example.com/keys, audience: wall }',
    );
    expect(auth).to.deep.include({
      issuer: 'signalbox',
      audience: 'wall',
      external: { issuer: 'https://id.example.com', audience: 'wall', jwksUrl: 'https://id.example.com/keys' },
    });
  });

  it('finds the files it names beside itself', () => {
    const config = read('ice: { turn: { urls: ["turn:t.example.com"], secret_file: turn-secret } }');
    expect(config.ice.turn?.secretFile).to.equal('/etc/turn-secret');
  });

  describe('with a database of places', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'sbx-places-'));
    const file = path.join(folder, 'signalbox.yaml');
    after(() => rmSync(folder, { recursive: true, force: true }));
    const load = (database: string, places = '') => {
      writeFileSync(file, `regions:\n  default: hcm\n  database: ${database}\n${places}`);
      return loadConfig(file, {});
    };

    it('finds it beside itself, alone or in a list, with the table of places', () => {
      copyFileSync(path.join(infra, '../test/infra/http/places.mmdb'), path.join(folder, 'city.mmdb'));
      const { regions } = load('city.mmdb', '  places: { VN-HN: hanoi, VN/Hanoi: hanoi, AS64500: danang, VN: hcm }\n');
      expect(regions.databases).to.deep.equal([path.join(folder, 'city.mmdb')]);
      expect(regions.places).to.include({ 'VN-HN': 'hanoi', AS64500: 'danang' });
      expect(load('[city.mmdb]').regions.databases).to.deep.equal([path.join(folder, 'city.mmdb')]);
    });

    it('refuses one that is missing or damaged, with its line, and places that it could not know', () => {
      expect(() => load('none.mmdb')).to.throw(ConfigError, /signalbox\.yaml:3:\d+.*there is no file .*none\.mmdb/);
      writeFileSync(path.join(folder, 'bad.mmdb'), 'not a database');
      expect(() => load('[bad.mmdb]')).to.throw(ConfigError, /signalbox\.yaml:3:\d+.*bad\.mmdb is no MaxMind database/);
      const cut = readFileSync(path.join(folder, 'city.mmdb')).subarray(0, 900);
      writeFileSync(path.join(folder, 'cut.mmdb'), cut);
      expect(() => load('cut.mmdb')).to.throw(ConfigError, /cut\.mmdb is no MaxMind database/);
      expect(() => load('[]', '  places: { VN: hcm }\n')).to.throw(ConfigError, /:4:\d+.*needs regions\.database/);
      expect(() => load('city.mmdb', '  places: { vietnam: hcm }\n')).to.throw(ConfigError, /VN-HN/);
    });
  });

  it('tells a missing file in one sentence', () => {
    expect(() => loadConfig('/nonexistent/sbx.yaml', {})).to.throw(ConfigError, 'there is no such file');
  });
});

describe('the environment', () => {
  it('overrides any setting with a fixed place', () => {
    const config = read('http: { listen: 127.0.0.1:1 }', {
      SIGNALBOX_HTTP_PORT: '9000',
      SIGNALBOX_ICE_STUN: 'stun:a, stun:b',
      SIGNALBOX_ICE_TCP: 'true',
      SIGNALBOX_REDIS: 'redis://10.0.0.4:6379',
      SIGNALBOX_NATS_SERVERS: 'nats://a:4222,nats://b:4222',
      SIGNALBOX_STATE: '/var/lib/signalbox',
      SIGNALBOX_MEDIAMTX: '/usr/bin/mediamtx',
      HOME: '/root',
    });
    expect(config.http.port).to.equal(9000);
    expect(config.ice.stun).to.deep.equal(['stun:a', 'stun:b']);
    expect(config.redis).to.deep.equal({ url: 'redis://10.0.0.4:6379' });
    expect(faultsOf('redis: redis://:secret@h:1').join()).to.match(/password_file/);
    expect(faultsOf('nats: { servers: ["nats://u:p@h"] }').join()).to.match(/without user and password/);
    expect(config.nats).to.deep.equal({ servers: ['nats://a:4222', 'nats://b:4222'] });
    expect(config.state).to.equal('/var/lib/signalbox');
    expect(config.ice.tcp).to.equal(true);
    expect(config.warnings).to.deep.equal([]);
  });

  it('is named when it is wrong', () => {
    expect(faultsOf('', { SIGNALBOX_HTTP_PORT: 'http' })).to.deep.equal([
      'SIGNALBOX_HTTP_PORT: http.port: expected a port from 1 to 65535',
    ]);
  });

  it('warns of a variable that overrides nothing, with the nearest name', () => {
    expect(read('', { SIGNALBOX_HTTP_PROT: '1' }).warnings).to.deep.equal([
      'SIGNALBOX_HTTP_PROT: overrides nothing; did you mean SIGNALBOX_HTTP_PORT?',
    ]);
  });

  it('has one name for each setting', () => {
    const names = variablesOf(settings.schema).map(({ name }) => name);
    expect(new Set(names).size).to.equal(names.length);
    expect(names).to.include.members(['SIGNALBOX_HTTP_LISTEN', 'SIGNALBOX_AUTH_ISSUER', 'SIGNALBOX_PORTS_RTSP']);
  });
});
