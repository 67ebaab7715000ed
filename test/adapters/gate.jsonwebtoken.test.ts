import { createHmac, generateKeyPairSync } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import jwt from 'jsonwebtoken';
import { BadToken } from '../../adapters/gate.jsonwebtoken/bad-token.ts';
import { createGate, type Gate, type GateSettings } from '../../adapters/gate.jsonwebtoken.ts';
import { addSigningKey, openSigningKeys } from '../../adapters/keys.files.ts';
import { openRevocations } from '../../adapters/revocations.files.ts';
import { id } from '../../bus/identity.ts';

const person = { sub: 'alice', role: 'viewer' as const, cameras: ['cam_001'], zones: ['hcm/*'] };

/** Why a gate refuses a token; undefined when it does not. */
async function faultOf(verify: Promise<unknown>): Promise<string | undefined> {
  try {
    await verify;
  } catch (error) {
    expect(error).to.be.instanceOf(BadToken);
    return (error as BadToken).reason;
  }
  return undefined;
}

const base64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

describe('the gate', () => {
  let folder: string;
  let now: number;
  let gate: Gate;
  const build = (change: Partial<GateSettings> = {}) =>
    createGate({
      keys: openSigningKeys(path.join(folder, 'keys')),
      issuer: 'signalbox',
      audience: 'signalbox',
      revoked: () => false,
      now: () => now,
      ...change,
    });
  const signingKey = () => {
    const [key] = openSigningKeys(path.join(folder, 'keys'));
    if (!key) throw new Error('there is no key');
    return key;
  };
  /** A token like ours, but for what is changed. */
  const forge = (claims: Record<string, unknown>, header: Record<string, unknown> = {}) => {
    const key = signingKey();
    const seconds = Math.floor(now / 1000);
    const whole = { ...person, iss: 'signalbox', aud: 'signalbox', iat: seconds, exp: seconds + 60, ...claims };
    const kept = Object.fromEntries(Object.entries(whole).filter(([, value]) => value !== undefined));
    const options = { algorithm: 'ES256' as const, header: { alg: 'ES256', typ: 'JWT', kid: key.kid, ...header } };
    return jwt.sign(kept, key.privateKey, { ...options, noTimestamp: claims.iat === undefined && 'iat' in claims });
  };

  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'sbx-gate-'));
    now = 1_800_000_000_123;
    gate = build();
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('believes what it signed, with every right it was given', async () => {
    const claims = await gate.verifyLogin(gate.mintLogin({ ...person, name: 'Alice' }, 60));
    expect(claims).to.include({ sub: 'alice', name: 'Alice', role: 'viewer' });
    expect(claims.cameras).to.deep.equal(['cam_001']);
    expect(claims.exp).to.equal(Math.floor(now / 1000) + 60);
  });

  it('believes how far back its bearer may look, counted from the token where it says since the grant', async () => {
    const historyOf = async (history: unknown) =>
      (await gate.verifyLogin(gate.mintLogin({ ...person, history } as never, 60))).history;
    expect(await historyOf({ last_ms: 3_600_000 })).to.deep.equal({ last_ms: 3_600_000 });
    expect(await historyOf({ since: 5 })).to.deep.equal({ since: 5 });
    expect(await historyOf('since_grant')).to.deep.equal({ since: now });
    for (const none of ['1h', {}, { last_ms: 0 }, { last_ms: 1, since: 0 }, { until: 5 }, null]) {
      expect(await faultOf(historyOf(none)), JSON.stringify(none)).to.equal('claims');
    }
  });

  it('ends a token when it says, remembered or not', async () => {
    const token = gate.mintLogin(person, 60);
    await gate.verifyLogin(token);
    now += 59_000;
    await gate.verifyLogin(token);
    now += 2_000;
    expect(await faultOf(gate.verifyLogin(token))).to.equal('expired');
  });

  it('believes a gateway by its own token alone, and nobody else by that', async () => {
    const token = gate.mintGateway('gate-1', 30);
    expect(await gate.verifyGateway(token)).to.equal('gate-1');
    expect(await faultOf(gate.verifyLogin(token))).to.equal('type');
    expect(await faultOf(gate.verifyGateway(gate.mintLogin(person, 60)))).to.equal('type');
    now += 31_000;
    expect(await faultOf(gate.verifyGateway(token))).to.equal('expired');
  });

  it('keeps the three kinds of token apart', async () => {
    const stream = gate.mintStream({ sub: 'alice', session: id('ses_1'), camera: id('cam_001') }, 60);
    const relay = gate.mintRelay('ses_1', [{ action: 'read', path: 'cam_001' }], 60);
    const login = gate.mintLogin(person, 60);
    expect(await gate.verifyStream(stream)).to.include({ session: 'ses_1', camera: 'cam_001' });
    expect(await faultOf(gate.verifyLogin(stream))).to.equal('type');
    expect(await faultOf(gate.verifyLogin(relay))).to.equal('audience');
    expect(await faultOf(gate.verifyStream(login))).to.equal('type');
    expect(await faultOf(gate.verifyStream(relay))).to.equal('type');
  });

  it('gives the relay a token that names one path and our session', () => {
    const token = gate.mintRelay('ses_1', [{ action: 'read', path: 'cam_001' }], 60);
    const claims = jwt.verify(token, signingKey().publicKey, { algorithms: ['ES256'], clockTimestamp: now / 1000 });
    expect(claims).to.deep.include({ sub: 'ses_1', mediamtx_permissions: [{ action: 'read', path: 'cam_001' }] });
    expect(JSON.stringify(gate.jwks())).to.not.contain('"d"');
  });

  describe('refuses', () => {
    const foreign = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const cases: [string, () => string, string][] = [
      ['a token without signature (alg none)', () => `${base64({ alg: 'none' })}.${base64(person)}.`, 'algorithm'],
      ['alg None in other letters', () => `${base64({ alg: 'nOnE' })}.${base64(person)}.`, 'algorithm'],
      [
        'HS256 with our public key as the secret',
        () => {
          const { jwk, kid, publicKey } = signingKey();
          expect(jwk.kid).to.equal(kid);
          const secret = publicKey.export({ type: 'spki', format: 'pem' });
          const body = `${base64({ alg: 'HS256', kid })}.${base64({ ...person, exp: 9e9 })}`;
          return `${body}.${createHmac('sha256', secret).update(body).digest('base64url')}`;
        },
        'algorithm',
      ],
      [
        'RS256',
        () => {
          const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
          return jwt.sign(person, privateKey, { algorithm: 'RS256', keyid: signingKey().kid });
        },
        'algorithm',
      ],
      [
        'a foreign key under our name',
        () => jwt.sign(person, foreign.privateKey, { algorithm: 'ES256', keyid: signingKey().kid }),
        'signature',
      ],
      ['an unknown kid', () => forge({}, { kid: 'unknown' }), 'unknown-key'],
      ['a kid that is a path', () => forge({}, { kid: '../../etc/passwd' }), 'unknown-key'],
      ['a kid that every object has', () => forge({}, { kid: '__proto__' }), 'unknown-key'],
      ['no kid', () => forge({}, { kid: undefined }), 'unknown-key'],
      ['a key of its own (jwk, jku)', () => forge({}, { kid: 'mine', jku: 'http://192.0.2.1/jwks' }), 'unknown-key'],
      ['an extension it asks for (crit)', () => forge({}, { crit: ['b64'], b64: false }), 'type'],
      ['another typ', () => forge({}, { typ: 'logout+jwt' }), 'type'],
      ['no audience', () => forge({ aud: undefined }), 'audience'],
      ['another audience', () => forge({ aud: 'elsewhere' }), 'audience'],
      ['no issuer', () => forge({ iss: undefined }), 'issuer'],
      ['another issuer', () => forge({ iss: 'elsewhere' }), 'issuer'],
      ['no exp', () => forge({ exp: undefined }), 'claims'],
      ['no iat', () => forge({ iat: undefined }), 'claims'],
      ['an exp in the past', () => forge({ exp: Math.floor(now / 1000) - 1 }), 'expired'],
      ['an nbf in the future', () => forge({ nbf: Math.floor(now / 1000) + 120 }), 'not-yet'],
      ['an iat in the future', () => forge({ iat: Math.floor(now / 1000) + 120 }), 'not-yet'],
      ['no sub', () => forge({ sub: undefined }), 'claims'],
      ['an unknown role', () => forge({ role: 'root' }), 'claims'],
      ['cameras that are no ids', () => forge({ cameras: ['cam.*'] }), 'claims'],
      ['cameras that are no list', () => forge({ cameras: 'cam_001' }), 'claims'],
      ['two dots and nothing', () => '..', 'malformed'],
      ['an empty text', () => '', 'malformed'],
      ['a huge text', () => `${'a'.repeat(100_000)}.b.c`, 'malformed'],
      ['JSON that is not an object', () => `${base64({ alg: 'ES256' })}.${base64('text')}.c2ln`, 'malformed'],
    ];
    for (const [title, token, reason] of cases) {
      it(title, async () => {
        expect(await faultOf(gate.verifyLogin(token()))).to.equal(reason);
      });
    }

    it('any text, and any change of a good token, always as a bad token and never otherwise', async () => {
      const good = gate.mintLogin(person, 60);
      await fc.assert(
        fc.asyncProperty(fc.string(), async (text) => {
          expect(await faultOf(gate.verifyLogin(text))).to.be.a('string');
          expect(await faultOf(gate.verifyStream(text))).to.be.a('string');
        }),
      );
      await fc.assert(
        fc.asyncProperty(fc.nat(good.length - 1), fc.constantFrom('A', '.', '=', '€'), async (at, sign) => {
          const changed = good.slice(0, at) + sign + good.slice(at + 1);
          // The last sign of a signature carries bits that nobody reads.
          if (changed === good || at === good.length - 1) return;
          expect(await faultOf(gate.verifyLogin(changed))).to.be.a('string');
        }),
      );
    });
  });

  it('goes on believing older keys after a new one signs', async () => {
    const before = gate.mintLogin(person, 60);
    addSigningKey(path.join(folder, 'keys'));
    const later = build();
    expect((await later.verifyLogin(before)).sub).to.equal('alice');
    const header = (token: string) => jwt.decode(token, { complete: true })?.header.kid;
    expect(header(later.mintLogin(person, 60))).to.not.equal(header(before));
    expect(later.jwks().keys).to.have.length(2);
  });

  it('keeps its keys as files that nobody else may read, and refuses them otherwise', () => {
    const keys = path.join(folder, 'keys');
    const [file = ''] = readdirSync(keys).map((name) => path.join(keys, name));
    expect(statSync(file).mode & 0o777).to.equal(0o600);
    expect(statSync(keys).mode & 0o777).to.equal(0o700);
    chmodSync(file, 0o644);
    expect(() => openSigningKeys(keys)).to.throw(/chmod 600/);
  });

  it('asks about revocation each time, remembered or not', async () => {
    let revoked = false;
    const strict = build({ revoked: () => revoked });
    const token = strict.mintLogin(person, 60);
    await strict.verifyLogin(token);
    revoked = true;
    expect(await faultOf(strict.verifyLogin(token))).to.equal('revoked');
  });

  describe("with somebody else's issuer", () => {
    const theirs = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const issued = (claims: object) =>
      jwt.sign(
        { sub: 'bob', role: 'viewer', iss: 'https://id.example.com', aud: 'signalbox', iat: now / 1000, ...claims },
        theirs.privateKey,
        { algorithm: 'ES256', keyid: 'theirs' },
      );
    const external = {
      issuer: 'https://id.example.com',
      audience: 'signalbox',
      key: async (kid: string) => (kid === 'theirs' ? theirs.publicKey : undefined),
    };

    it('believes its login tokens, within a minute of its clock', async () => {
      const both = build({ external });
      expect((await both.verifyLogin(issued({ exp: now / 1000 - 30 }))).sub).to.equal('bob');
      expect(await faultOf(both.verifyLogin(issued({ exp: now / 1000 - 61 })))).to.equal('expired');
      expect((await both.verifyLogin(both.mintLogin(person, 60))).sub).to.equal('alice');
    });

    it('does not let its key vouch for our issuer, nor for stream tokens', async () => {
      const both = build({ external });
      const exp = now / 1000 + 60;
      expect(await faultOf(both.verifyLogin(issued({ exp, iss: 'signalbox' })))).to.equal('unknown-key');
      const stream = jwt.sign(
        { sub: 'bob', session: 'ses_1', camera: 'cam_001', iss: external.issuer, aud: 'signalbox:stream', exp },
        theirs.privateKey,
        { algorithm: 'ES256', header: { alg: 'ES256', kid: 'theirs', typ: 'stream+jwt' } },
      );
      expect(await faultOf(both.verifyStream(stream))).to.equal('unknown-key');
    });
  });
});

