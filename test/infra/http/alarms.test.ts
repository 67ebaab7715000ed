import { expect } from 'chai';
import { id } from '../../../bus/identity.ts';
import { type FakeGateway, fakeGateway } from '../../fakes/http.ts';

describe('http: alarms', () => {
  let gateway: FakeGateway;
  const people = {
    vera: { role: 'viewer', zones: ['hcm/*'] },
    lan: { role: 'operator', zones: ['hcm/*'] },
    minh: { role: 'operator', zones: ['hcm/*'] },
    otto: { role: 'operator', zones: ['hanoi/*'] },
  } as const;
  type Person = keyof typeof people;
  const ask = (sub: Person, method: 'GET' | 'POST', url: string, payload?: object) => {
    const headers = gateway.bearer({ sub, ...people[sub], zones: [...people[sub].zones] });
    return gateway.server.inject({ method, url: `/api/v1/alarms${url}`, headers, ...(payload ? { payload } : {}) });
  };
  const list = async (sub: Person, query = '') => (await ask(sub, 'GET', query)).json().items;
  const acknowledge = (sub: Person, alarm: string, payload: object = {}) =>
    ask(sub, 'POST', `/${alarm}/acknowledge`, payload);
  const raise = (cause: string, kind: string, about: string, cameras: string[]) =>
    gateway.house.roster.create(
      { kind: 'alarm', id: id(`${cause}--${about}`) },
      {
        ...{
          type: 'cause.present',
          cause,
          about: { kind, id: about },
          title: 'North gate',
          text: 'the picture stands still',
        },
        ...{ cameras, zone: cameras.length ? 'hcm/center' : '' },
      },
    );

  beforeEach(async () => {
    gateway = await fakeGateway();
    await gateway.camera('cam_001', 'hcm/center');
    await raise('frozen', 'camera', 'cam_001', ['cam_001']);
  });
  afterEach(() => gateway.close());

  it('are acknowledged once, for everybody, with who, when and a note', async () => {
    const [raised] = await list('lan');
    expect(raised).to.deep.include({
      id: 'frozen--cam_001',
      state: 'raised',
      acknowledgeable: true,
      title: 'North gate',
    });
    const answer = await acknowledge('lan', raised.id, { note: 'the guard is on the way' });
    expect(answer.statusCode, answer.body).to.equal(200);
    expect(answer.json()).to.deep.include({ state: 'acknowledged', acknowledgeable: false });
    const [seen] = await list('vera');
    expect(seen.acknowledged).to.include({ by: 'lan', note: 'the guard is on the way' });
    expect(seen.acknowledged.at).to.be.within(seen.raised_at, Date.now());
    const second = await acknowledge('minh', raised.id);
    expect([second.statusCode, second.json().acknowledged.by]).to.deep.equal([200, 'lan']);
  });

  it('name who takes care of them as people know them, and say of a program that it is one', async () => {
    const { services, server } = gateway;
    const grant = { name: 'night watch', role: 'operator' as const, cameras: [], zones: ['*'], by: 'anna' };
    const { service, token } = services.serviceTokens.make({ ...grant, expires_at: Date.now() + 60_000 });
    const called = { sub: 'lan', name: 'Lan Nguyen', role: 'operator' as const, zones: ['*'] };
    const take = async (authorization: string, alarm: string) => {
      const url = `/api/v1/alarms/${alarm}/acknowledge`;
      return (await server.inject({ method: 'POST', url, headers: { authorization }, payload: {} })).json();
    };
    const byPerson = await take(gateway.bearer(called).authorization, 'frozen--cam_001');
    expect(byPerson.acknowledged).to.include({ by: 'lan', by_name: 'Lan Nguyen' });
    expect(byPerson.why.text).to.equal('acknowledged by Lan Nguyen');
    await raise('disk-full', 'recording', 'cam_001', ['cam_001']);
    const byProgram = await take(`Bearer ${token}`, 'disk-full--cam_001');
    expect(byProgram.acknowledged).to.include({ by: `service:${service.id}`, by_name: 'night watch (a program)' });
  });

  it('are shown to who may watch the camera, and acknowledged by who operates it alone', async () => {
    expect((await list('vera'))[0]).to.deep.include({ id: 'frozen--cam_001', acknowledgeable: false });
    expect((await acknowledge('vera', 'frozen--cam_001')).statusCode).to.equal(403);
    expect(await list('otto')).to.deep.equal([]);
    expect((await acknowledge('otto', 'frozen--cam_001')).statusCode).to.equal(403);
    await raise('relay-dead', 'relay', 'relay-2', []);
    expect((await list('otto')).map((one: { id: string }) => one.id)).to.deep.equal(['relay-dead--relay-2']);
    expect((await list('vera')).length).to.equal(1);
    expect((await acknowledge('otto', 'relay-dead--relay-2')).statusCode).to.equal(200);
  });

  it('are not told while something is only suspected, and for a day when they are over', async () => {
    await raise('no-source', 'camera', 'cam_001', ['cam_001']);
    expect((await list('lan')).length).to.equal(1);
    expect((await acknowledge('lan', 'no-source--cam_001')).statusCode).to.equal(404);
    const at = { kind: 'alarm' as const, id: id('frozen--cam_001') };
    await gateway.house.roster.offer(at, { type: 'cause.gone', text: 'live' });
    expect((await list('lan'))[0].gone).to.deep.include({ text: 'live' });
    await gateway.house.roster.offer(at, { type: 'alarm.rang', name: 'clear' });
    expect(await list('lan')).to.deep.equal([]);
    expect((await list('lan', '?cleared=true'))[0]).to.deep.include({ state: 'cleared' });
    const late = await acknowledge('lan', 'frozen--cam_001');
    expect([late.statusCode, late.json().reason]).to.deep.equal([409, 'cleared']);
  });
});
