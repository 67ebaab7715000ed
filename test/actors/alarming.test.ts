import { expect } from 'chai';
import { raiseAlarms } from '../../actors/alarming.ts';
import type { Cause } from '../../bus/events/alarm.ts';
import { id } from '../../bus/identity.ts';
import { type FakeHouse, fakeHouse } from '../fakes/house.ts';
import { answers, ends, fails, feeds, flows, holds } from '../fakes/source.ts';
import { until } from '../fixtures/process.ts';

describe('alarms of a gateway', () => {
  const camera = { kind: 'camera' as const, id: id('cam_001') };
  const alarm = (cause: Cause, about = 'cam_001') => ({ kind: 'alarm' as const, id: id(`${cause}--${about}`) });
  const settings = {
    name: 'North gate',
    zone: 'hcm/a',
    sources: [{ id: '0', url: 'rtsp://192.0.2.7/a' }],
    keep: 'warm',
  };

  function watched(house: FakeHouse, own: Partial<Record<Cause, string>> = {}) {
    const faults: Error[] = [];
    const { roster } = house;
    const parts = { node: 'gw-test', roster, cells: roster, ownTroubles: () => own, later: () => {} };
    const alarming = raiseAlarms({ ...parts, onFault: (error) => faults.push(error) });
    const stateOf = (cause: Cause, about?: string) => roster.view(alarm(cause, about))?.state;
    return { alarming, faults, stateOf };
  }
  async function liveCamera(house: FakeHouse) {
    await house.roster.create(camera, { type: 'camera.configured', settings: { ...settings, eye: true } });
    for (const event of [answers(), flows(), feeds()]) await house.roster.offer(camera, event);
  }
  const loses = async (house: FakeHouse) => {
    for (const event of [ends(), holds(), fails()]) await house.roster.offer(camera, event);
  };

  it('are raised when a camera has been without a source for a while, and over when it is back', async () => {
    const house = fakeHouse();
    const { faults, stateOf } = watched(house);
    await liveCamera(house);
    expect(stateOf('no-source')).to.equal(undefined);
    await loses(house);
    await until('the suspicion', () => stateOf('no-source') === 'suspected');
    await house.roster.offer(alarm('no-source'), { type: 'alarm.rang', name: 'raise' });
    expect(house.roster.view(alarm('no-source'))?.context).to.deep.include({
      ...{ state: 'raised', title: 'North gate', zone: 'hcm/a', cameras: ['cam_001'] },
      about: { kind: 'camera', id: 'cam_001' },
    });
    await house.roster.offer(alarm('no-source'), { type: 'alarm.acknowledged', by: 'lan' });
    for (const event of [answers(), flows(), feeds()]) await house.roster.offer(camera, event);
    await until('it to be away', () => house.roster.view(alarm('no-source'))?.context.gone !== undefined);
    await house.roster.offer(alarm('no-source'), { type: 'alarm.rang', name: 'clear' });
    expect(stateOf('no-source')).to.equal('cleared');
    expect(faults).to.deep.equal([]);
  });

  it('are raised when a player tells that a cache makes its picture late, and over when none has told it for a while', async () => {
    const house = fakeHouse();
    const { faults, stateOf } = watched(house);
    await liveCamera(house);
    const viewer = { kind: 'viewer' as const, id: id('ses_1') };
    await house.roster.create(viewer, {
      ...{ type: 'viewer.requested', camera: 'cam_001', zone: 'hcm/a', protocol: 'hls', quality: '480p' },
      subject: { sub: 'lan', role: 'viewer', cameras: ['cam_001'], zones: [], iat: 1 },
      ...{
        address: '192.0.2.9',
        expires_at: house.clock.now + 3_600_000,
        held: 0,
        quota: 20,
        relay: 'relay-1',
        standby: 'relay-2',
      },
    });
    await house.roster.offer(viewer, { type: 'playlist.stale', held_ms: 9_000, allowed_ms: 2_000 });
    const gone = () => house.roster.view(alarm('stale-hls'))?.context.gone as { at: number; until: number };
    await until('the alarm', () => gone() !== undefined);
    const { title, text, state } = house.roster.view(alarm('stale-hls'))?.context ?? {};
    expect([state, title]).to.deep.equal(['raised', 'North gate']);
    expect(text).to.match(/^a cache on the way to this player kept a playlist for 9 s/);
    // Players that are still late tell so each minute.
    const { until: before, at } = gone();
    expect(before - at).to.be.above(60_000);
    house.clock.now += 60_000;
    await house.roster.offer(viewer, { type: 'playlist.stale', held_ms: 9_000, allowed_ms: 2_000 });
    await until('it to last longer', () => gone()?.until === before + 60_000);
    await house.roster.offer(alarm('stale-hls'), { type: 'alarm.rang', name: 'clear' });
    expect(stateOf('stale-hls')).to.equal('cleared');
    expect(faults).to.deep.equal([]);
  });

  it('are one for a camera that is lost while it is pushed: it names the station, which raises none of its own', async () => {
    const house = fakeHouse();
    const { faults, stateOf } = watched(house);
    await liveCamera(house);
    const push = { kind: 'broadcast' as const, id: id('cam_001--city-tv') };
    await house.roster.create(push, {
      ...{ type: 'broadcast.requested', camera: 'cam_001', zone: 'hcm/a', destination: 'city-tv' },
      ...{ to: 'rtmp://127.0.0.1/live', relay: 'relay-1', by: 'lan', picture: true },
    });
    const flows = { type: 'push.flowing', relay: 'relay-1', bytes: 60_000, elapsed_ms: 700, confirmed: true };
    await house.roster.offer(push, flows);
    await loses(house);
    await until('the suspicion', () => stateOf('no-source') === 'suspected');
    await house.roster.offer(push, { type: 'camera.showing', picture: false, state: 'holding' });
    const text = () => house.roster.view(alarm('no-source'))?.context.text;
    await until('the station to be named', () => /; on air with the slate: city-tv$/.test(String(text())));
    expect(stateOf('slate')).to.equal(undefined);
    expect(faults).to.deep.equal([]);
  });

  it('are raised for the gateway itself, and over when that is well', async () => {
    const house = fakeHouse();
    const own: Partial<Record<Cause, string>> = { log: 'the journal went back' };
    const { alarming, stateOf } = watched(house, own);
    await until('the alarm', () => stateOf('log', 'gw-test') === 'raised');
    delete own.log;
    alarming.look();
    await until('it to be away', () => house.roster.view(alarm('log', 'gw-test'))?.context.gone !== undefined);
  });

  it('outlive the gateway that raised them, with who acknowledged them; the next one takes them up as they are', async () => {
    const house = fakeHouse();
    watched(house);
    await liveCamera(house);
    await loses(house);
    await until('the suspicion', () => house.roster.view(alarm('no-source')) !== undefined);
    await house.roster.offer(alarm('no-source'), { type: 'alarm.rang', name: 'raise' });
    await house.roster.offer(alarm('no-source'), { type: 'alarm.acknowledged', by: 'lan', note: 'on my way' });
    const before = house.roster.view(alarm('no-source'))?.context;
    const next = house.successor();
    await next.roster.adopt();
    const { faults } = watched(next);
    expect(next.roster.view(alarm('no-source'))?.context).to.deep.equal(JSON.parse(JSON.stringify(before)));
    expect(faults).to.deep.equal([]);
  });

  it('are over when what they were about is not there any more', async () => {
    const house = fakeHouse();
    await house.roster.create(alarm('frozen'), {
      ...{ type: 'cause.present', cause: 'frozen', about: { kind: 'camera', id: 'cam_001' }, title: 'North gate' },
      ...{ text: 'the picture stands still', cameras: ['cam_001'], zone: 'hcm/a' },
    });
    watched(house);
    const gone = () => house.roster.view(alarm('frozen'))?.context.gone as { text: string } | undefined;
    await until('it to be away', () => gone() !== undefined);
    expect(gone()?.text).to.equal('North gate is not there any more');
  });
});
