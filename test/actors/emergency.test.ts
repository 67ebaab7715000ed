import { expect } from 'chai';
import { acquaint } from '../../actors/acquaintance.ts';
import type { Cells } from '../../actors/cells.ts';
import { urgentCameras } from '../../actors/emergency/running.ts';
import { raiseIncidents } from '../../actors/emergency.ts';
import { memoryStore } from '../../bus/carriers/memory.ts';
import { id } from '../../bus/identity.ts';
import { type FakeGateway, fakeGatewayOf } from '../fakes/gateways.ts';
import { type FakeHouse, fakeHouse } from '../fakes/house.ts';
import { until } from '../fixtures/process.ts';

const HOUR = 3_600_000;
const camera = (name: string) => ({ kind: 'camera' as const, id: id(name) });
const incident = (name: string) => ({ kind: 'incident' as const, id: id(name) });
const push = (name: string) => ({ kind: 'broadcast' as const, id: id(`${name}--city-tv`) });

/** @param raising false: the gateway dies between declaring and raising */
async function housed(
  raising = true,
  later: (ms: number, run: () => void) => void = (_ms, run) => void setImmediate(run),
) {
  const house = fakeHouse();
  const faults: Error[] = [];
  const settled: string[][] = [];
  const follow = (one: FakeHouse, cells: Cells = one.roster) => {
    acquaint(one.roster, (error) => faults.push(error), { cells });
    return raiseIncidents({
      roster: one.roster,
      cells,
      addressOf: (name) => (name === 'city-tv' ? { to: 'rtmp://127.0.0.1/live', encoded: false } : undefined),
      async settleQuality(cameras) {
        settled.push(cameras.map((camera) => `${camera} ${urgentCameras(cells).has(camera) ? 'best' : 'usual'}`));
      },
      later,
      onFault: (error) => faults.push(error),
    });
  };
  if (raising) follow(house);
  const relay = { kind: 'relay' as const, id: id('relay-1') };
  await house.roster.create(relay, { type: 'relay.configured', role: 'delivery', region: 'hcm', weight: 1 });
  await house.roster.offer(relay, { type: 'relay.answering', instance: 'A' });
  await house.roster.offer(relay, { type: 'paths.provisioned', instance: 'A', paths: 1, elapsed_ms: 1 });
  for (const name of ['gate', 'hall']) {
    const sources = [{ id: '0', url: 'rtsp://127.0.0.1/a' }];
    const settings = { name, zone: 'hcm/airport', sources, keep: 'on-demand', eye: true };
    await house.roster.create(camera(name), { type: 'camera.configured', settings });
  }
  const declare = (name: string, cameras: string[], more: object = {}) =>
    house.roster.create(incident(name), {
      type: 'incident.declared',
      ...{ zone: '', cameras, reason: 'fire', by: 'hoa', until: house.clock.now + HOUR, drill: false },
      ...{ destinations: ['city-tv'], grants: { roles: [], subjects: [] }, ...more },
    });
  const watch = (name: string, subject: object) =>
    house.roster.create(
      { kind: 'viewer', id: id(name) },
      {
        type: 'viewer.requested',
        ...{ camera: 'gate', zone: 'hcm/airport', protocol: 'webrtc', quality: '720p', address: '127.0.0.1' },
        subject: { role: 'viewer', cameras: [], zones: [], iat: 1, ...subject },
        ...{ expires_at: 9_000_000_000_000, held: 0, quota: 2, relay: 'relay-1', standby: '' },
      },
    );
  const stateOf = (at: Parameters<FakeHouse['roster']['view']>[0]) => house.roster.view(at)?.state;
  const active = (name: string) => until(`${name} to be active`, () => stateOf(incident(name)) === 'active');
  return { house, faults, settled, follow, declare, watch, stateOf, active };
}

