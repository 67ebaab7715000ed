import { expect } from 'chai';
import { type FakeGateway, fakeGateway } from '../../fakes/http.ts';

describe('broadcasts over HTTP', () => {
  let gateway: FakeGateway;
  beforeEach(async () => {
    gateway = await fakeGateway({});
    gateway.services.config.destinations['city-tv'] = {
      ...{ to: 'rtmp://127.0.0.1/live', key_file: '/nowhere/key', monitor: 'http://tv/{camera}' },
      ...{ audio: 'copy' as const, video: 'copy' as const },
    };
    await gateway.camera('gate', 'hcm/airport');
  });
  afterEach(async () => {
    delete gateway.services.config.destinations['city-tv'];
    await gateway.close();
  });

  const operator = { role: 'operator' as const, zones: ['hcm/*'] };
  const ask = (method: 'GET' | 'POST' | 'DELETE', url: string, grant: object = operator, payload?: object) =>
    gateway.server.inject({
      method,
      url,
      headers: { host: 'localhost', ...gateway.bearer(grant) },
      ...(payload ? { payload } : {}),
    });
  const start = (grant?: object, destination = 'city-tv', camera = 'gate') =>
    ask('POST', '/api/v1/broadcasts', grant, { camera, destination });

  it('start one push for each camera and destination, however often it is asked for, and stop it', async () => {
    const first = await start();
    expect(first.statusCode).to.equal(201);
    expect(first.json()).to.include({
      ...{ id: 'gate--city-tv', camera: 'gate', destination: 'city-tv', state: 'connecting', relay: 'relay-1' },
      ...{ to: 'rtmp://127.0.0.1/live', picture: true },
    });
    expect((await start()).statusCode).to.equal(200);
    expect(gateway.house.slots.push.all).to.have.length(1);
    expect((await ask('GET', '/api/v1/broadcasts')).json().items).to.have.length(1);
    expect((await ask('DELETE', '/api/v1/broadcasts/gate--city-tv')).statusCode).to.equal(204);
    expect(gateway.house.slots.push.isHeld()).to.equal(false);
    expect((await ask('GET', '/api/v1/broadcasts')).json().items).to.deep.equal([]);
    const [stopped] = (await ask('GET', '/api/v1/broadcasts?stopped=true')).json().items;
    expect(stopped).to.include({ state: 'stopped' });
    expect((await start()).statusCode).to.equal(201);
  });

  it('name who began and who stopped them as people know them, each time anew', async () => {
    expect((await start({ ...operator, sub: 'lan', name: 'Lan Nguyen' })).json()).to.include({
      ...{ by: 'lan', by_name: 'Lan Nguyen' },
    });
    await ask('DELETE', '/api/v1/broadcasts/gate--city-tv', { ...operator, sub: 'minh', name: 'Minh Tran' });
    const [stopped] = (await ask('GET', '/api/v1/broadcasts?stopped=true')).json().items;
    expect(stopped).to.include({ by_name: 'Lan Nguyen' });
    expect(stopped.why.text).to.equal('stopped by Minh Tran');
    const again = (await start({ ...operator, sub: 'hoa' })).json();
    expect(again).to.include({ by: 'hoa' }).and.not.have.property('by_name');
    expect(again.why.text).to.contain('asked for by hoa');
  });

  it('are an operator’s of the camera’s zone alone', async () => {
    expect((await start({ role: 'viewer', zones: ['*'] })).statusCode).to.equal(403);
    expect((await start({ role: 'operator', zones: ['hanoi/*'] })).statusCode).to.equal(403);
    await start();
    const elsewhere = { role: 'operator', zones: ['hanoi/*'] };
    expect((await ask('GET', '/api/v1/broadcasts', elsewhere)).json().items).to.deep.equal([]);
    expect((await ask('DELETE', '/api/v1/broadcasts/gate--city-tv', elsewhere)).statusCode).to.equal(403);
  });

  it('tell operators where cameras can be pushed to, without the keys', async () => {
    const { items } = (await ask('GET', '/api/v1/destinations')).json();
    expect(items).to.deep.equal([{ id: 'city-tv', to: 'rtmp://127.0.0.1/live', monitor: 'http://tv/{camera}' }]);
  });

  it('that an encoder has to make are told when no relay of ours could push them', async () => {
    gateway.services.config.destinations['city-tv'] = { to: 'rtmp://127.0.0.1/live', audio: 'aac', video: 'copy' };
    gateway.services.encodesAt = () => false;
    const refused = await start();
    expect([refused.statusCode, refused.json().reason]).to.deep.equal([503, 'no-relay']);
    expect(refused.json().error).to.contain('needs a delivery relay of ours');
    expect(refused.json().why.rejected[0].because).to.contain('it is somebody else’s');
  });

  it('say which destinations there are when one is not known', async () => {
    const answer = await start(operator, 'citytv');
    expect(answer.statusCode).to.equal(404);
    expect(answer.json().error).to.contain('There are city-tv.');
    expect((await start(operator, 'constructor')).statusCode).to.equal(404);
  });

  it('begin also in a moment in which no relay serves: the one that will pushes them', async () => {
    await gateway.house.roster.offer(
      { kind: 'relay', id: 'relay-1' as never },
      { type: 'relay.exited', detail: 'SIGKILL' },
    );
    const answer = await start();
    expect(answer.statusCode).to.equal(201);
    expect(answer.json()).to.include({ relay: 'relay-1', state: 'connecting' });
  });
});
