import { setImmediate as breathe } from 'node:timers/promises';
import { expect } from 'chai';
import { foldPast } from '../../actors/past.ts';
import { succession } from '../../actors/whatif/gateway.ts';
import { type Consequences, type Loss, whatIf } from '../../actors/whatif.ts';
import { id } from '../../bus/identity.ts';
import { ownerOf } from '../../machines/policy/ownership.ts';
import { place } from '../../machines/policy/placement.ts';
import { type FakeHouse, fakeHouse } from '../fakes/house.ts';
import { answers, feeds, flows } from '../fakes/source.ts';

describe('a what-if', () => {
  let house: FakeHouse;
  const cam = (name: string) => ({ kind: 'camera' as const, id: id(name) });

  const relay = async (name: string, role: string) => {
    const at = { kind: 'relay' as const, id: id(name) };
    await house.roster.create(at, { type: 'relay.configured', role, region: 'hcm', weight: 1 });
    await house.roster.offer(at, { type: 'relay.answering', instance: 'A' });
    await house.roster.offer(at, { type: 'paths.provisioned', instance: 'A', paths: 1, elapsed_ms: 1 });
  };
  const camera = async (name: string) => {
    const sources = [{ id: id('0'), url: `rtsp://192.0.2.7/${name}` }];
    const settings = { name, zone: 'hcm/center', sources, keep: 'warm', eye: true };
    await house.roster.create(cam(name), { type: 'camera.configured', settings });
    for (const event of [answers(), flows(), feeds()]) await house.roster.offer(cam(name), event);
  };
  const viewer = async (name: string, of: string, on: string) => {
    const at = { kind: 'viewer' as const, id: id(name) };
    const subject = { sub: name, role: 'viewer', cameras: [of], zones: [], iat: 1 };
    await house.roster.create(at, {
      type: 'viewer.requested',
      ...{ camera: of, zone: 'hcm/center', subject, protocol: 'webrtc', quality: '720p', address: '127.0.0.1' },
      ...{ expires_at: house.clock.now + 3_600_000, held: 0, quota: 9, relay: on, standby: '' },
    });
    const seat = { relay: on, relay_session: `rs_${name}` };
    await house.roster.offer(at, { type: 'leg.opened', leg: 'a', path: of, ...seat });
    await house.roster.offer(at, { type: 'leg.playing', leg: 'a' });
  };
  const ask = (loss: Partial<Loss>): Promise<Consequences> => {
    const past = foldPast({});
    for (const entry of house.store.records()) past.take(entry);
    return whatIf(
      past.cells(),
      house.clock.now,
      { relays: [], sources: [], ...loss },
      {
        settle: async () => void (await breathe()),
        seat: (_viewer, relays, loadOf) =>
          place(
            relays.map(({ id: name, state, tags, context }) => ({
              ...{ id: name, state, serving: tags.includes('serving'), load: loadOf(name) },
              ...{ region: context.region as string, weight: context.weight as number },
              ...{ draining: tags.includes('draining'), capabilities: ['webrtc'] },
            })),
            { region: 'hcm' },
          ),
      },
    );
  };
  const states = ({ steps }: Consequences, name: string) => steps.filter((one) => one.id === name).map(({ to }) => to);

  beforeEach(async () => {
    house = fakeHouse();
    await relay('intake-1', 'intake');
    await relay('relay-1', 'delivery');
    await relay('relay-2', 'delivery');
    await camera('cam_001');
    await camera('cam_002');
    for (let n = 0; n < 6; n++) await viewer(`v_${n}`, 'cam_001', n < 4 ? 'relay-1' : 'relay-2');
  });

  it('without a loss changes nothing, for as long as it looks', async () => {
    const { steps, moved, stranded, dark } = await ask({});
    expect({ steps, moved, stranded, dark }).to.deep.equal({ steps: [], moved: [], stranded: [], dark: [] });
  });

  it('moves the viewers of a lost relay to the one that is left, with the reason, and no camera goes dark', async () => {
    const outcome = await ask({ relays: ['relay-1'] });
    expect(outcome.moved.sort()).to.deep.equal(['v_0', 'v_1', 'v_2', 'v_3']);
    expect(outcome.stranded).to.deep.equal([]);
    expect(outcome.dark).to.deep.equal([]);
    expect(states(outcome, 'relay-1')[0]).to.equal('dead');
    const moves = outcome.steps.filter(
      ({ kind, from, to }) => kind === 'viewer' && from === 'relay-1' && to === 'relay-2',
    );
    expect(moves.map((one) => one.id).sort()).to.deep.equal(['v_0', 'v_1', 'v_2', 'v_3']);
    expect(moves[0]).to.include({ camera: 'cam_001' });
    expect(moves[0]?.at_ms).to.be.within(1, 2_000);
    expect(moves[0]?.why.text).to.contain('relay-2');
  });

  it('tells who would be left without a relay', async () => {
    const outcome = await ask({ relays: ['relay-1', 'relay-2'] });
    expect(outcome.moved).to.deep.equal([]);
    expect(outcome.stranded).to.have.length(6);
    expect(outcome.steps.filter(({ to }) => to === '')).to.have.length(6);
  });

  it('darkens a camera whose only source is lost, and no other, for as long as it looks', async () => {
    const outcome = await ask({ sources: [{ camera: 'cam_001', source: '0' }] });
    expect(outcome.dark).to.deep.equal([{ camera: 'cam_001', for_ms: null }]);
    expect(states(outcome, 'cam_001')).to.include('offline');
    expect(states(outcome, 'cam_002')).to.deep.equal([]);
  });

  it('darkens every camera when the only intake is lost', async () => {
    const { dark } = await ask({ relays: ['intake-1'] });
    expect(dark.map((one) => one.camera)).to.deep.equal(['cam_001', 'cam_002']);
  });

  it('lets deadlines pass that were armed before: what is stalled goes offline', async () => {
    await house.roster.offer(cam('cam_002'), { type: 'source.silent', source: '0', silent_ms: 900 });
    const outcome = await ask({});
    expect(states(outcome, 'cam_002')[0]).to.equal('offline');
    expect(outcome.steps[0]?.at_ms).to.be.within(3_000, 5_000);
  });

  describe('about a gateway', () => {
    const LEASE = { ttlMs: 2_400, beatMs: 400 };
    const lose = (lost: string, members: string[]) => {
      const past = foldPast({});
      for (const entry of house.store.records()) past.take(entry);
      return succession(past.cells(), lost, members, LEASE);
    };

    it('tells which gateway would take up each cell, as they would decide themselves, and after how long', () => {
      const { steps, heirs, pause_ms, only } = lose('gw-test', ['gate-2', 'gate-3', 'gw-test']);
      expect(steps).to.have.length(3 + 2 + 6);
      for (const { kind, id: name, to } of steps) {
        const { owner } = ownerOf({ kind, id: name, holder: 'gw-test' }, ['gate-2', 'gate-3']);
        expect(to, `${kind} ${name}`).to.equal(owner);
      }
      expect(steps[0]?.why.text).to.contain(steps[0]?.to);
      expect(new Set(steps.map(({ at_ms }) => at_ms))).to.deep.equal(new Set([2_800]));
      expect(pause_ms).to.deep.equal({ shortest: 2_000, longest: 2_800 });
      const counted = heirs.flatMap(({ cells }) => Object.values(cells)).reduce((sum, count) => sum + count, 0);
      expect(counted).to.equal(steps.length);
      expect(only).to.equal(false);
    });

    it('takes up nothing of what others hold', () => {
      expect(lose('gate-2', ['gate-2', 'gw-test']).steps).to.deep.equal([]);
    });

    it('says that all waits when it is the only one, what goes on, and what does not come back', () => {
      const { steps, heirs, pause_ms, only, goes_on, pauses, gone } = lose('gw-test', ['gw-test']);
      expect(new Set(steps.map(({ to }) => to))).to.deep.equal(new Set(['']));
      expect({ heirs, pause_ms, only }).to.deep.equal({ heirs: [], pause_ms: null, only: true });
      expect(goes_on.join()).to.contain('Pictures');
      expect(pauses.join()).to.contain('its 11 cells');
      expect(gone.join()).to.contain('before a gateway is started again');
    });

    it('knows who holds a cell by its last record, also one that only says so', async () => {
      const past = foldPast({});
      const entries = house.store.records();
      for (const entry of entries) past.take(entry);
      const last = entries.findLast(({ record }) => record.cell === id('cam_001'));
      if (!last) throw new Error('no record');
      past.take({
        seq: last.seq + 1_000,
        record: { ...last.record, id: 'taken', node: 'gate-2', heard: [], said: [] },
      });
      const held = succession(past.cells(), 'gate-2', ['gate-2', 'gw-test'], LEASE).steps;
      expect(held.map(({ kind, id: name, to }) => `${kind} ${name} ${to}`)).to.deep.equal(['camera cam_001 gw-test']);
    });
  });

  it('sends nobody to a relay that was taken out of the configuration', async () => {
    await relay('relay-9', 'delivery');
    await house.roster.offer({ kind: 'relay', id: id('relay-9') }, { type: 'relay.removed', runs: false });
    const { moved, steps } = await ask({ relays: ['relay-1'] });
    expect(moved.length).to.be.greaterThan(0);
    expect(JSON.stringify(steps)).not.to.include('relay-9');
  });

  it('touches nothing real', async () => {
    const before = { records: house.store.records(), told: house.store.told() };
    const held = house.slots.seat.all.length;
    await ask({ relays: ['relay-1', 'intake-1'] });
    expect({ records: house.store.records(), told: house.store.told() }).to.deep.equal(before);
    expect(house.slots.seat.all.length).to.equal(held);
    expect(house.roster.view({ kind: 'relay', id: id('relay-1') })?.state).to.equal('serving');
  });
});
