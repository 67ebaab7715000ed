import { expect } from 'chai';
import { id } from '../../../bus/identity.ts';
import { type FakeGateway, fakeGateway } from '../../fakes/http.ts';
import { until } from '../../fixtures/process.ts';

describe('http: the pool of relays', () => {
  let gateway: FakeGateway;
  const ada = { sub: 'ada', role: 'admin' as const, zones: ['*'] };
  const ask = (method: 'GET' | 'POST' | 'DELETE', url: string, grant: object = ada) =>
    gateway.server.inject({ method, url, headers: gateway.bearer(grant) });
  const watch = (sub: string, role = 'viewer') =>
    ask('GET', '/live/cam_001/webrtc', { sub, role, cameras: ['cam_001'], zones: ['*'] });
  const bounded = (max_readers?: number) =>
    gateway.house.roster.offer(
      { kind: 'relay', id: id('relay-1') },
      { type: 'relay.configured', role: 'delivery', region: 'hcm', weight: 1, ...(max_readers ? { max_readers } : {}) },
    );

  beforeEach(async () => {
    gateway = await fakeGateway();
    await gateway.camera('cam_001', 'hcm/center');
  });
  afterEach(async () => {
    expect(gateway.house.troubles).to.deep.equal([]);
    await gateway.close();
  });

  it('shows what each carries, what it may carry, and whether it takes more', async () => {
    await bounded(1);
    expect((await ask('GET', '/api/v1/relays/relay-1')).json()).to.include({
      sessions: 0,
      max_readers: 1,
      placeable: true,
    });
    await watch('vera');
    const [relay] = (await ask('GET', '/api/v1/relays')).json().items;
    expect(relay).to.include({ id: 'relay-1', region: 'hcm', weight: 1, sessions: 1, placeable: false });
    const { body } = await ask('GET', '/metrics');
    expect(body).to.include('signalbox_relay_load{relay="relay-1"} 1');
  });

  it('shows no relay that was taken out of the configuration, counts none, and sends nobody there', async () => {
    await gateway.relay('relay-2', 'first');
    await gateway.house.roster.offer({ kind: 'relay', id: id('relay-1') }, { type: 'relay.removed', runs: false });
    const { items } = (await ask('GET', '/api/v1/relays')).json();
    expect(items.map((relay: { id: string }) => relay.id)).to.deep.equal(['relay-2']);
    expect((await ask('GET', '/api/v1/relays/relay-1')).statusCode).to.equal(404);
    expect((await ask('POST', '/api/v1/relays/relay-1/drain')).statusCode).to.equal(404);
    const seen = await watch('vera');
    expect(seen.json().relay).to.equal('relay-2');
    expect(seen.body, 'it is not even a choice').not.to.include('relay-1');
    expect((await ask('GET', '/metrics')).body).not.to.include('relay-1');
  });

  it('turns a viewer away when all is full, with the reason and when to come back', async () => {
    await bounded(1);
    expect((await watch('vera')).statusCode).to.equal(200);
    const full = await watch('viet');
    expect(full.statusCode).to.equal(503);
    expect(full.headers['retry-after']).to.equal('5');
    expect(full.json()).to.include({ reason: 'full' });
    expect(full.json().why.rejected).to.deep.equal([{ option: 'relay-1', because: 'full: it carries 1 viewers' }]);
  });

  it('makes room for an operator: the youngest viewer leaves, operators never do', async () => {
    await bounded(2);
    const older = (await watch('vera')).json().session_id;
    const younger = (await watch('viet')).json().session_id;
    const stateOf = (session: string) => gateway.house.roster.view({ kind: 'viewer', id: id(session) });
    expect((await watch('oanh', 'operator')).statusCode).to.equal(200);
    await until('the youngest viewer to leave', () => stateOf(younger)?.state === 'ended');
    expect(stateOf(younger)?.why).to.include({ reason: 'displaced' });
    expect(stateOf(older)?.state).to.equal('admitted');
    await until('the place to be counted', async () => (await watch('olga', 'operator')).statusCode === 200);
    await until('the other viewer to leave', () => stateOf(older)?.state === 'ended');
    await until('nobody to be left who would', async () => (await watch('oscar', 'operator')).statusCode === 503);
  });

  it('has a relay drained and taken back, by name', async () => {
    await watch('vera');
    const drained = await ask('POST', '/api/v1/relays/relay-1/drain');
    expect(drained.statusCode).to.equal(202);
    expect(drained.json()).to.include({ state: 'draining', placeable: false, sessions: 1 });
    expect(drained.json().drain.by).to.equal('ada');
    const refused = await watch('viet');
    expect(refused.json().why.rejected).to.deep.equal([{ option: 'relay-1', because: 'it is being drained' }]);
    const resumed = await ask('DELETE', '/api/v1/relays/relay-1/drain');
    expect(resumed.json()).to.include({ state: 'serving', placeable: true });
    expect((await watch('viet')).statusCode).to.equal(200);
    expect((await ask('POST', '/api/v1/relays/relay-9/drain')).statusCode).to.equal(404);
  });

  it('names who has one drained, and who takes it back, as people know them', async () => {
    const lan = { ...ada, sub: 'lan', name: 'Lan Nguyen' };
    const drained = (await ask('POST', '/api/v1/relays/relay-1/drain', lan)).json();
    expect(drained.drain).to.include({ by: 'lan', by_name: 'Lan Nguyen' });
    expect(drained.why.text).to.match(/^nobody is on it any more; Lan Nguyen has it|^Lan Nguyen has it/);
    const resumed = (await ask('DELETE', '/api/v1/relays/relay-1/drain', lan)).json();
    expect(resumed.why.text).to.equal('Lan Nguyen has it take viewers again');
    const facts = gateway.house.store.told().map(({ envelope }) => envelope);
    const draining = facts.find(({ type }) => type === 'signalbox.relay.draining');
    expect(draining?.data).to.include({ by: 'lan', by_name: 'Lan Nguyen' });
  });

  it('believes nobody who says of himself that he comes from elsewhere', async () => {
    gateway.services.config.regions = { default: 'hcm', networks: { '1.0.0.0/8': 'hanoi' }, databases: [], places: {} };
    const far = await gateway.relay('relay-2', 'first');
    await gateway.house.roster.offer(
      { kind: 'relay', id: far },
      { type: 'relay.configured', role: 'delivery', region: 'hanoi', weight: 1 },
    );
    const { authorization } = gateway.bearer({ sub: 'vera', role: 'viewer', cameras: ['cam_001'] });
    const seat = async (from: Record<string, string>, remoteAddress = '127.0.0.1') =>
      (
        await gateway.server.inject({
          url: '/live/cam_001/webrtc',
          headers: { authorization, ...from },
          remoteAddress,
        })
      ).json().relay;
    expect(await seat({ 'x-forwarded-for': '1.2.3.4' })).to.equal('relay-1');
    expect(await seat({}, '1.2.3.4')).to.equal('relay-2');
  });
});
