import { expect } from 'chai';
import type { Id } from '../../../bus/identity.ts';
import { watchVanished } from '../../../infra/http/vanished.ts';
import { type FakeGateway, fakeGateway } from '../../fakes/http.ts';
import { until } from '../../fixtures/process.ts';

const TIMES = { backWithinMs: 5, silentMs: 20 };

describe('http: a player that vanishes', () => {
  let gateway: FakeGateway;
  let session: Id;
  let back = false;
  let asked = 0;
  const say = (event: { type: string; [field: string]: unknown }) =>
    gateway.house.roster.offer({ kind: 'viewer', id: session }, event);

  beforeEach(async () => {
    back = false;
    asked = 0;
    gateway = await fakeGateway();
    await gateway.camera('cam_001', 'hcm/center');
    const headers = gateway.bearer({ cameras: ['cam_001'] });
    session = (await gateway.server.inject({ url: '/live/cam_001/webrtc', headers })).json().session_id;
    await say({ type: 'leg.opened', leg: 'a', relay: 'relay-1', path: 'cam_001', relay_session: 'rs_1' });
    await say({ type: 'leg.opened', leg: 'b', relay: 'relay-2', path: 'cam_001', relay_session: 'rs_2' });
    await say({ type: 'leg.playing', leg: 'a' });
    gateway.whep.heard.set('rs_1', 1_000).set('rs_2', 2_000);
  });
  afterEach(() => gateway.close());

  /** Its socket has closed. @param onAsk what happens each time when a relay is asked what it heard */
  const leave = (onAsk: () => void = () => {}) => {
    const heardBytes = async (...of: [string, string]) => {
      const bytes = await gateway.whep.heardBytes(...of);
      asked += 1;
      onAsk();
      return bytes;
    };
    watchVanished({ ...gateway.services, whep: { ...gateway.whep, heardBytes } }, () => back, TIMES).left(session);
  };
  /** As long as it would have taken to cut it: another one, of which nothing is heard, has been by then. */
  const timeToCut = async () => {
    const cut: string[] = [];
    const whep = { ...gateway.whep, heardBytes: async () => 0, cut: async (relay: string) => void cut.push(relay) };
    watchVanished({ ...gateway.services, whep }, () => false, TIMES).left(session);
    await until('the other one to be cut', () => cut.length > 0, 2_000, 5);
  };

  it('is cut at every relay that hears no more of it, so that a drain waits for nobody who is gone', async () => {
    leave();
    await until('both connections to be cut', () => gateway.whep.cuts.length === 2, 2_000, 5);
    expect(gateway.whep.cuts).to.have.members(['rs_1', 'rs_2']);
    const view = () => gateway.house.roster.view({ kind: 'viewer', id: session });
    await until('it to be waited for', () => view()?.state === 'connecting', 2_000, 5);
    expect(view()?.why).to.include({ reason: 'seat-left' });
    expect(view()?.context.legs).to.deep.equal({});
  });

  it('keeps its picture while it still answers a relay: only its socket is broken', async () => {
    leave(() => gateway.whep.heard.set('rs_2', 2_000 + asked));
    await until('a second look', () => asked === 4, 2_000, 5);
    await timeToCut();
    expect(gateway.whep.cuts).to.deep.equal([]);
  });

  it('keeps its picture when it is back, be it at the last moment', async () => {
    leave(() => {
      back = asked === 4;
    });
    await until('a second look', () => asked === 4, 2_000, 5);
    await timeToCut();
    expect(gateway.whep.cuts).to.deep.equal([]);
  });

  it('keeps its picture where nobody counts what comes of it', async () => {
    gateway.whep.heard.delete('rs_2');
    leave();
    await until('the relays to be asked', () => asked === 2, 2_000, 5);
    await timeToCut();
    expect(gateway.whep.cuts).to.deep.equal([]);
  });
});
