import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';
import { openLayouts } from '../../../adapters/layouts.files.ts';
import { readStateFiles } from '../../../infra/backup/state-files.ts';
import { type FakeGateway, fakeGateway } from '../../fakes/http.ts';

const PEOPLE = {
  vera: { role: 'viewer', cameras: ['cam_001'] },
  lan: { role: 'operator', zones: ['hcm/*'] },
  minh: { role: 'operator', zones: ['hanoi/*'] },
  anna: { role: 'admin' },
} as const;
type Person = keyof typeof PEOPLE;

describe('http: walls that people keep', () => {
  let gateway: FakeGateway;
  const ask = (sub: Person, method: 'GET' | 'POST' | 'PATCH' | 'DELETE', at = '', payload?: object) => {
    const { role, ...rights } = { cameras: [], zones: [], ...PEOPLE[sub] };
    const headers = gateway.bearer({ sub, role, cameras: [...rights.cameras], zones: [...rights.zones] });
    return gateway.server.inject({ method, url: `/api/v1/layouts${at}`, headers, ...(payload ? { payload } : {}) });
  };
  const gates = { name: 'Gates', cameras: ['cam_002', 'cam_001', 'cam_gone'], columns: 3, rows: 2, big: true };
  const keep = async (sub: Person, wish: object = gates): Promise<string> =>
    (await ask(sub, 'POST', '', wish)).json().id;
  const namesOf = async (sub: Person) =>
    (await ask(sub, 'GET'))
      .json()
      .items.map(({ name }: { name: string }) => name)
      .sort();

  beforeEach(async () => {
    gateway = await fakeGateway();
    await gateway.camera('cam_001', 'hcm/center');
    await gateway.camera('cam_002', 'hanoi/station');
  });
  afterEach(() => gateway.close());

  it('are kept for the person who made them, in their order and size, and outlive the gateway', async () => {
    const made = await ask('lan', 'POST', '', { ...gates, tour: { every_s: 10, layouts: ['lay_other'] } });
    expect(made.statusCode).to.equal(201);
    const kept = {
      ...gates,
      owner: 'lan',
      yours: true,
      state: 'private',
      tour: { every_s: 10, layouts: ['lay_other'] },
    };
    expect(made.json()).to.deep.include(kept);
    expect(made.headers.location).to.equal(`/api/v1/layouts/${made.json().id}`);
    expect((await ask('lan', 'GET')).json().items).to.deep.equal([made.json()]);
    expect(await namesOf('minh'), 'nobody else finds them').to.deep.equal([]);
    const file = path.join(gateway.state, 'layouts.json');
    expect(openLayouts(file).find(made.json().id)).to.include({ owner: 'lan', name: 'Gates' });
    expect(statSync(file).mode & 0o077).to.equal(0);
    expect(readStateFiles(gateway.state).get('layouts.json')?.equals(readFileSync(file)), 'in a backup').to.equal(true);
  });

  it('are changed field by field, null takes away, and deleted for good', async () => {
    const id = await keep('lan');
    const changed = await ask('lan', 'PATCH', `/${id}`, { cameras: ['cam_001'], rows: null, big: false });
    expect(changed.json()).to.deep.include({ name: 'Gates', cameras: ['cam_001'], columns: 3, big: false });
    expect(changed.json()).to.not.have.property('rows');
    expect((await ask('lan', 'DELETE', `/${id}`)).statusCode).to.equal(204);
    expect((await ask('lan', 'GET', `/${id}`)).statusCode).to.equal(404);
    expect((await ask('lan', 'PATCH', `/${id}`, { name: 'x' })).statusCode).to.equal(404);
  });

  it('open by their link with the cameras that the looker may see, and are nobody else’s to change', async () => {
    const id = await keep('lan');
    const camerasFor = async (sub: Person) => (await ask(sub, 'GET', `/${id}`)).json().cameras;
    expect(await camerasFor('vera')).to.deep.equal(['cam_001']);
    expect(await camerasFor('minh')).to.deep.equal(['cam_002']);
    expect(await camerasFor('lan'), 'who may change it sees what it says').to.deep.equal(gates.cameras);
    expect((await ask('vera', 'GET', `/${id}`)).json()).to.include({ yours: false, columns: 3 });
    for (const method of ['PATCH', 'DELETE'] as const) {
      const refused = await ask('minh', method, `/${id}`, method === 'PATCH' ? { name: 'Mine' } : undefined);
      expect([refused.statusCode, refused.json().reason]).to.deep.equal([403, 'not-yours']);
    }
    expect((await ask('anna', 'PATCH', `/${id}`, { name: 'Doors' })).json()).to.include({
      owner: 'lan',
      name: 'Doors',
    });
  });

  it('say whose they are as people know them, by the name of their owner’s last change', async () => {
    const asLan = (name: string, method: 'POST' | 'PATCH', at: string, payload: object) => {
      const headers = gateway.bearer({ sub: 'lan', name, role: 'operator', cameras: [], zones: ['hcm/*'] });
      return gateway.server.inject({ method, url: `/api/v1/layouts${at}`, headers, payload });
    };
    const made = (await asLan('Lan', 'POST', '', gates)).json();
    expect(made).to.include({ owner: 'lan', owner_name: 'Lan' });
    const shared = (await ask('anna', 'PATCH', `/${made.id}`, { shared_with: 'viewer' })).json();
    expect(shared).to.include({ owner: 'lan', owner_name: 'Lan' });
    await asLan('Lan Nguyen', 'PATCH', `/${made.id}`, { big: false });
    expect((await ask('vera', 'GET')).json().items[0]).to.include({ owner: 'lan', owner_name: 'Lan Nguyen' });
  });

  it('are shared with a role or with everybody by an administrator alone', async () => {
    const refused = await ask('lan', 'POST', '', { ...gates, shared_with: 'viewer' });
    expect([refused.statusCode, refused.json().reason]).to.deep.equal([403, 'role']);
    await keep('anna', { ...gates, name: 'For operators', shared_with: 'operator' });
    const everybody = await keep('anna', { ...gates, name: 'For everybody', shared_with: 'viewer' });
    expect(await namesOf('vera')).to.deep.equal(['For everybody']);
    expect(await namesOf('lan')).to.deep.equal(['For everybody', 'For operators']);
    const own = await keep('lan');
    expect((await ask('lan', 'PATCH', `/${own}`, { shared_with: 'viewer' })).statusCode).to.equal(403);
    await ask('anna', 'PATCH', `/${own}`, { shared_with: 'viewer' });
    await ask('anna', 'PATCH', `/${everybody}`, { shared_with: null });
    expect(await namesOf('vera')).to.deep.equal(['Gates']);
  });

  it('are refused where they say nothing that a wall can be', async () => {
    for (const wish of [
      { ...gates, name: ' ' },
      { ...gates, cameras: ['a.b'] },
      { ...gates, cameras: ['cam_001', 'cam_001'] },
      { ...gates, columns: 0 },
      { ...gates, tour: { every_s: 1, layouts: [] } },
      { ...gates, owner: 'anna' },
    ]) {
      expect((await ask('lan', 'POST', '', wish)).statusCode, JSON.stringify(wish)).to.equal(400);
    }
  });
});
