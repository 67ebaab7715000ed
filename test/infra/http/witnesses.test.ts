import { expect } from 'chai';
import { id } from '../../../bus/identity.ts';
import { keepWitnesses } from '../../../infra/http/witnesses.ts';
import { type FakeGateway, fakeGateway } from '../../fakes/http.ts';
import { until } from '../../fixtures/process.ts';

describe('http: what viewers see of a relay', () => {
  let gateway: FakeGateway;
  const at = { kind: 'relay' as const, id: id('relay-1') };
  const relay = () => gateway.house.roster.view(at);
  const offer = (event: { type: string; [field: string]: unknown }) => gateway.house.roster.offer(at, event);

  beforeEach(async () => {
    gateway = await fakeGateway();
    await gateway.camera('cam_001', 'hcm/center');
    await offer({ type: 'pulse.beating', round_trip_ms: 1 });
  });
  afterEach(() => gateway.close());

  it('is told of one that nothing else is heard of, by measurements that are younger than the doubt', async () => {
    const { clock, roster } = gateway.house;
    const headers = gateway.bearer({ cameras: ['cam_001'] });
    const session = id((await gateway.server.inject({ url: '/live/cam_001/webrtc', headers })).json().session_id);
    const leg = { leg: 'a', relay: 'relay-1', path: 'cam_001', relay_session: 'r1' };
    await roster.offer({ kind: 'viewer', id: session }, { type: 'leg.opened', ...leg });
    let laterMs = 0;
    const witness = keepWitnesses(gateway.services, () => clock.now + laterMs);

    witness(session, 'a', 30);
    expect(relay()?.state, 'nobody doubts it').to.equal('serving');
    await offer({ type: 'pulse.missed', silent_ms: 300, detail: 'nothing came back' });
    witness(session, 'a', 30);
    laterMs = 600;
    witness(session, 'a', 0);
    witness(session, 'b', 30);
    expect(relay()?.state, 'what was measured before, shows nothing, or is of another leg').to.equal('suspect');
    witness(session, 'a', 30);
    await until('it to be left alone', () => relay()?.state === 'degraded');
    expect(relay()?.why).to.deep.include({ reason: 'cut-off', guard: { session } });
  });
});
