import { expect } from 'chai';
import { acquaint } from '../../../actors/acquaintance.ts';
import { memoryStore } from '../../../bus/carriers/memory.ts';
import type { RelayRole } from '../../../bus/events/relay.ts';
import { id } from '../../../bus/identity.ts';
import type { ConfiguredRelay } from '../../../infra/config/model.ts';
import { type RelayLists, settleRelays } from '../../../infra/gateway/relays.ts';
import { ownerOf } from '../../../machines/policy/ownership.ts';
import { type FakeGateway, fakeGatewayOf } from '../../fakes/gateways.ts';
import { fakeHouse } from '../../fakes/house.ts';
import { until } from '../../fixtures/process.ts';

const roleOf = (name: string): RelayRole => (name.startsWith('intake') ? 'intake' : 'delivery');
const relay = (name: string) => ({ kind: 'relay' as const, id: id(name) });

/** What runs, and what a file lists. */
function lists(running: string[], listed: string[], more: Partial<ConfiguredRelay> = {}, savedAt?: number): RelayLists {
  const relays = listed.map((name) => ({
    id: name,
    role: roleOf(name),
    region: 'hcm',
    weight: 1,
    drain: false,
    ...more,
  }));
  const group = { relays: running.map((name) => ({ id: name, role: roleOf(name) })), remoteRelays: [] };
  return { group, config: { relays, limits: { relayGraceMs: 2_000 } }, savedAt } as unknown as RelayLists;
}

describe('the relays that a file lists', () => {
  const RUNNING = ['intake-1', 'relay-1', 'relay-2'];
  let house: ReturnType<typeof fakeHouse>;
  const save = (listed: string[], more: Partial<ConfiguredRelay> = {}, running = RUNNING) =>
    settleRelays(house.roster, () => true, lists(running, listed, more));
  const stateOf = (name: string) => house.roster.view(relay(name))?.state;
  const serve = async (name: string) => {
    await house.roster.offer(relay(name), { type: 'relay.answering', instance: 'A' });
    await house.roster.offer(relay(name), { type: 'paths.provisioned', instance: 'A', paths: 1, elapsed_ms: 1 });
  };
  /** Somebody watches there over RTSP, and can't be told to leave. */
  const watchAt = async (name: string) => {
    const session = { kind: 'viewer' as const, id: id('ses_1') };
    await house.roster.create(session, {
      type: 'viewer.requested',
      ...{ camera: 'cam_001', zone: 'hcm', protocol: 'rtsp', quality: '720p', address: '127.0.0.1' },
      subject: { sub: 'lan', role: 'admin', cameras: [], zones: [], iat: 1 },
      ...{ expires_at: 9_000_000_000_000, held: 0, quota: 2, relay: name, standby: '' },
    });
    await house.roster.offer(session, { type: 'seat.taken', relay: name, relay_session: 'r1' });
    return session;
  };

  beforeEach(async () => {
    house = fakeHouse();
    acquaint(house.roster, (error) => house.troubles.push(error.message));
    await save(RUNNING);
    for (const name of RUNNING) await serve(name);
  });
  afterEach(() => expect(house.troubles).to.deep.equal([]));

  it('are configured once, and told only what has changed', async () => {
    const before = house.store.records().length;
    await save(RUNNING);
    expect(house.store.records()).to.have.length(before);
    await save(RUNNING, { weight: 2 });
    expect(house.roster.view(relay('relay-1'))?.context.weight).to.equal(2);
  });

  it('are removed when the file is saved without them and nobody is on them', async () => {
    await save(['intake-1', 'relay-1']);
    await until('it to be removed', () => stateOf('relay-2') === 'removed');
    const before = house.store.records().length;
    await save(['intake-1', 'relay-1']);
    expect(house.store.records(), 'it is told once').to.have.length(before);
    expect(stateOf('relay-1')).to.equal('serving');
  });

  it('are removed at once when nothing of them runs since the start', async () => {
    await save(['intake-1', 'relay-1'], {}, ['intake-1', 'relay-1']);
    expect(stateOf('relay-2')).to.equal('removed');
  });

  it('come back when they are written into it again, and whoever had them drained is forgotten', async () => {
    await house.roster.offer(relay('relay-2'), { type: 'relay.drain', by: 'hoa' });
    await save(['intake-1', 'relay-1']);
    await until('it to be removed', () => stateOf('relay-2') === 'removed');
    await save(RUNNING);
    expect(stateOf('relay-2')).to.equal('starting');
    await serve('relay-2');
    expect(stateOf('relay-2')).to.equal('serving');
    await save(['intake-1', 'relay-1']);
    await until('it to be removed', () => stateOf('relay-2') === 'removed');
    await save(RUNNING, { drain: true });
    await serve('relay-2');
    await until('it to be drained, as the file says', () => stateOf('relay-2') === 'drained');
  });

  it('cut whoever can not be told to leave when their time is over, and say why', async () => {
    const session = await watchAt('relay-2');
    await save(['intake-1', 'relay-1']);
    const leavingAt = Number(house.roster.view(relay('relay-2'))?.context.leavingAt);
    const waits = house.slots.alarm.all.find(({ input, end }) => input.name === 'leave' && !end);
    expect(waits?.input.at).to.equal(leavingAt + 2_000);
    await house.roster.offer(relay('relay-2'), { type: 'alarm.rang', name: 'leave' });
    expect(stateOf('relay-2')).to.equal('removed');
    await until('it to be told', () => house.roster.view(session)?.state === 'moving');
    expect(house.roster.view(session)?.why).to.include({ reason: 'relay-removed' });
  });

  it('have their process started before they are asked after when they come back, and not otherwise', async () => {
    const started: string[] = [];
    const start = async (name: string) => void started.push(`${name}, ${stateOf(name)}`);
    const settle = (listed: string[]) => settleRelays(house.roster, () => true, lists(RUNNING, listed), start);
    await settle(['intake-1', 'relay-1']);
    await until('it to be removed', () => stateOf('relay-2') === 'removed');
    await settle(['intake-1', 'relay-1']);
    expect(started).to.deep.equal([]);
    await settle(RUNNING);
    await settle(RUNNING);
    expect(started).to.deep.equal(['relay-2, removed']);
  });

  it('stay before they are empty, when they are written into it again', async () => {
    await watchAt('relay-2');
    await save(['intake-1', 'relay-1']);
    expect(stateOf('relay-2')).to.equal('draining');
    await save(RUNNING);
    expect(stateOf('relay-2')).to.equal('serving');
    expect(house.roster.view(relay('relay-2'))?.context.leavingAt).to.equal(undefined);
  });

  it('keep the last of a role that runs until the next start', async () => {
    await save(['intake-1', 'relay-9']);
    expect([stateOf('relay-1'), stateOf('relay-2'), stateOf('relay-9')]).to.deep.equal([
      'serving',
      'serving',
      undefined,
    ]);
    await save(['intake-1', 'relay-9'], {}, ['intake-1', 'relay-9']);
    expect([stateOf('relay-1'), stateOf('relay-2')]).to.deep.equal(['removed', 'removed']);
  });
});

