import { expect } from 'chai';
import { MACHINES } from '../../actors/machines.ts';
import { replay } from '../../actors/replay.ts';
import { alarmOn } from '../../adapters/alarm.ts';
import { id } from '../../bus/identity.ts';
import { RELAY_TIMES } from '../../machines/relay/context.ts';
import { type FakeHouse, fakeHouse, fakeKinds } from '../fakes/house.ts';
import { ends, feeds, flows } from '../fakes/source.ts';
import { until } from '../fixtures/process.ts';

const HOUR_MS = 3_600_000;

/** A gateway that starts on what another one has written, an hour earlier by its clock; its alarms ring by themselves. */
function anHourBack(former: FakeHouse, node?: string): FakeHouse {
  const clock = { now: former.clock.now - HOUR_MS };
  return fakeHouse(former.store, clock, node ? { node } : {}, fakeKinds(alarmOn({ now: () => clock.now })));
}

describe('a gateway that is started again after the clock of its machine was set back by an hour', () => {
  const relay = { kind: 'relay' as const, id: id('relay-1') };

  async function refused(): Promise<FakeHouse> {
    const house = fakeHouse();
    await house.roster.create(relay, { type: 'relay.configured', role: 'delivery', region: '', weight: 1 });
    await house.roster.offer(relay, { type: 'relay.answering', instance: 'A' });
    await house.roster.offer(relay, { type: 'paths.refused', detail: 'no' });
    return house;
  }
  /** It gets on within what it had to wait for, and not an hour later. */
  async function goesOn(house: FakeHouse): Promise<void> {
    const startedMs = performance.now();
    expect(await house.roster.adopt()).to.equal(1);
    await until('the next try', () => house.slots.provision.isHeld());
    expect(performance.now() - startedMs).to.be.at.least(RELAY_TIMES.provisionAgainMs - 1);
  }

  it('waits for what it had to wait for, and no hour longer', async () => {
    await goesOn(anHourBack(await refused()));
  });

  it('does so also with what it had taken up from another gateway, or what that one had handed over to it', async () => {
    const house = await refused();
    const heir = fakeHouse(house.store, house.clock, { node: 'gw-heir' });
    expect(await heir.roster.adopt()).to.equal(1);
    await goesOn(anHourBack(heir, 'gw-heir'));
    const other = await refused();
    await other.roster.handOver(relay);
    await goesOn(anHourBack(other, 'gw-heir'));
  });

  it('hands a camera back to its preferred source once that was steady for long enough', async () => {
    const house = fakeHouse();
    const at = { kind: 'camera' as const, id: id('cam_001') };
    const sources = ['0', '1'].map((source) => ({ id: source, url: `rtsp://127.0.0.1/${source}` }));
    const settings = { name: 'Gate', zone: 'hcm', sources, hand_back_ms: 200, keep: 'warm', eye: true };
    await house.roster.create(at, { type: 'camera.configured', settings });
    for (const event of [flows('0'), feeds('0'), flows('1'), ends('0')]) await house.roster.offer(at, event);
    await house.roster.offer(at, feeds('1', { from: '0', trigger: 'ended', how: 'burst' }));
    await house.roster.offer(at, flows('0'));
    expect(house.slots.selection.held().input).to.include({ source: '1' });

    const again = anHourBack(house);
    expect(await again.roster.adopt()).to.equal(1);
    await until('the hand-back', () => again.slots.selection.held().input.source === '0');
    await again.roster.offer(at, feeds('0', { from: '1', trigger: 'ordered', how: 'clean' }));
    const switched = house.store.told().findLast(({ envelope }) => envelope.type === 'signalbox.camera.switched');
    expect(switched?.envelope.data.decide_ms).to.equal(0);
    const records = house.store.records().map(({ record }) => record);
    expect(replay(MACHINES.camera, records).firstDifference).to.equal(undefined);
  });
});
