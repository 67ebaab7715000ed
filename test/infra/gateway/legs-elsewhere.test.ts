import { expect } from 'chai';
import { memoryStore } from '../../../bus/carriers/memory.ts';
import { id } from '../../../bus/identity.ts';
import { answerAsks } from '../../../infra/gateway/asks.ts';
import { openLegsElsewhere } from '../../../infra/gateway/legs-elsewhere.ts';
import { askOthers } from '../../../infra/gateway/others.ts';
import { gate } from '../../fakes/gateways.ts';
import { type FakeGateway, fakeGateway, OFFER } from '../../fakes/http.ts';

const FRAGMENT = 'application/trickle-ice-sdpfrag';
const CANDIDATE = 'a=ice-ufrag:abcd\r\nm=video 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\na=end-of-candidates\r\n';

describe('a WHEP client whose balancer leads it to another gateway', () => {
  /** Where it opened its connection. */
  let first: FakeGateway;
  /** Where it is led to later; it knows the same cells, as over the mirror. */
  let second: FakeGateway;
  let answering: { close(): void };
  let at: string;
  let etag: string;
  const bearer = (sub: string) => {
    const grant = { sub, role: 'viewer' as const, cameras: ['cam_001'], zones: [] };
    return { authorization: `Bearer ${gate.mintLogin(grant, 600)}` };
  };
  const say = (gateway: FakeGateway, method: 'PATCH' | 'DELETE', more: Record<string, string> = {}, to = at) =>
    gateway.server.inject({
      ...{ method, url: to, headers: { ...bearer('vera'), ...more } },
      ...(method === 'PATCH' ? { payload: CANDIDATE } : {}),
    });
  const patch = (gateway: FakeGateway, ifMatch: string, to?: string) =>
    say(gateway, 'PATCH', { 'content-type': FRAGMENT, 'if-match': ifMatch }, to);

  beforeEach(async () => {
    const { bus } = memoryStore();
    const members = () => ['gate-1', 'gate-2'];
    const legsOf = (node: string) => openLegsElsewhere(askOthers({ node, bus, gate, members }));
    const legs = legsOf('gate-1');
    first = await fakeGateway({ gate, legsElsewhere: legs });
    const { cells } = first.services;
    second = await fakeGateway({ cells, gate, legsElsewhere: legsOf('gate-2') });
    answering = await answerAsks({
      ...{ bus, gate, leg: legs.hear },
      ...{ cells: cells as never, roster: cells as never, config: () => first.services.config },
      ...{
        poster: () => undefined,
        intake: () => ({}) as never,
        written: async () => undefined,
        audience: () => undefined,
      },
    });
    await first.camera('cam_001', 'hcm/center');
    const headers = { ...bearer('vera'), 'content-type': 'application/sdp' };
    const opened = await first.server.inject({ method: 'POST', url: '/live/cam_001/whep', headers, payload: OFFER });
    at = String(opened.headers.location);
    etag = String(opened.headers.etag);
  });
  afterEach(async () => {
    answering.close();
    await Promise.all([first.close(), second.close()]);
  });

  it('has its candidates taken and its ICE restart answered there, as by the one that it began with', async () => {
    expect((await patch(second, etag)).statusCode).to.equal(204);
    expect(first.whep.trickled).to.have.length(1);
    first.whep.restart('a=ice-ufrag:new\r\n');
    const restarted = await patch(second, etag);
    expect([restarted.statusCode, restarted.body]).to.deep.equal([200, 'a=ice-ufrag:new\r\n']);
    expect((await patch(second, etag)).json(), 'that ICE session is over').to.include({ reason: 'etag' });
    expect((await patch(second, String(restarted.headers.etag))).statusCode).to.equal(204);
    expect(second.whep.trickled).to.deep.equal([]);
  });

  it('leaves there: its connection is closed at its relay, and its session over', async () => {
    expect((await say(second, 'DELETE')).statusCode).to.equal(200);
    expect(first.whep.closed).to.have.length(1);
    const session = first.services.cells.view({ kind: 'viewer', id: id(at.split('/')[4] ?? '') });
    expect(session).to.include({ state: 'ended' });
  });

  it('is told to begin anew where no gateway has its connection any more, and may not touch another’s', async () => {
    const gone = at.replace(/[^/]+$/, 'leg_gone');
    expect((await patch(second, etag, gone)).json()).to.include({ reason: 'not-found' });
    answering.close();
    expect((await patch(second, etag)).statusCode).to.equal(404);
    const stranger = second.server.inject({
      ...{ method: 'PATCH', url: at, payload: CANDIDATE },
      headers: { ...bearer('vito'), 'content-type': FRAGMENT },
    });
    expect((await stranger).statusCode).to.equal(403);
    expect(first.whep.trickled).to.deep.equal([]);
  }).timeout(10_000);
});
