import { expect } from 'chai';
import { id } from '../../../../bus/identity.ts';
import { type FakeGateway, fakeGateway } from '../../../fakes/http.ts';
import { recordedUntil } from '../../../fakes/recordings.ts';

const MINUTE_MS = 60_000;

describe('bookmarks in recordings', () => {
  let gateway: FakeGateway;
  let now: number;
  const at = { kind: 'recording' as const, id: id('gate') };
  const hoa = { sub: 'hoa', role: 'operator' as const, zones: ['hcm/*'] };
  const lan = { ...hoa, sub: 'lan' };
  const ada = { sub: 'ada', role: 'admin' as const };
  const path = '/api/v1/recordings/gate/bookmarks';
  const ask = (method: 'GET' | 'POST' | 'DELETE', url: string, grant: object, payload?: object) =>
    gateway.server.inject({ method, url, headers: gateway.bearer(grant), ...(payload ? { payload } : {}) });
  const ago = (minutes: number) => now - minutes * MINUTE_MS;
  const theft = () => ({ from: ago(30), to: ago(25), name: 'Theft at the gate' });
  const protections = () => gateway.house.roster.view(at)?.context.protections as { holder: string }[];
  const told = (type: string) =>
    gateway.house.store
      .told()
      .map(({ envelope }) => envelope)
      .filter((one) => one.type === `signalbox.recording.${type}`);

  beforeEach(async () => {
    now = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS;
    gateway = await fakeGateway({ recordings: recordedUntil(now) });
    await gateway.camera('gate', 'hcm/airport');
    await gateway.camera('hall', 'hcm/airport');
    const recorded = { type: 'recording.configured', zone: 'hcm/airport', wanted: true, keep_ms: 7 * 86_400_000 };
    await gateway.house.roster.create(at, recorded);
  });
  afterEach(() => gateway.close());

  it('keep a stretch from retention, and tell in the event log who keeps what', async () => {
    const made = await ask('POST', path, hoa, theft());
    expect(made.statusCode, made.body).to.equal(201);
    const { id: holder } = made.json();
    expect(made.headers.location).to.equal(`${path}/${holder}`);
    expect(made.json()).to.include({ ...theft(), camera: 'gate', by: 'hoa', yours: true });
    expect(made.json().bytes).to.be.greaterThan(0);
    expect(protections()).to.deep.equal([{ ...theft(), holder, by: 'hoa' }]);
    expect(told('protected')[0]?.data).to.deep.include({ protection: { ...theft(), holder, by: 'hoa' } });
    const listed = (await ask('GET', path, lan)).json();
    expect(listed).to.deep.equal({
      items: [{ id: holder, camera: 'gate', ...theft(), by: 'hoa', yours: false }],
      next: null,
    });
    const recording = (await ask('GET', '/api/v1/recordings/gate', lan)).json();
    expect(recording.protections).to.deep.equal([{ ...theft(), holder, by: 'hoa' }]);
  });

  it('are let go by whoever made them, and by administrators, and that is told too', async () => {
    const { id: first } = (await ask('POST', path, hoa, theft())).json();
    const { id: second } = (await ask('POST', path, hoa, theft())).json();
    expect((await ask('DELETE', `${path}/${first}`, lan)).json()).to.include({ reason: 'not-yours' });
    expect(protections()).to.have.length(2);
    expect((await ask('DELETE', `${path}/${first}`, hoa)).statusCode).to.equal(204);
    expect((await ask('DELETE', `${path}/${second}`, ada)).statusCode).to.equal(204);
    expect(protections()).to.deep.equal([]);
    expect(told('unprotected').map(({ data }) => (data.why as { text: string }).text)).to.deep.equal([
      'hoa no longer keeps "Theft at the gate" from retention',
      'ada no longer keeps "Theft at the gate" from retention',
    ]);
    const { items } = (await ask('GET', '/api/v1/timeline?from=0', hoa)).json();
    const acts = items.filter(({ by }: { by?: string }) => by !== undefined);
    expect(acts.map(({ type, by }: { type: string; by: string }) => `${by} ${type}`)).to.deep.equal([
      ...['hoa recording.protected', 'hoa recording.protected'],
      ...['hoa recording.unprotected', 'ada recording.unprotected'],
    ]);
    expect((await ask('DELETE', `${path}/${first}`, hoa)).statusCode).to.equal(404);
  });

  it('name whose they are, and who lets go of them, as people know them', async () => {
    const [called, anna] = [
      { ...hoa, name: 'Hoa Pham' },
      { ...ada, name: 'Ada Le' },
    ];
    const made = (await ask('POST', path, called, theft())).json();
    expect(made).to.include({ by: 'hoa', by_name: 'Hoa Pham' });
    expect((await ask('GET', path, lan)).json().items[0]).to.include({ by_name: 'Hoa Pham' });
    expect((await ask('GET', '/api/v1/recordings/gate', lan)).json().protections[0]).to.include({
      by_name: 'Hoa Pham',
    });
    expect((await ask('DELETE', `${path}/${made.id}`, anna)).statusCode).to.equal(204);
    const { items } = (await ask('GET', '/api/v1/timeline?from=0', hoa)).json();
    const acts = items.filter(({ by }: { by?: string }) => by !== undefined);
    expect(acts.map(({ type, by }: { type: string; by: string }) => `${by} ${type}`)).to.deep.equal([
      ...['Hoa Pham recording.protected', 'Ada Le recording.unprotected'],
    ]);
    const texts = acts.map(({ why }: { why: { text: string } }) => why.text);
    expect(texts).to.deep.equal([
      'Hoa Pham keeps "Theft at the gate" from retention',
      'Ada Le no longer keeps "Theft at the gate" from retention',
    ]);
  });

  it('are offered by the camera itself, to whoever may make them', async () => {
    const of = async (camera: string, grant: object) =>
      (await ask('GET', `/api/v1/cameras/${camera}`, grant)).json().recording;
    const { state } = (await ask('GET', '/api/v1/recordings/gate', hoa)).json();
    expect(await of('gate', hoa)).to.deep.equal({ state, keepable: true });
    expect(await of('gate', { ...hoa, role: 'viewer' })).to.deep.equal({ state, keepable: false });
    expect(await of('hall', hoa)).to.equal(undefined);
  });

  it('are not what an incident keeps: nobody lets go of that here', async () => {
    const incident = { type: 'recording.protected', holder: 'inc_1', from: ago(30), to: ago(20) };
    await gateway.house.roster.offer(at, incident);
    expect((await ask('GET', path, ada)).json().items).to.deep.equal([]);
    expect((await ask('DELETE', `${path}/inc_1`, ada)).statusCode).to.equal(404);
    expect(protections()).to.have.length(1);
    expect(told('protected')).to.deep.equal([]);
  });

  it('are no way around the bound on looking back', async () => {
    const { id: holder } = (await ask('POST', path, hoa, theft())).json();
    const bounded = { ...hoa, history: { last_ms: 10 * MINUTE_MS } };
    const refused = await ask('POST', path, bounded, theft());
    expect(refused.json()).to.include({ error: 'Access denied', reason: 'history' });
    const seen = (await ask('GET', path, bounded)).json();
    expect(seen.items).to.deep.equal([]);
    expect(seen.history).to.include({ last_ms: 10 * MINUTE_MS });
    expect((await ask('DELETE', `${path}/${holder}`, bounded)).statusCode).to.equal(404);
    expect(protections()).to.have.length(1);
  });

  it('are for operators of the camera, and of cameras that are recorded', async () => {
    const viewer = { sub: 'vera', zones: ['hcm/*'] };
    expect((await ask('GET', path, viewer)).json()).to.include({ reason: 'role' });
    expect((await ask('POST', path, viewer, theft())).json()).to.include({ reason: 'role' });
    expect((await ask('POST', path, { ...hoa, zones: ['hanoi/*'] }, theft())).statusCode).to.equal(403);
    const hall = await ask('POST', '/api/v1/recordings/hall/bookmarks', hoa, theft());
    expect([hall.statusCode, hall.json().reason]).to.deep.equal([404, 'not-recorded']);
  });

  it('are of a day at most, have a name, and are so many and no more', async () => {
    for (const wrong of [
      { ...theft(), name: '  ' },
      { ...theft(), name: undefined },
      { ...theft(), to: ago(30) },
      { ...theft(), from: ago(30 + 24 * 60) },
    ]) {
      expect((await ask('POST', path, hoa, wrong)).statusCode, JSON.stringify(wrong)).to.equal(400);
    }
    expect(protections()).to.deep.equal([]);
    for (let n = 0; n < 200; n += 1) {
      const one = { type: 'recording.protected', holder: `keep_${n}`, from: 1, to: 2, name: 'One', by: 'hoa' };
      await gateway.house.roster.offer(at, one);
    }
    expect((await ask('POST', path, ada, theft())).json()).to.include({ reason: 'too-many' });
  });
});
