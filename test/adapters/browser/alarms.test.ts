import { expect } from 'chai';
import { soundAt } from '../../../adapters/browser/dashboard/alarm-sound.ts';
import { alarmsAfter } from '../../../adapters/browser/dashboard/alarms.ts';
import { broadcastOf, incidentOf, NO_EMERGENCIES } from '../../../adapters/browser/dashboard/emergency.ts';
import { cameraOf, EMPTY_WORLD, relayOf } from '../../../adapters/browser/dashboard/model.ts';

const camera = (state: string, since: number, id = 'cam_001') => cameraOf({ id, name: 'Gate', state, since });
const worldOf = (...cameras: ReturnType<typeof camera>[]) => ({ ...EMPTY_WORLD, cameras });
const causesIn = (alarms: { cause: string }[]) => alarms.map(({ cause }) => cause);

describe('alarms', () => {
  it('are raised for cameras without a source, and for none that mends itself or that nobody watches', () => {
    for (const state of ['holding', 'offline', 'quarantined'])
      expect(causesIn(alarmsAfter([], worldOf(camera(state, 1)), NO_EMERGENCIES)), state).to.deep.equal([
        'camera/cam_001',
      ]);
    for (const state of ['live', 'switching', 'stalled', 'connecting', 'idle', 'frozen'])
      expect(alarmsAfter([], worldOf(camera(state, 1)), NO_EMERGENCIES), state).to.deep.equal([]);
  });

  it('are one for one cause, with the moment at which it was raised, until the camera is back', () => {
    const raised = alarmsAfter([], worldOf(camera('holding', 100)), NO_EMERGENCIES);
    const worse = alarmsAfter(raised, worldOf(camera('offline', 200)), NO_EMERGENCIES);
    const asked = alarmsAfter(worse, worldOf(camera('connecting', 300)), NO_EMERGENCIES);
    expect(worse[0]).to.include({ cause: 'camera/cam_001', since: 100, text: 'offline' });
    expect(asked[0]).to.include({ cause: 'camera/cam_001', since: 100, text: 'not back yet' });
    expect(alarmsAfter(asked, worldOf(camera('live', 400)), NO_EMERGENCIES)).to.deep.equal([]);
  });

  it('tell of dead relays, of stations that get no picture, and of emergencies about to end, the newest first', () => {
    const world = { ...worldOf(camera('live', 1)), relays: [relayOf({ id: 'relay-2', state: 'dead', since: 20 })] };
    const push = { camera: 'cam_001', picture: true };
    const broadcasts = [
      broadcastOf({ ...push, id: 'a', destination: 'city-tv', state: 'retrying', since: 10 }),
      broadcastOf({ ...push, id: 'b', destination: 'hall', state: 'on-air', since: 40, picture: false }),
      broadcastOf({ ...push, id: 'c', destination: 'web', state: 'on-air', since: 50 }),
    ];
    const incidents = [
      incidentOf({ id: 'i', cameras: ['cam_001'], reason: 'fire', state: 'expiring', since: 30 }),
      incidentOf({ id: 'j', cameras: ['cam_001'], reason: 'flood', state: 'active', since: 60 }),
    ];
    const alarms = alarmsAfter([], world, { incidents, broadcasts });
    expect(causesIn(alarms)).to.deep.equal(['broadcast/b', 'incident/i', 'relay/relay-2', 'broadcast/a']);
    expect(alarms[3]).to.deep.include({ title: 'Gate to city-tv', text: 'not on air, retrying', cameras: ['cam_001'] });
  });

  it('sound again when the mute is over, and never without having been permitted', () => {
    expect(soundAt({ name: 'muted', until: 100 }, 99)).to.deep.equal({ name: 'muted', until: 100 });
    expect(soundAt({ name: 'muted', until: 100 }, 100)).to.deep.equal({ name: 'on' });
    expect(soundAt({ name: 'off' }, 100)).to.deep.equal({ name: 'off' });
  });
});
