import { expect } from 'chai';
import { seatEverywhere } from '../../../../adapters/seat.mediamtx.ts';
import { id } from '../../../../bus/identity.ts';
import { type FakeGateway, fakeGateway } from '../../../fakes/http.ts';
import { until } from '../../../fixtures/process.ts';

describe('who looks at the past', () => {
  let gateway: FakeGateway;
  const relay = { kind: 'relay' as const, id: id('relay-1') };
  const grantOf = (sub: string, role: 'viewer' | 'operator' | 'admin') => ({ sub, role, cameras: [], zones: ['*'] });
  const ask = (method: 'GET' | 'POST', url: string, grant: object, payload?: object) =>
    gateway.server.inject({ method, url, headers: gateway.bearer(grant), ...(payload ? { payload } : {}) });
  const look = (sub = 'oanh', role: 'viewer' | 'operator' = 'operator') =>
    ask('GET', '/recordings/cam_001', grantOf(sub, role));
  const watch = (sub: string) => ask('GET', '/live/cam_001/webrtc', grantOf(sub, 'viewer'));
  const sessionAt = (session: string) => gateway.house.roster.view({ kind: 'viewer', id: id(session) });
  const load = async () => (await ask('GET', '/api/v1/relays/relay-1', grantOf('ada', 'admin'))).json().sessions;

  beforeEach(async () => {
    gateway = await fakeGateway();
    await gateway.camera('cam_001', 'hcm/center');
    const settings = { zone: 'hcm/center', wanted: true, keep_ms: 60_000 };
    await gateway.house.roster.create(
      { kind: 'recording', id: id('cam_001') },
      { type: 'recording.configured', ...settings },
    );
  });
  afterEach(async () => {
    expect(gateway.house.troubles).to.deep.equal([]);
    await gateway.close();
  });

  it('takes no place at a relay, and nobody has to leave for it', async () => {
    const bounded = { role: 'delivery', region: 'hcm', weight: 1, max_readers: 1 };
    await gateway.house.roster.offer(relay, { type: 'relay.configured', ...bounded });
    const live = (await watch('vera')).json().session_id;
    const { session_id: past } = (await look()).json();
    expect(sessionAt(past)).to.deep.include({ state: 'admitted' });
    expect(sessionAt(past)?.context).to.deep.include({ protocol: 'past', relay: '', standby: '' });
    // Nothing is recorded at that moment; the look is noted nonetheless.
    expect((await ask('GET', '/recordings/cam_001/thumbnail?at=1', grantOf('olga', 'operator'))).statusCode).to.equal(
      404,
    );
    expect(gateway.house.roster.list('viewer').filter(({ state }) => state === 'ended')).to.have.length(1);
    expect(sessionAt(live)?.state).to.equal('admitted');
    expect(await load()).to.equal(1);
    await gateway.house.roster.offer({ kind: 'viewer', id: id(live) }, { type: 'viewer.closed' });
    await until('the only place to be free', async () => (await watch('viet')).statusCode === 200);
  });

  it('may do so while no relay serves', async () => {
    await gateway.house.roster.offer(relay, { type: 'relay.exited', detail: 'killed' });
    expect((await watch('vera')).json()).to.include({ reason: 'no-relay' });
    expect((await look()).statusCode).to.equal(200);
  });

  it('keeps as many live pictures as before, and is bounded apart from them', async () => {
    for (let n = 0; n < 3; n += 1) expect((await watch('vera')).statusCode).to.equal(200);
    expect((await watch('vera')).json()).to.include({ reason: 'quota' });
    for (let n = 0; n < 3; n += 1) expect((await look('vera', 'viewer')).statusCode).to.equal(200);
    expect((await look('vera', 'viewer')).json()).to.include({ reason: 'quota' });
  });

  it('is told of in the event log, and cut when the right is taken back', async () => {
    const { session_id: past, hls_url } = (await look()).json();
    const told = () => gateway.house.store.told().map(({ envelope }) => envelope);
    const admitted = told().find(({ subject, type }) => subject === `viewer/${past}` && type.endsWith('.admitted'));
    expect(admitted?.data).to.include({ subject: 'oanh', camera: 'cam_001', protocol: 'past' });
    const playlist = () => gateway.server.inject({ url: `${new URL(hls_url).pathname}?from=0&to=1000` });
    expect((await playlist()).statusCode).to.equal(200);
    await until('the player to be seen', () => sessionAt(past)?.state === 'watching');
    await ask('POST', '/api/v1/revocations', grantOf('ada', 'admin'), { sub: 'oanh' });
    await until('the session to end', () => sessionAt(past)?.state === 'ended');
    expect((await playlist()).statusCode).to.equal(403);
  });

  it('is watched at no relay', () => {
    const held: string[] = [];
    const seat = seatEverywhere(['relay-1', 'relay-2'], ({ relay: at }) => {
      held.push(at);
      return { release: () => {} };
    });
    seat({ session: 's', relay: '', tokenLifeMs: 1 }, () => {}).release();
    expect(held).to.deep.equal([]);
    seat({ session: 's', relay: 'relay-1', tokenLifeMs: 1 }, () => {}).release();
    expect(held).to.deep.equal(['relay-1', 'relay-2']);
  });
});
