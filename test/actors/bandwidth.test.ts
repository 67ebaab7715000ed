import { expect } from 'chai';
import { shareBandwidth } from '../../actors/bandwidth.ts';
import { id } from '../../bus/identity.ts';
import { fakeHouse } from '../fakes/house.ts';
import { until } from '../fixtures/process.ts';

const RUNGS = [
  { name: '720p', bitrate_bps: 2_000_000 },
  { name: '480p', bitrate_bps: 1_000_000 },
  { name: '360p', bitrate_bps: 500_000 },
];

describe('bandwidth that is too little', () => {
  const viewer = (name: string) => ({ kind: 'viewer' as const, id: id(name) });
  const push = (name: string) => ({ kind: 'broadcast' as const, id: id(name) });

  /** A gate and a hall, each with a viewer of our player, and a push of the gate. */
  async function housed(limitBps: number | undefined) {
    const house = fakeHouse();
    const faults: Error[] = [];
    const sharing = { limitBps };
    const shares = shareBandwidth({
      ...{ roster: house.roster, cells: house.roster, stepsOf: () => RUNGS },
      limitBps: () => sharing.limitBps,
      onFault: (error) => faults.push(error),
    });
    for (const camera of ['gate', 'hall']) {
      const at = viewer(`ses_${camera}`);
      await house.roster.create(at, {
        type: 'viewer.requested',
        ...{ camera, zone: 'hcm/airport', protocol: 'webrtc', quality: '720p', address: '127.0.0.1' },
        subject: { sub: 'lan', role: 'viewer', cameras: [], zones: ['*'], iat: 1 },
        ...{ expires_at: 9_000_000_000_000, held: 0, quota: 5, relay: 'relay-1', standby: '' },
      });
      const leg = { leg: 'a', relay: 'relay-1', path: camera, relay_session: camera, quality: '720p', ladder: false };
      await house.roster.offer(at, { type: 'leg.opened', ...leg });
      await house.roster.offer(at, { type: 'leg.playing', leg: 'a' });
    }
    await house.roster.create(push('gate--tv'), {
      type: 'broadcast.requested',
      ...{ camera: 'gate', zone: 'hcm/airport', destination: 'tv', to: 'rtmp://127.0.0.1/live' },
      ...{ relay: 'relay-1', by: 'hoa', picture: true },
    });
    const flowing = { type: 'push.flowing', relay: 'relay-1', bytes: 1, elapsed_ms: 1, confirmed: true };
    await house.roster.offer(push('gate--tv'), flowing);
    let at = 0;
    const measured = (bps: { gate?: number; hall?: number; push?: number }) => {
      at += 10_000;
      const { gate = 0, hall = 0, push: pushed } = bps;
      const viewers = new Map([
        ['ses_gate', gate],
        ['ses_hall', hall],
      ]);
      const broadcasts = new Map(pushed === undefined ? [] : [['gate--tv', pushed]]);
      shares.hear({ relay: 'relay-1', at, viewers, broadcasts });
    };
    const declare = () =>
      house.roster.create(
        { kind: 'incident', id: id('inc_1') },
        {
          type: 'incident.declared',
          ...{ zone: '', cameras: ['hall'], reason: 'fire', by: 'hoa', drill: true, destinations: [] },
          ...{ until: house.clock.now + 3_600_000, grants: { roles: [], subjects: [] } },
        },
      );
    /** The player goes where it was told to. */
    const goes = async (camera: string, leg: string, quality: string) => {
      const at = viewer(`ses_${camera}`);
      const opened = { leg, relay: 'relay-1', path: camera, relay_session: `${camera}-${leg}` };
      await house.roster.offer(at, { type: 'leg.opened', ...opened, quality, ladder: quality !== '720p' });
      await house.roster.offer(at, { type: 'leg.playing', leg, gap_ms: 60 });
    };
    const of = (camera: string) => house.roster.view(viewer(`ses_${camera}`));
    const pushed = () => house.roster.view(push('gate--tv'));
    return { house, faults, sharing, shares, measured, declare, goes, of, pushed };
  }

  it('has others step down while a camera in an emergency keeps its best, and tells why', async () => {
    const { faults, shares, measured, declare, goes, of, pushed } = await housed(5_000_000);
    await declare();
    measured({ gate: 2_000_000, hall: 2_000_000, push: 2_000_000 });
    await until('the other viewer to be told', () => of('gate')?.state === 'moving');
    expect(of('gate')?.why).to.include({ reason: 'bandwidth' });
    expect(of('gate')?.why.text).to.contain('cameras in an emergency need 2 Mb/s');
    expect(of('gate')?.context.move).to.deep.include({ rung: { name: '480p', ladder: true, down: true } });
    await goes('gate', 'b', '480p');
    expect(of('gate')).to.include({ state: 'watching' });
    expect(of('hall')?.context).to.include({ state: 'watching', quality: '720p' });
    expect(pushed()?.state).to.equal('on-air');
    expect(shares.shortOn('relay-1')?.reason, 'nobody new comes in').to.equal('no-bandwidth');
    expect(faults).to.deep.equal([]);
  });

  it('has pushes and viewers wait where not even the lowest fits, and gives all of it back', async () => {
    const { house, sharing, shares, measured, declare, goes, of, pushed } = await housed(2_600_000);
    await declare();
    measured({ gate: 2_000_000, hall: 2_000_000, push: 2_000_000 });
    await until('the push to wait', () => pushed()?.state === 'waiting');
    expect(pushed()?.why).to.include({ reason: 'no-bandwidth' });
    await until('the viewer to step down', () => of('gate')?.state === 'moving');
    await goes('gate', 'b', '360p');
    sharing.limitBps = 9_000_000;
    measured({ gate: 500_000, hall: 2_000_000 });
    await until('the push to go on', () => pushed()?.state === 'connecting');
    await until('the viewer to go up', () => of('gate')?.state === 'moving');
    await goes('gate', 'c', '720p');
    expect(of('gate')?.context).to.include({ state: 'watching', quality: '720p' });
    expect(of('gate')?.context.ceiling).to.equal(undefined);
    measured({ gate: 2_000_000, hall: 2_000_000, push: 2_000_000 });
    expect(shares.shortOn('relay-1')).to.equal(undefined);
    sharing.limitBps = 1_000_000;
    measured({ gate: 2_000_000, hall: 2_000_000, push: 2_000_000 });
    await until('the other viewer to be sent away', () => of('gate')?.state === 'ended');
    expect(of('gate')?.why).to.include({ reason: 'no-bandwidth' });
    expect(of('hall')?.state).to.equal('watching');
    expect(house.roster.view({ kind: 'incident', id: id('inc_1') })?.tags).to.include('running');
  });

  it('is over for who stepped down or waits when the limit is taken away', async () => {
    const { faults, sharing, shares, measured, goes, of, pushed } = await housed(1_000_000);
    measured({ gate: 2_000_000, hall: 2_000_000, push: 2_000_000 });
    await until('the push to wait', () => pushed()?.state === 'waiting');
    await until('the viewer to step down', () => of('gate')?.state === 'moving');
    await goes('gate', 'b', '360p');
    sharing.limitBps = undefined;
    expect(shares.isWanted(), 'it is measured on').to.equal(true);
    measured({ gate: 500_000, hall: 500_000 });
    await until('the push to go on', () => pushed()?.state === 'connecting');
    await until('the viewer to go up', () => of('gate')?.state === 'moving');
    await goes('gate', 'c', '720p');
    expect(of('gate')?.context).to.include({ state: 'watching', quality: '720p' });
    expect(shares.shortOn('relay-1')).to.equal(undefined);
    expect(faults).to.deep.equal([]);
  });

  it('is nobody’s concern without a limit', async () => {
    const { shares, measured, of, pushed } = await housed(undefined);
    expect(shares.isWanted(), 'nothing is measured').to.equal(false);
    measured({ gate: 2e9, hall: 2e9, push: 2e9 });
    expect([of('gate')?.state, of('hall')?.state, pushed()?.state]).to.deep.equal(['watching', 'watching', 'on-air']);
    expect(shares.shortOn('relay-1')).to.equal(undefined);
  });
});
