import { expect } from 'chai';
import { acquaint } from '../../actors/acquaintance.ts';
import { acquaintSounds, listenTo, stopListening } from '../../actors/listening.ts';
import { id } from '../../bus/identity.ts';
import { fakeHouse } from '../fakes/house.ts';
import { answers, ends, feeds, flows, holds } from '../fakes/source.ts';
import { until } from '../fixtures/process.ts';

describe('who listens to a camera', () => {
  const at = { kind: 'camera' as const, id: id('gate') };
  const sound = { kind: 'sound' as const, id: id('gate') };

  async function house() {
    const one = fakeHouse();
    const faults: Error[] = [];
    acquaint(one.roster, (error) => faults.push(error));
    acquaintSounds(one.roster, (error) => faults.push(error));
    const sources = [{ id: '0', url: 'rtsp://127.0.0.1/a' }];
    const settings = { name: 'Gate', zone: 'hcm', sources, keep: 'warm', eye: true };
    await one.roster.create(at, { type: 'camera.configured', settings });
    const camera = () => {
      const view = one.roster.view(at);
      if (!view) throw new Error('the camera is gone');
      return view;
    };
    const live = async () => {
      for (const event of [answers(), flows(), feeds()]) await one.roster.offer(at, event);
    };
    const state = () => one.roster.view(sound)?.state;
    return {
      ...one,
      faults,
      camera,
      live,
      state,
      hear: (viewer: string) => listenTo(one.roster, camera(), id(viewer)),
    };
  }

  it('has its sound made, which nobody had before, with the picture or as soon as there is one', async () => {
    const early = await house();
    await early.hear('ses_1');
    expect(early.state()).to.equal('waiting');
    await early.live();
    await until('the sound to be made', () => early.slots.opus.isHeld());
    const { live, hear, slots, state, faults } = await house();
    await live();
    await Promise.all([hear('ses_1'), hear('ses_2')]);
    expect(state()).to.equal('starting');
    expect(slots.opus.all).to.have.length(1);
    expect([...faults, ...early.faults]).to.deep.equal([]);
  });

  it('is told when the picture goes, and goes with the camera', async () => {
    const { live, hear, roster, slots, state, faults } = await house();
    await live();
    await hear('ses_1');
    await roster.offer(at, ends());
    await roster.offer(at, holds());
    await until('the sound to wait', () => state() === 'waiting');
    expect(slots.opus.isHeld()).to.equal(false);
    await roster.offer(at, { type: 'camera.removed' });
    await until('the sound to go', () => state() === 'removed');
    expect(faults).to.deep.equal([]);
  });

  it('counts no more when they stop, or when their session ends', async () => {
    const { live, hear, roster, state, faults } = await house();
    await live();
    const viewer = { kind: 'viewer' as const, id: id('ses_1') };
    await roster.create(viewer, {
      type: 'viewer.requested',
      ...{ camera: 'gate', zone: 'hcm', protocol: 'whep', quality: '720p', address: '127.0.0.1' },
      ...{
        subject: { sub: 'vera', role: 'viewer', cameras: ['gate'], zones: [], iat: 1 },
        expires_at: 1_900_000_000_000,
      },
      ...{ held: 0, quota: 8, relay: 'relay-1', standby: '' },
    });
    await hear('ses_1');
    await hear('ses_2');
    await stopListening(roster, at.id, id('ses_2'));
    expect(roster.view(sound)?.context.audience).to.deep.equal(['ses_1']);
    await roster.offer(viewer, { type: 'viewer.closed' });
    await until('the sound to rest', () => state() === 'off');
    expect(faults).to.deep.equal([]);
  });
});
