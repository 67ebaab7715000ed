import { expect } from 'chai';
import type { Cells } from '../../actors/cells.ts';
import { memoryStore } from '../../bus/carriers/memory.ts';
import { id } from '../../bus/identity.ts';
import type { Address } from '../../bus/subjects.ts';
import { rungsNamed } from '../../machines/policy/ladder.ts';
import { fakeGatewayOf } from '../fakes/gateways.ts';
import { fakeHouse } from '../fakes/house.ts';
import { until } from '../fixtures/process.ts';

const DAY_MS = 86_400_000;
const camera = { kind: 'camera' as const, id: id('cam_a') };
const broadcast = { kind: 'broadcast' as const, id: id('cam_a--tv') };
const incident = { kind: 'incident' as const, id: id('inc_fire') };
const ladder = { kind: 'rendition' as const, id: id('cam_a') };
const recording = { kind: 'recording' as const, id: id('cam_a') };
const relay = { kind: 'relay' as const, id: id('relay-1') };

const settings = {
  name: 'Gate',
  zone: 'hcm',
  sources: [{ id: '0', url: 'rtsp://192.0.2.7/a' }],
  keep: 'warm',
  eye: true,
};
const pushed = {
  type: 'broadcast.requested',
  ...{ camera: 'cam_a', zone: 'hcm', destination: 'tv', to: 'rtmp://192.0.2.8/live', relay: 'relay-1', by: 'hoa' },
  picture: true,
};
const declared = (until: number) => ({
  type: 'incident.declared',
  ...{ zone: '', cameras: ['cam_a'], reason: 'fire', by: 'hoa', drill: false, until, destinations: [] },
  grants: { roles: [], subjects: [] },
});
const recorded = { type: 'recording.configured', zone: 'hcm', wanted: true, keep_ms: DAY_MS };
const laddered = {
  type: 'rendition.configured',
  ...{ zone: 'hcm', rungs: rungsNamed(['360p']), keep: 'on-demand' },
};

const listed = { type: 'relay.configured', ...{ role: 'delivery', region: 'hcm', weight: 1 } };
const unlisted = { type: 'relay.removed', ...{ runs: false } };

/** How each kind comes to its end, and begins again. */
const lives: { at: Address; begins: { type: string }; ends: { type: string; by?: string } }[] = [
  { at: camera, begins: { type: 'camera.configured', ...{ settings } }, ends: { type: 'camera.removed' } },
  { at: broadcast, begins: pushed, ends: { type: 'broadcast.stopped', by: 'hoa' } },
  { at: incident, begins: declared(2_000_000_000_000), ends: { type: 'incident.ended', by: 'hoa' } },
  { at: ladder, begins: laddered, ends: { type: 'rendition.removed' } },
  { at: recording, begins: recorded, ends: { type: 'recording.removed' } },
  { at: relay, begins: listed, ends: unlisted },
];

const shown = (cells: Pick<Cells, 'view'>) => lives.filter(({ at }) => cells.view(at)).map(({ at }) => at.kind);

describe('what has ended', () => {
  it('is shown for a day, then takes no memory, and begins again behind its last record', async () => {
    const house = fakeHouse();
    for (const { at, begins, ends } of lives) {
      await house.roster.create(at, begins);
      await house.roster.offer(at, ends);
    }
    expect(shown(house.roster)).to.have.length(lives.length);
    house.runLater();
    expect(shown(house.roster)).to.deep.equal([]);
    for (const { at, begins } of lives) await house.roster.create(at, begins);
    expect(shown(house.roster)).to.have.length(lives.length);
    expect(house.troubles).to.deep.equal([]);
  });

  it('begins again once, however many ask in the same moment', async () => {
    const house = fakeHouse();
    await house.roster.create(camera, { type: 'camera.configured', ...{ settings } });
    await house.roster.offer(camera, { type: 'camera.removed' });
    const again = [1, 2].map(() => house.roster.create(camera, { type: 'camera.configured', ...{ settings } }));
    const outcomes = (await Promise.allSettled(again)).map(({ status }) => status);
    expect(outcomes.toSorted()).to.deep.equal(['fulfilled', 'rejected']);
    expect(house.roster.view(camera)?.state).to.equal('connecting');
    expect(house.troubles).to.deep.equal([]);
  });

  it('stays until its last record is written, so that its fence is known', async () => {
    const house = fakeHouse();
    await house.roster.create(broadcast, pushed);
    house.store.set('hung');
    void house.roster.offer(broadcast, { type: 'broadcast.stopped', by: 'hoa' });
    house.runLater();
    expect(house.roster.view(broadcast)?.state).to.equal('stopped');
    house.store.set('here');
    await until('it to be let go of', () => {
      house.runLater();
      return house.roster.view(broadcast) === undefined;
    });
    expect((await house.roster.create(broadcast, pushed)).receipt.seq).to.equal(3);
    expect(house.troubles).to.deep.equal([]);
  });

  it('stays when it lives again by then', async () => {
    const house = fakeHouse();
    await house.roster.create(broadcast, pushed);
    await house.roster.offer(broadcast, { type: 'broadcast.stopped', by: 'hoa' });
    house.clock.now += 1_000;
    await house.roster.offer(broadcast, pushed);
    house.runLater();
    expect(house.roster.view(broadcast)?.state).to.equal('connecting');
  });

  it('is let go of whoever ended it: an incident that ran out as well', async () => {
    const house = fakeHouse();
    await house.roster.create(incident, declared(house.clock.now + 60_000));
    const end = house.slots.alarm.all.find(({ input }) => input.name === 'end');
    house.clock.now += 60_000;
    end?.report({ type: 'alarm.rang', name: 'end' });
    expect(house.roster.view(incident)?.state).to.equal('closed');
    await until('it to be let go of', () => {
      house.runLater();
      return house.roster.view(incident) === undefined;
    });
  });

  it('is not taken up by the next gateway a day later, which begins it anew behind its last record', async () => {
    const house = fakeHouse();
    for (const { at, begins, ends } of lives) {
      await house.roster.create(at, begins);
      await house.roster.offer(at, ends);
    }
    const soon = house.successor();
    expect(await soon.roster.adopt()).to.equal(lives.length);
    soon.runLater();
    expect(shown(soon.roster)).to.deep.equal([]);
    house.clock.now += DAY_MS;
    const late = house.successor();
    expect(await late.roster.adopt()).to.equal(0);
    for (const { at, begins } of lives) await late.roster.create(at, begins);
    expect(shown(late.roster)).to.have.length(lives.length);
    expect(late.troubles).to.deep.equal([]);
  });

  it('leaves the memory of the other gateways too, and any of them begins it anew behind its last record', async () => {
    const store = memoryStore();
    const members = new Set<string>();
    const two = [await fakeGatewayOf(store, members, 'gate-1'), await fakeGatewayOf(store, members, 'gate-2')];
    const everywhere = (count: number) => two.every(({ cells }) => shown(cells).length === count);
    for (const { at, begins, ends } of lives) {
      await two[0]?.cells.create(at, begins);
      await two[0]?.cells.offer(at, ends);
    }
    await until('both to see them', () => everywhere(lives.length));
    for (const { house } of two) house.runLater();
    await until('both to forget them', () => everywhere(0));
    members.delete('gate-1');
    for (const { at, begins } of lives) await two[1]?.cells.create(at, begins);
    expect(two[1] && shown(two[1].cells)).to.have.length(lives.length);
    expect(two[1]?.house.troubles).to.deep.equal([]);
  });
});