describe('an incident that is raised', () => {
  it('wakes its cameras and puts them on air, and lowers it all when it is closed', async () => {
    const { house, faults, declare, stateOf, active } = await housed();
    await declare('inc_1', ['gate', 'hall']);
    await active('inc_1');
    for (const name of ['gate', 'hall']) {
      expect(stateOf(camera(name))).to.equal('connecting');
      expect(stateOf(push(name))).to.equal('connecting');
    }
    await house.roster.offer(incident('inc_1'), { type: 'incident.ended', by: 'hoa' });
    await until('the pushes to stop', () => ['gate', 'hall'].every((name) => stateOf(push(name)) === 'stopped'));
    await until('the cameras to be let go', () => {
      const audience = (name: string) => house.roster.view(camera(name))?.context.audience as string[];
      return ['gate', 'hall'].every((name) => audience(name).length === 0);
    });
    expect(faults).to.deep.equal([]);
  });

  it('has its cameras recorded, whatever their settings say, and what was recorded kept when it is over', async () => {
    const { house, faults, declare, active } = await housed();
    const recording = () => house.roster.view({ kind: 'recording', id: id('gate') });
    await declare('inc_1', ['gate']);
    await active('inc_1');
    await declare('inc_2', ['gate'], { drill: true });
    await active('inc_2');
    expect(recording()?.context).to.deep.include({ holders: ['inc_1', 'inc_2'], wanted: false, zone: 'hcm/airport' });
    await house.roster.offer(incident('inc_1'), { type: 'incident.ended', by: 'hoa' });
    await until('the first to let go', () => String(recording()?.context.holders) === 'inc_2');
    expect(recording()?.tags).to.include('wanted');
    await house.roster.offer(incident('inc_2'), { type: 'incident.ended', by: 'hoa' });
    await until('the recording to end', () => recording()?.state === 'off');
    const kept = (recording()?.context.protections ?? []) as { holder: string; to?: number }[];
    expect(kept.map(({ holder, to }) => [holder, to !== undefined])).to.deep.equal([
      ['inc_1', true],
      ['inc_2', true],
    ]);
    expect(faults).to.deep.equal([]);
  });

  it('leaves alone what another running incident wants, and what an operator had begun before', async () => {
    const { house, declare, stateOf, active } = await housed();
    const operators = { type: 'broadcast.requested', zone: 'hcm/airport', destination: 'city-tv', camera: 'hall' };
    const more = { to: 'rtmp://127.0.0.1/live', relay: 'relay-1', by: 'lan', picture: false };
    await house.roster.create(push('hall'), { ...operators, ...more });
    await declare('inc_1', ['gate', 'hall']);
    await declare('inc_2', ['gate']);
    await active('inc_1');
    await active('inc_2');
    await house.roster.offer(incident('inc_1'), { type: 'incident.ended', by: 'hoa' });
    const audience = () => house.roster.view(camera('hall'))?.context.audience as string[];
    await until('the hall to be let go by it', () => !audience().includes('inc_1'));
    expect(stateOf(push('gate'))).to.equal('connecting');
    expect(stateOf(push('hall'))).to.equal('connecting');
    await house.roster.offer(incident('inc_2'), { type: 'incident.ended', by: 'hoa' });
    await until('the gate to be taken off air', () => stateOf(push('gate')) === 'stopped');
    expect(stateOf(push('hall'))).to.equal('connecting');
  });

  it('brings its cameras to their best, and back when the last incident about them is over', async () => {
    const { house, settled, declare, active } = await housed();
    await declare('inc_1', ['gate', 'hall']);
    await active('inc_1');
    await declare('inc_2', ['gate'], { drill: true });
    await active('inc_2');
    expect(settled).to.deep.equal([['gate best', 'hall best'], ['gate best']]);
    await house.roster.offer(incident('inc_1'), { type: 'incident.ended', by: 'hoa' });
    await until('its cameras to be looked at again', () => settled.length === 3);
    await house.roster.offer(incident('inc_2'), { type: 'incident.ended', by: 'hoa' });
    await until('the last one to be looked at again', () => settled.length === 4);
    expect(settled.slice(2)).to.deep.equal([['gate best', 'hall usual'], ['gate usual']]);
  });

  it('has encoders wait until its pushes are on air: they would hold each other up', async () => {
    const { house, settled, declare, stateOf, active } = await housed(true, () => {});
    await declare('inc_1', ['gate']);
    await until('the push', () => stateOf(push('gate')) === 'connecting');
    expect(settled).to.deep.equal([]);
    const flowing = { type: 'push.flowing', relay: 'relay-1', bytes: 1, elapsed_ms: 1, confirmed: true };
    await house.roster.offer(push('gate'), flowing);
    await active('inc_1');
    expect(settled).to.deep.equal([['gate best']]);
  });

  it('as a drill pushes nothing, and says so', async () => {
    const { house, declare, stateOf, active } = await housed();
    await declare('inc_1', ['gate'], { drill: true });
    await active('inc_1');
    expect(stateOf(push('gate'))).to.equal(undefined);
    expect(house.roster.view(incident('inc_1'))?.why.text).to.contain('this is a drill');
  });

  it('cuts the people whom it alone had let in when it ends, and nobody else', async () => {
    const { house, declare, watch, stateOf, active } = await housed();
    await declare('inc_1', ['gate'], { grants: { roles: [], subjects: ['minh'] } });
    await active('inc_1');
    await watch('ses_guest', { sub: 'minh', granted: [{ camera: 'gate' }] });
    await watch('ses_own', { sub: 'lan', zones: ['hcm/*'] });
    const guest = { kind: 'viewer' as const, id: id('ses_guest') };
    expect(stateOf(guest)).to.equal('admitted');
    await house.roster.offer(incident('inc_1'), { type: 'incident.ended', by: 'hoa' });
    await until('the guest to be cut', () => stateOf(guest) === 'ended');
    expect(stateOf({ kind: 'viewer', id: id('ses_own') })).to.equal('admitted');
  });

  it('comes back with a gateway that was killed in the middle of it, and what was half raised is raised', async () => {
    const { house, faults, follow, declare } = await housed(false);
    await declare('inc_1', ['gate']);
    const next = house.successor();
    await next.roster.adopt();
    follow(next);
    await until('it to be active', () => next.roster.view(incident('inc_1'))?.state === 'active');
    expect(next.roster.view(push('gate'))?.tags).to.include('wanted');
    const armed = next.slots.alarm.all.filter((one) => !one.end && one.input.name === 'end');
    expect(armed.at(-1)?.input.at).to.equal(house.clock.now + HOUR);
    expect(faults).to.deep.equal([]);
  });

  it('cuts its guests with the next gateway when it ended while none was there to cut them', async () => {
    const { house, faults, follow, declare, watch } = await housed(false);
    await declare('inc_1', ['gate'], { grants: { roles: [], subjects: ['minh'] } });
    await watch('ses_guest', { sub: 'minh', granted: [{ camera: 'gate' }] });
    await watch('ses_own', { sub: 'lan', zones: ['hcm/*'] });
    await house.roster.offer(incident('inc_1'), { type: 'incident.ended', by: 'hoa' });
    const next = house.successor();
    await next.roster.adopt();
    follow(next);
    const stateThere = (name: string) => next.roster.view({ kind: 'viewer', id: id(name) })?.state;
    await until('the guest to be cut', () => stateThere('ses_guest') === 'ended');
    expect(stateThere('ses_own')).to.equal('admitted');
    expect(faults).to.deep.equal([]);
  });
});