describe('the relays that several files list', () => {
  const GATEWAYS = ['gate-1', 'gate-2'];
  const both = ['relay-a', 'relay-b', 'relay-c', 'relay-d', 'relay-e', 'relay-f'];
  /** One that falls to the first gateway when both live. */
  const name = both.find((one) => ownerOf(relay(one), GATEWAYS).owner === 'gate-1') ?? '';
  const others = both.filter((one) => one !== name);
  let members: Set<string>;
  let store: ReturnType<typeof memoryStore>;
  let one: FakeGateway;
  let two: FakeGateway;

  const read = ({ cells }: FakeGateway, listed: string[], savedAt: number) =>
    settleRelays(cells, (at) => cells.belongsHere(at), lists(both, listed, {}, savedAt));
  const at = (gateway: FakeGateway) => gateway.cells.view(relay(name))?.state;
  const told = () =>
    store.told().flatMap(({ envelope }) => (envelope.subject === `relay/${name}` ? [envelope.type] : []));

  beforeEach(async () => {
    store = memoryStore();
    members = new Set();
    one = await fakeGatewayOf(store, members, 'gate-1');
    two = await fakeGatewayOf(store, members, 'gate-2');
  });

  it('are removed by whoever has them, and an older file that lists them brings none back', async () => {
    for (const gateway of [one, two]) await read(gateway, both, 100);
    expect(at(one)).to.equal('starting');
    await read(one, others, 200);
    expect(at(one)).to.equal('removed');
    await until('the other to see it', () => at(two) === 'removed');
    await read(two, both, 100);
    one.kill();
    await two.beat();
    expect(two.house.roster.has(relay(name)), 'it lives at the other now').to.equal(true);
    await read(two, both, 100);
    expect(at(two)).to.equal('removed');
    expect(told()).to.deep.equal(['signalbox.relay.starting', 'signalbox.relay.removed']);
    await read(two, both, 300);
    expect(at(two), 'a newer file lists it').to.equal('starting');
  });

  it('stay when they come to a gateway whose file is older than they are', async () => {
    await read(two, others, 100);
    await read(one, both, 200);
    expect(at(one)).to.equal('starting');
    one.kill();
    await two.beat();
    await read(two, others, 100);
    expect(at(two)).to.equal('starting');
    await read(two, others, 300);
    expect(at(two)).to.equal('removed');
  });
});
