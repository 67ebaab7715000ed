import { expect } from 'chai';
import { acquaint } from '../../../actors/acquaintance.ts';
import { raiseIncidents } from '../../../actors/emergency.ts';
import { id } from '../../../bus/identity.ts';
import { readEvents } from '../../fakes/event-stream.ts';
import { type FakeGateway, fakeGateway } from '../../fakes/http.ts';
import { until } from '../../fixtures/process.ts';

describe('incidents over HTTP', () => {
  let gateway: FakeGateway;
  beforeEach(async () => {
    gateway = await fakeGateway({});
    const fault = (error: Error) => {
      throw error;
    };
    acquaint(gateway.house.roster, fault);
    const { roster } = gateway.house;
    raiseIncidents({
      roster,
      cells: roster,
      addressOf: () => undefined,
      settleQuality: async () => {},
      later() {},
      onFault: fault,
    });
    for (const [name, zone] of [
      ['gate', 'hcm/airport'],
      ['hall', 'hcm/airport'],
      ['quay', 'danang/port'],
    ] as const) {
      await gateway.camera(name, zone);
    }
  });
  afterEach(() => gateway.close());

  const operator = { sub: 'hoa', role: 'operator' as const, zones: ['hcm/*'] };
  const ask = (method: 'GET' | 'POST' | 'PATCH' | 'DELETE', url: string, payload?: object, grant: object = operator) =>
    gateway.server.inject({
      method,
      url,
      headers: { host: 'localhost', ...gateway.bearer(grant) },
      ...(payload ? { payload } : {}),
    });
  const declare = (more: object = {}, grant?: object) =>
    ask('POST', '/api/v1/incidents', { zone: 'hcm/*', reason: 'fire in hall 2', ...more }, grant);

  it('are declared for a zone with one request, an hour by default, and closed with another', async () => {
    const answer = await declare();
    expect(answer.statusCode).to.equal(201);
    const incident = answer.json();
    expect(incident).to.deep.include({ zone: 'hcm/*', cameras: ['gate', 'hall'], by: 'hoa', drill: false });
    expect(incident.until - Date.now()).to.be.closeTo(3_600_000, 5_000);
    const renewed = await ask('PATCH', `/api/v1/incidents/${incident.id}`, { minutes: 120 });
    expect(renewed.json().until - Date.now()).to.be.closeTo(7_200_000, 5_000);
    expect((await ask('DELETE', `/api/v1/incidents/${incident.id}`)).statusCode).to.equal(204);
    expect((await ask('GET', '/api/v1/incidents')).json().items).to.deep.equal([]);
    expect((await ask('GET', '/api/v1/incidents?closed=true')).json().items[0]).to.include({ state: 'closed' });
    expect((await ask('DELETE', `/api/v1/incidents/${incident.id}`)).statusCode).to.equal(404);
  });

  it('declared twice with the same key are one, also at the same moment', async () => {
    const answers = await Promise.all([declare({ key: 'alarm 7' }), declare({ key: 'alarm 7' })]);
    expect(new Set(answers.map((answer) => answer.json().id)).size).to.equal(1);
    expect((await declare({ key: 'alarm 7' })).statusCode).to.equal(200);
    expect((await ask('GET', '/api/v1/incidents')).json().items).to.have.length(1);
  });

  it('are only about cameras that the operator acts upon', async () => {
    expect((await declare({ zone: 'danang/*' })).statusCode).to.equal(404);
    expect((await declare({ zone: undefined, cameras: ['quay'] })).statusCode).to.equal(403);
    expect((await declare({}, { role: 'viewer', zones: ['*'] })).statusCode).to.equal(403);
    const { id } = (await declare()).json();
    const elsewhere = { role: 'operator', zones: ['danang/*'] };
    expect((await ask('DELETE', `/api/v1/incidents/${id}`, undefined, elsewhere)).statusCode).to.equal(403);
    expect((await ask('GET', '/api/v1/incidents', undefined, elsewhere)).json().items).to.deep.equal([]);
  });

  it('refuse what they can not mean, and change nothing', async () => {
    for (const wrong of [{ zone: undefined }, { cameras: ['gate'] }, { minutes: 0 }, { reason: '' }, { severity: 1 }]) {
      expect((await declare(wrong)).statusCode, JSON.stringify(wrong)).to.equal(400);
    }
    expect((await declare({ destinations: ['nowhere'] })).statusCode).to.equal(404);
    expect((await ask('GET', '/api/v1/incidents')).json().items).to.deep.equal([]);
  });

  it('let the people they name watch while they run, and no longer', async () => {
    const guest = { sub: 'minh', role: 'viewer' as const };
    const watch = () => ask('GET', '/live/gate/webrtc', undefined, guest);
    expect((await watch()).statusCode).to.equal(403);
    const { id } = (await declare({ grants: { subjects: ['minh'] } })).json();
    const admitted = await watch();
    expect(admitted.statusCode).to.equal(200);
    const session = { kind: 'viewer' as const, id: admitted.json().session_id };
    expect((await ask('GET', '/api/v1/cameras', undefined, guest)).json().items).to.have.length(2);
    // What lets a guest watch lets them do nothing else, and tells them nothing of the other guests.
    const minute = `from=${Date.now() - 60_000}&to=${Date.now()}`;
    for (const past of [
      '/api/v1/recordings/gate',
      '/recordings/gate',
      `/recordings/gate/index.m3u8?${minute}`,
      `/recordings/gate/thumbnail?at=${Date.now()}`,
      `/recordings/gate/export.mp4?${minute}`,
    ]) {
      const refused = await ask('GET', past, undefined, guest);
      expect([refused.statusCode, refused.json().reason], past).to.deep.equal([403, 'granted-live']);
    }
    const [seen] = (await ask('GET', '/api/v1/incidents', undefined, guest)).json().items;
    expect(seen).not.to.have.property('grants');
    await ask('DELETE', `/api/v1/incidents/${id}`);
    await until('the guest to be cut', () => gateway.house.roster.view(session)?.state === 'ended');
    expect((await watch()).statusCode).to.equal(403);
  });

  it('give a named operator of elsewhere the picture, and not the controls', async () => {
    const other = { sub: 'nam', role: 'operator' as const, zones: ['danang/*'] };
    await declare({ grants: { subjects: ['nam'] } });
    expect((await ask('GET', '/api/v1/cameras/gate', undefined, other)).statusCode).to.equal(200);
    const push = { camera: 'gate', destination: 'city-tv' };
    expect((await ask('POST', '/api/v1/broadcasts', push, other)).statusCode).to.equal(403);
  });

  it('tell the guests of an event stream of its cameras while they run, of their end, and of nothing behind it', async () => {
    const { roster } = gateway.house;
    const url = '/api/v1/events';
    const guest = gateway.bearer({ sub: 'chi', zones: ['danang/*'] });
    const listen = async () => {
      const answer = await gateway.server.inject({
        url,
        headers: { host: 'localhost', ...guest },
        payloadAsStream: true,
      });
      return readEvents(answer.stream());
    };
    const silence = (camera: string) =>
      roster.offer({ kind: 'camera', id: id(camera) }, { type: 'source.silent', source: '0', silent_ms: 900 });
    const before = await listen();
    const incident = (
      await declare({ cameras: ['gate', 'hall'], zone: undefined, grants: { subjects: ['chi'] } })
    ).json();
    const during = await listen();
    try {
      await silence('gate');
      for (const stream of [before, during]) {
        await until('the camera of the incident', () => stream.types().includes('camera.stalled'));
      }
      await ask('DELETE', `/api/v1/incidents/${incident.id}`);
      await silence('hall');
      await silence('quay');
      for (const stream of [before, during]) {
        await until('a camera of their own', () => stream.facts().at(-1)?.data.subject === 'camera/quay');
        expect(stream.types()).to.include('incident.closed');
        const stalled = stream.facts().filter(({ data }) => data.type === 'signalbox.camera.stalled');
        expect(stalled.map(({ data }) => data.subject)).to.deep.equal(['camera/gate', 'camera/quay']);
      }
    } finally {
      for (const stream of [before, during]) stream.close();
    }
  });

  it('show whom they let in, in the log and at a past moment, to nobody but who operates all their cameras', async () => {
    await declare({ grants: { subjects: ['chi'] } });
    const seen = async (grant: object) => {
      const journal = (await ask('GET', '/api/v1/journal', undefined, grant)).json().items;
      const replay = (await ask('GET', `/api/v1/replay?at=${Date.now() + 1_000}`, undefined, grant)).json().cells;
      return [...journal, ...replay].filter(({ kind }: { kind: string }) => kind === 'incident').length;
    };
    expect(await seen(operator)).to.be.greaterThan(1);
    expect(await seen({ sub: 'anna', role: 'admin' })).to.be.greaterThan(1);
    expect(await seen({ sub: 'binh', role: 'operator', cameras: ['gate'] })).to.equal(0);
    expect(await seen({ sub: 'dao', role: 'operator', zones: ['danang/*'] })).to.equal(0);
    expect(await seen({ sub: 'vera', role: 'viewer', zones: ['hcm/*'] })).to.equal(0);
  });
});