describe('an incident of one gateway among others', () => {
  it('is raised by the one where it lives, and by the next when that dies before it has', async () => {
    const store = memoryStore();
    const members = new Set<string>();
    const gateways = [await fakeGatewayOf(store, members, 'gate-1'), await fakeGatewayOf(store, members, 'gate-2')];
    const [first] = gateways as [FakeGateway, FakeGateway];
    const sources = [{ id: '0', url: 'rtsp://127.0.0.1/a' }];
    const settings = { name: 'gate', zone: 'hcm/airport', sources, keep: 'on-demand', eye: true };
    await first.cells.create(camera('gate'), { type: 'camera.configured', settings });
    const declared = {
      ...{ type: 'incident.declared', zone: '', cameras: ['gate'], reason: 'fire', by: 'hoa', drill: true },
      ...{ until: first.house.clock.now + HOUR, destinations: [], grants: { roles: [], subjects: [] } },
    };
    await first.cells.create(incident('inc_1'), declared);
    const owner = gateways.find(({ house }) => house.roster.has(incident('inc_1'))) as FakeGateway;
    const other = gateways.find((one) => one !== owner) as FakeGateway;
    await until('the other one to see it', () => other.cells.view(incident('inc_1')));
    const settled: string[] = [];
    const faults: Error[] = [];
    const raising = raiseIncidents({
      ...{ roster: other.house.roster, cells: other.cells, addressOf: () => undefined },
      settleQuality: async (cameras) => void settled.push(...cameras),
      later() {},
      onFault: (error) => faults.push(error),
    });
    raising.review();
    await other.beat();
    expect(other.cells.view(incident('inc_1'))?.state, 'it is not the other one’s to raise').to.equal('declared');
    owner.kill();
    await until('the other one to take it up', async () => {
      await other.beat();
      return other.house.roster.has(incident('inc_1'));
    });
    raising.review();
    await until('it to be active', () => other.cells.view(incident('inc_1'))?.state === 'active');
    expect(settled).to.deep.equal(['gate']);
    expect(faults).to.deep.equal([]);
  });
});
