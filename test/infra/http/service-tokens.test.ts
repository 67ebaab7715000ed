import type { JsonWebKey } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { Readable } from 'node:stream';
import { expect } from 'chai';
import type { LedgerEntry } from '../../../bus/ledger.ts';
import { proveLedger } from '../../../bus/ledger-proof.ts';
import { JournalAway, JournalRefused } from '../../../bus/ports/faults.ts';
import { signersAmong } from '../../../infra/archive/ledger-signers.ts';
import { RULES } from '../../../infra/http/roles.ts';
import { type FakeGateway, fakeGateway } from '../../fakes/http.ts';

const PATH = '/api/v1/service-tokens';

describe('http: tokens for programs, and who holds which right', () => {
  let gateway: FakeGateway;
  const admin = () => gateway.bearer({ sub: 'anna', role: 'admin' });
  const wish = { name: 'parking board', role: 'viewer', zones: ['hcm/*'], expires_in: 3600 };
  const make = async (change: object = {}) =>
    (
      await gateway.server.inject({ method: 'POST', url: PATH, headers: admin(), payload: { ...wish, ...change } })
    ).json();
  const as = (token: string, url: string, method: 'GET' | 'POST' | 'DELETE' = 'GET', payload?: object) =>
    gateway.server.inject({
      method,
      url,
      headers: { authorization: `Bearer ${token}` },
      ...(payload ? { payload } : {}),
    });

  beforeEach(async () => {
    gateway = await fakeGateway();
    await gateway.camera('cam_001', 'hcm/gate');
    await gateway.camera('cam_002', 'hanoi/station');
  });
  afterEach(() => gateway.close());

  it('shows the token once, and keeps a hash and who made it', async () => {
    const made = await make();
    expect(made.token).to.match(/^sbs_[A-Za-z0-9_-]{43}$/);
    expect(made).to.include({ sub: `service:${made.id}`, state: 'active', by: 'anna', role: 'viewer' });
    const { body } = await gateway.server.inject({ url: PATH, headers: admin() });
    expect(JSON.parse(body).items[0]).to.include({ id: made.id, by: 'anna' }).and.not.have.any.keys('token', 'hash');
    expect(body + gateway.log.join('')).to.not.contain(made.token);
    expect(gateway.log.some((line) => line.includes('a service token was made') && line.includes('anna'))).to.equal(
      true,
    );
    const kept = `${gateway.state}/services.json`;
    expect(statSync(kept).mode & 0o777).to.equal(0o600);
    expect(readFileSync(kept, 'utf8')).to.not.contain(made.token);
  });

  describe('in the access ledger', () => {
    const written = async () => {
      const { items } = (await gateway.server.inject({ url: '/api/v1/ledger', headers: admin() })).json();
      return items as LedgerEntry[];
    };
    const take = (id: string) => gateway.server.inject({ method: 'DELETE', url: `${PATH}/${id}`, headers: admin() });

    it('stands who made it and who took it back, from where, in a chain that is proved', async () => {
      const made = await make();
      await take(made.id);
      const entries = await written();
      const service = { id: made.id, name: 'parking board', role: 'viewer' };
      expect(entries.map(({ what, subject, address, service }) => ({ what, subject, address, service }))).to.deep.equal(
        [
          { what: 'token-made', subject: 'anna', address: '127.0.0.1', service },
          { what: 'token-revoked', subject: 'anna', address: '127.0.0.1', service },
        ],
      );
      expect(entries[0]?.until).to.equal(made.expires_at);
      expect(JSON.stringify(entries)).to.not.contain(made.token);
      const { keys } = gateway.services.gate.jwks();
      const proof = async (list: object[]) =>
        proveLedger(Readable.from(list), { signerOf: signersAmong(keys as JsonWebKey[]) });
      expect(await proof(entries))
        .to.include({ entries: 2, signer: 'known' })
        .and.not.have.property('fault');
      const forged = entries.map((entry) => ({ ...entry, subject: 'olga' }));
      expect((await proof(forged)).fault).to.match(/entry 1 was altered/);
      expect((await proof([{ ...entries[1], n: 1 }])).fault).to.match(/entry 1 was altered/);
    });

    it('has its entry before it is made: none is made that the ledger does not know', async () => {
      for (const [fault, reason] of [
        [new JournalAway('gone'), 'ledger-away'],
        [new JournalRefused('full'), 'ledger-full'],
      ] as const) {
        gateway.services.ledger.note = () => Promise.reject(fault);
        const answer = await gateway.server.inject({ method: 'POST', url: PATH, headers: admin(), payload: wish });
        expect([answer.statusCode, answer.json().reason]).to.deep.equal([503, reason]);
        expect(answer.headers['retry-after']).to.match(/^\d+$/);
        expect(gateway.services.serviceTokens.list()).to.deep.equal([]);
      }
    });

    it('is taken back even while the ledger is away; asked again, that is written down', async () => {
      const { id, token } = await make();
      const { note } = gateway.services.ledger;
      gateway.services.ledger.note = () => Promise.reject(new JournalAway('gone'));
      const answer = await take(id);
      expect([answer.statusCode, answer.json().reason]).to.deep.equal([503, 'ledger-away']);
      expect(answer.json().error).to.contain('revoked all the same');
      expect((await as(token, '/api/v1/cameras')).json().reason).to.equal('revoked');
      gateway.services.ledger.note = note;
      expect((await take(id)).statusCode).to.equal(204);
      expect((await written()).map(({ what }) => what)).to.deep.equal(['token-made', 'token-revoked']);
    });

    it('stands the same who took it back by a revocation, which is for good as well', async () => {
      const revocations = '/api/v1/revocations';
      for (const nameOf of [({ id: jti }: { id: string }) => ({ jti }), ({ sub }: { sub: string }) => ({ sub })]) {
        const made = await make();
        const payload = nameOf(made);
        const done = await gateway.server.inject({ method: 'POST', url: revocations, headers: admin(), payload });
        expect(done.statusCode).to.equal(201);
        const [byRevocation] = (await written()).slice(-1);
        await take(made.id);
        const [byRoute] = (await written()).slice(-1);
        const said = ({ what, subject, address, service, fact }: LedgerEntry) => [
          what,
          subject,
          address,
          service,
          fact,
        ];
        if (!byRevocation || !byRoute) throw new Error('nothing was written');
        expect(byRevocation.what).to.equal('token-revoked');
        expect(said(byRevocation)).to.deep.equal(said(byRoute));
        const lifted = `${revocations}/${done.json().id}`;
        await gateway.server.inject({ method: 'DELETE', url: lifted, headers: admin() });
        expect((await as(made.token, '/api/v1/cameras')).json().reason).to.equal('revoked');
      }
    });

    it('names none that was refused', async () => {
      const viewer = gateway.bearer({ sub: 'vera', zones: ['hcm/*'] });
      await gateway.server.inject({ method: 'POST', url: PATH, headers: viewer, payload: wish });
      await take('svc_none');
      expect(await written()).to.deep.equal([]);
    });
  });

  it('lets a program do what its token names, and nothing else', async () => {
    const { token, id } = await make();
    expect((await as(token, '/api/v1/cameras')).json().items.map((one: { id: string }) => one.id)).to.deep.equal([
      'cam_001',
    ]);
    expect((await as(token, '/live/cam_002/webrtc')).statusCode).to.equal(403);
    expect((await as(token, '/api/v1/broadcasts')).statusCode).to.equal(403);
    expect((await as(token, '/api/v1/login')).json()).to.include({ sub: `service:${id}`, name: 'parking board' });
    const narrow = await make({ zones: [], cameras: ['cam_002'] });
    expect((await as(narrow.token, '/live/cam_002/webrtc')).statusCode).to.equal(200);
  });

  it('ends with its time', async () => {
    const { token } = await make({ expires_in: 1 });
    expect((await as(token, '/api/v1/cameras')).statusCode).to.equal(200);
    const { list } = gateway.services.serviceTokens;
    while (Date.now() <= (list()[0]?.expires_at ?? 0)) await new Promise((resolve) => setImmediate(resolve));
    const late = await as(token, '/api/v1/cameras');
    expect([late.statusCode, late.json().reason]).to.deep.equal([401, 'expired']);
    expect((await gateway.server.inject({ url: PATH, headers: admin() })).json().items[0].state).to.equal('expired');
  });

  it('is taken back with what runs under it, and stays listed with who did it', async () => {
    const { token, id } = await make();
    const { session_id: session } = (await as(token, '/live/cam_001/webrtc')).json();
    const gone = await gateway.server.inject({ method: 'DELETE', url: `${PATH}/${id}`, headers: admin() });
    expect(gone.statusCode).to.equal(204);
    expect((await as(token, '/api/v1/cameras')).json().reason).to.equal('revoked');
    const shown = await gateway.server.inject({ url: `/api/v1/sessions/${session}`, headers: admin() });
    expect(shown.json()).to.include({ state: 'ended' });
    const { items } = (await gateway.server.inject({ url: PATH, headers: admin() })).json();
    expect(items[0]).to.include({ state: 'revoked', revoked_by: 'anna' });
    const again = await gateway.server.inject({ method: 'DELETE', url: `${PATH}/svc_none`, headers: admin() });
    expect(again.statusCode).to.equal(404);
  });

  it('opens no page, makes no other token, and a near miss is refused like any guess', async () => {
    const { token } = await make({ role: 'admin' });
    const page = await gateway.server.inject({ method: 'POST', url: '/api/v1/login', payload: { token } });
    expect([page.statusCode, page.cookies]).to.deep.equal([401, []]);
    const cookie = await gateway.server.inject({
      url: '/api/v1/cameras',
      headers: { host: 'localhost:8080', cookie: `signalbox-8080=${token}` },
    });
    expect([cookie.statusCode, cookie.json().reason]).to.deep.equal([401, 'type']);
    const more = await as(token, PATH, 'POST', wish);
    expect([more.statusCode, more.json().reason]).to.deep.equal([403, 'program']);
    for (const near of [
      `${token.slice(0, -1)}${token.endsWith('A') ? 'B' : 'A'}`,
      token.slice(0, -1),
      `${token}A`,
      'sbs_x',
    ]) {
      expect((await as(near, '/api/v1/cameras')).statusCode, near).to.equal(401);
    }
  });

  it('refuses a wish without an end, of no role, or for a zone that is none, and makes nothing', async () => {
    for (const wrong of [
      { expires_in: undefined },
      { expires_in: 0 },
      { role: 'root' },
      { zones: ['hcm/**'] },
      { name: '' },
    ]) {
      expect(await make(wrong), JSON.stringify(wrong)).to.include({ reason: 'bad-request' });
    }
    expect(gateway.services.serviceTokens.list()).to.deep.equal([]);
  });

  it('tells who holds which right to a camera, and why: people, programs, incidents, open sessions', async () => {
    const { people } = gateway.services;
    const person = { password: 'x', must_change: false, since: 1, cameras: [] };
    people.add({ ...person, id: 'lan', role: 'operator', zones: ['hcm/*'] });
    people.add({ ...person, id: 'minh', role: 'viewer', zones: ['hanoi/*'] });
    people.add({ ...person, id: 'vera', role: 'viewer', zones: ['hcm/*'], history: { since: 5 } });
    people.add({ ...person, id: 'root', role: 'admin', zones: [] });
    const { id, token } = await make({ history: { last_ms: 3_600_000 } });
    const grants = { subjects: ['minh'], history: { since: 7 } };
    const declared = { cameras: ['cam_001'], reason: 'fire', minutes: 5, drill: true, grants };
    await gateway.server.inject({ method: 'POST', url: '/api/v1/incidents', headers: admin(), payload: declared });
    const { session_id: session } = (await as(token, '/live/cam_001/webrtc')).json();

    const { holders, routes, zone } = (
      await gateway.server.inject({ url: '/api/v1/rights?camera=cam_001', headers: admin() })
    ).json();
    expect(zone).to.equal('hcm/gate');
    type Holder = { kind: string; id: string; subject: string; may: string[]; history?: object; why: string };
    const brief = holders.map(({ kind, subject, may, history }: Holder) =>
      [`${kind} ${subject}:`, ...may, ...(history ? [JSON.stringify(history)] : [])].join(' '),
    );
    expect(brief).to.deep.equal([
      'person lan: watch review operate move',
      'person vera: watch review {"since":5}',
      'person root: watch review operate move administer',
      `service service:${id}: watch review {"last_ms":3600000}`,
      'incident minh: watch review {"since":7}',
      `session service:${id}: watch`,
    ]);
    expect(holders[0].why).to.equal('zone hcm/gate lies within hcm/*');
    expect(holders.at(-1).id).to.equal(session);

    // What is told is what the door does: each route of a right answers for its holders, and is in the table once.
    const told = Object.values(routes as Record<string, string[]>).flat();
    expect(told.sort()).to.deep.equal(
      Object.keys(RULES)
        .filter((key) => RULES[key]?.camera)
        .sort(),
    );
    expect((await as(token, '/api/v1/rights?camera=cam_001')).statusCode).to.equal(403);
    const nowhere = await gateway.server.inject({ url: '/api/v1/rights?camera=cam_404', headers: admin() });
    expect(nowhere.statusCode).to.equal(404);
  });
});