describe('revocations', () => {
  let file: string;
  beforeEach(() => {
    file = path.join(mkdtempSync(path.join(tmpdir(), 'sbx-revoked-')), 'revocations.json');
  });
  afterEach(() => rmSync(path.dirname(file), { recursive: true, force: true }));

  it('hit the tokens that a person had before, not those they get later', () => {
    const revocations = openRevocations(file, () => 1_000_000);
    revocations.add({ sub: 'alice' }, 'root');
    expect(revocations.hits({ sub: 'alice', iat: 999.9 })).to.equal(true);
    expect(revocations.hits({ sub: 'alice', iat: 1000.1 })).to.equal(false);
    expect(revocations.hits({ sub: 'bob', iat: 1 })).to.equal(false);
  });

  it('hit one token by its id', () => {
    const revocations = openRevocations(file);
    revocations.add({ jti: 'one' }, 'root');
    expect(revocations.hits({ sub: 'alice', jti: 'one', iat: 1 })).to.equal(true);
    expect(revocations.hits({ sub: 'alice', jti: 'two', iat: 1 })).to.equal(false);
  });

  it('are on disk before they are answered, for the owner alone, and survive a restart', () => {
    const { id: first } = openRevocations(file).add({ sub: 'alice' }, 'root');
    expect(statSync(file).mode & 0o777).to.equal(0o600);
    const again = openRevocations(file);
    expect(again.hits({ sub: 'alice', iat: 1 })).to.equal(true);
    expect(again.lift(first)).to.equal(true);
    expect(again.lift(first)).to.equal(false);
    expect(openRevocations(file).hits({ sub: 'alice', iat: 1 })).to.equal(false);
  });

  it('made at one gateway are known at every other, and none gets lost between them', () => {
    const [one, two] = [openRevocations(file), openRevocations(file)];
    one.add({ sub: 'alice' }, 'root');
    expect(two.hits({ sub: 'alice', iat: 1 })).to.equal(true);
    const { id: second } = two.add({ sub: 'bob' }, 'root');
    expect(one.list().map(({ sub }) => sub)).to.deep.equal(['alice', 'bob']);
    expect(one.lift(second)).to.equal(true);
    expect(two.hits({ sub: 'bob', iat: 1 })).to.equal(false);
  });

  it('can be made again after a gateway was killed in the middle of making one', () => {
    mkdirSync(`${file}.lock`);
    utimesSync(`${file}.lock`, 1, 1);
    openRevocations(file).add({ sub: 'alice' }, 'root');
    expect(openRevocations(file).hits({ sub: 'alice', iat: 1 })).to.equal(true);
    expect(existsSync(`${file}.lock`)).to.equal(false);
  });

  it('stop the start rather than be forgotten when their file is broken', () => {
    writeFileSync(file, '{"revocations": 1}');
    expect(() => openRevocations(file)).to.throw(/not a valid revocations file/);
  });
});
