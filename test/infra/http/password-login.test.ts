import { expect } from 'chai';
import { openPasswords } from '../../../adapters/passwords.scrypt.ts';
import { type FakeGateway, fakeGateway } from '../../fakes/http.ts';

const FIRST = 'first-of-the-day';
const OWN = 'the gate stays shut';

describe('http: signing in with a name and a password', () => {
  let gateway: FakeGateway;
  beforeEach(async () => {
    gateway = await fakeGateway();
    const hash = await gateway.services.passwords.hash(FIRST);
    await gateway.camera('cam_001', 'hcm/center');
    const lan = { id: 'lan', name: 'Lan', role: 'operator' as const, cameras: [], zones: ['hcm/*'], since: 1 };
    gateway.services.people.add({ ...lan, password: hash, must_change: true });
    gateway.services.people.add({ ...lan, id: 'minh', password: hash, must_change: false });
  });
  afterEach(() => gateway.close());

  const ORIGIN = { origin: 'http://localhost:80' };
  const signIn = (body: object, from = '192.0.2.1', headers: Record<string, string> = ORIGIN) =>
    gateway.server.inject({ method: 'POST', url: '/api/v1/login', headers, payload: body, remoteAddress: from });
  const cookieOf = (answer: { headers: Record<string, unknown> }) =>
    String(answer.headers['set-cookie']).split(';')[0] ?? '';
  const whoIs = async (cookie: string) => gateway.server.inject({ url: '/api/v1/login', headers: { cookie } });

  it('lets somebody in with what their account grants', async () => {
    const answer = await signIn({ user: ' Minh ', password: FIRST });
    expect(answer.json()).to.include({ sub: 'minh', name: 'Lan', role: 'operator' });
    expect(answer.headers['set-cookie']).to.match(/HttpOnly; SameSite=Strict$/);
    expect((await whoIs(cookieOf(answer))).json().zones).to.deep.equal(['hcm/*']);
    expect((await gateway.server.inject({ url: '/api/v1/login/ways' })).json()).to.deep.equal({ password: true });
  });

  it('opens nothing with a password that somebody else made, but its change', async () => {
    const answer = await signIn({ user: 'lan', password: FIRST });
    expect([answer.statusCode, answer.json().reason]).to.deep.equal([403, 'change-password']);
    expect(answer.headers['set-cookie']).to.equal(undefined);
    const weak = await signIn({ user: 'lan', password: FIRST, new_password: 'short' });
    expect([weak.statusCode, weak.json().reason]).to.deep.equal([400, 'weak-password']);
    const same = await signIn({ user: 'lan', password: FIRST, new_password: FIRST });
    expect(same.json().reason).to.equal('weak-password');
    const changed = await signIn({ user: 'lan', password: FIRST, new_password: OWN });
    expect(changed.statusCode).to.equal(200);
    expect((await whoIs(cookieOf(changed))).statusCode).to.equal(200);
    expect((await signIn({ user: 'lan', password: FIRST })).statusCode, 'the first one').to.equal(401);
    expect((await signIn({ user: 'lan', password: OWN })).statusCode, 'their own').to.equal(200);
  });

  it('ends every other sign-in when a password is changed', async () => {
    const before = cookieOf(await signIn({ user: 'minh', password: FIRST }));
    const after = cookieOf(await signIn({ user: 'minh', password: FIRST, new_password: OWN }));
    expect((await whoIs(before)).statusCode).to.equal(401);
    expect((await whoIs(after)).statusCode).to.equal(200);
  });

  it('tells nobody which names exist: the same answer, and a hash is made either way', async () => {
    await gateway.close();
    gateway = await fakeGateway({ passwords: openPasswords() });
    const hash = await gateway.services.passwords.hash(FIRST);
    const grants = { role: 'viewer' as const, cameras: [], zones: [], since: 1, must_change: false };
    gateway.services.people.add({ id: 'minh', ...grants, password: hash });
    const timed = async (user: string) => {
      const startedAt = performance.now();
      const { statusCode, body } = await signIn({ user, password: 'not this one' });
      return { statusCode, body, ms: performance.now() - startedAt };
    };
    /** Of three, the one that was disturbed least. */
    const quickest = async (user: string) =>
      [await timed(user), await timed(user), await timed(user)].reduce((a, b) => (b.ms < a.ms ? b : a));
    const [known, unknown] = [await quickest('minh'), await quickest('nobody')];
    expect([unknown.statusCode, unknown.body]).to.deep.equal([known.statusCode, known.body]);
    expect(known.statusCode).to.equal(401);
    // Without the hash it would be a hundredth; a busy machine may well double it.
    expect(unknown.ms / known.ms).to.be.within(0.2, 5);
  });

  it('asks for patience after ten failures with a name, from wherever they come, whether it exists or not', async () => {
    for (const user of ['minh', 'nobody']) {
      const from = (n: number) => `192.0.2.${n + (user === 'minh' ? 0 : 100)}`;
      const tries = await Promise.all(
        Array.from({ length: 12 }, (_, n) => signIn({ user, password: 'wrong' }, from(n))),
      );
      const codes = tries.map(({ statusCode }) => statusCode);
      expect(
        codes.filter((code) => code === 401),
        user,
      ).to.have.length(10);
      const refused = tries.find(({ statusCode }) => statusCode === 429);
      expect(Number(refused?.headers['retry-after'])).to.be.within(1, 300);
      expect(refused?.json().reason).to.equal('too-many');
    }
    expect((await signIn({ user: 'minh', password: FIRST })).statusCode, 'not even with the right one').to.equal(429);
  });

  it('asks for patience after thirty failures from an address, whatever the names, and of nobody else', async () => {
    for (let n = 0; n < 30; n++) await signIn({ user: `guess-${n}`, password: 'wrong' }, '192.0.2.9');
    expect((await signIn({ user: 'minh', password: FIRST }, '192.0.2.9')).statusCode).to.equal(429);
    expect((await signIn({ user: 'minh', password: FIRST }, '192.0.2.10')).statusCode).to.equal(200);
  });

  it('does not count those who succeed: a whole shift may sign in at one address', async () => {
    for (let n = 0; n < 12; n++) expect((await signIn({ user: 'minh', password: FIRST })).statusCode).to.equal(200);
  });

  it('signs out everywhere: every token of that person ends, and what runs under them', async () => {
    const [here, elsewhere] = [
      cookieOf(await signIn({ user: 'minh', password: FIRST })),
      cookieOf(await signIn({ user: 'minh', password: FIRST })),
    ];
    const admitted = await gateway.server.inject({ url: '/live/cam_001/webrtc', headers: { cookie: elsewhere } });
    const leave = (headers: Record<string, string>) =>
      gateway.server.inject({ method: 'DELETE', url: '/api/v1/login/everywhere', headers });
    expect((await leave({ cookie: here, origin: 'https://evil.example.com' })).statusCode).to.equal(403);
    expect((await whoIs(elsewhere)).statusCode).to.equal(200);
    const left = await leave({ cookie: here, ...ORIGIN });
    expect([left.statusCode, String(left.headers['set-cookie'])[0]]).to.deep.equal([204, 's']);
    for (const cookie of [here, elsewhere]) expect((await whoIs(cookie)).json().reason).to.equal('revoked');
    const sessions = await gateway.server.inject({
      url: `/api/v1/sessions/${admitted.json().session_id}`,
      headers: gateway.bearer({ role: 'admin' }),
    });
    expect(sessions.json().state).to.equal('ended');
    expect((await signIn({ user: 'minh', password: FIRST })).statusCode, 'a new sign-in').to.equal(200);
  });

  it('lets no page of another site sign anybody in', async () => {
    const answer = await signIn({ user: 'minh', password: FIRST }, '192.0.2.1', { origin: 'https://evil.example.com' });
    expect([answer.statusCode, answer.headers['set-cookie']]).to.deep.equal([403, undefined]);
  });

  it('writes neither password nor mistyped name into the log', async () => {
    await signIn({ user: 'hunter2-in-the-wrong-field', password: 'canary-7d1c' });
    await signIn({ user: 'minh', password: FIRST });
    const log = gateway.log.join('');
    expect(log).to.contain('signed in with a password').and.to.contain('a sign-in with a password failed');
    for (const secret of ['hunter2', 'canary-7d1c', FIRST, '$scrypt$']) expect(log).to.not.contain(secret);
  });
});
