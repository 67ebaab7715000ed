import { expect } from 'chai';
import { MACHINES } from '../../actors/machines.ts';
import { replay } from '../../actors/replay.ts';
import { id } from '../../bus/identity.ts';
import { type FakeHouse, fakeHouse } from '../fakes/house.ts';

const at = { kind: 'viewer' as const, id: id('ses_1') };
const requested = {
  type: 'viewer.requested',
  ...{ camera: 'cam_001', zone: 'hcm/center', protocol: 'webrtc', quality: '720p', address: '127.0.0.1' },
  subject: { sub: 'lan', role: 'viewer', cameras: ['cam_001'], zones: [], iat: 1 },
  ...{ expires_at: 1_800_003_600_000, held: 0, quota: 20, relay: 'relay-1', standby: 'relay-2' },
};
const opened = { type: 'leg.opened', leg: 'a', relay: 'relay-1', path: 'cam_001', relay_session: 'r1' };
const ready = { type: 'leg.opened', leg: 'n', relay: 'relay-2', path: 'cam_001', relay_session: 'r2' };
const taken = { type: 'seat.taken', relay: 'relay-1', relay_session: 'r1' };

type Said = { type: string; [field: string]: unknown };

/** A session that has heard this, taken up by the next gateway. */
async function takenUp(request: object, ...heard: Said[]): Promise<FakeHouse> {
  const house = fakeHouse();
  await house.roster.create(at, { ...requested, ...request });
  for (const event of heard) await house.roster.offer(at, event);
  const next = house.successor();
  expect(await next.roster.adopt()).to.equal(1);
  return next;
}
const whyOf = (house: FakeHouse) => house.roster.view(at)?.why.reason;

describe('a viewer session whose gateway was away', () => {
  it('ends as any other whose page was closed, however many connections it had', async () => {
    const house = await takenUp({}, opened, taken, ready);
    const { input, report } = house.slots.seat.held();
    const left = (input.known ?? []).map(({ relay, relaySession }) => ({
      ...{ type: 'seat.left' as const, relay, relay_session: relaySession },
    }));
    expect(left.map(({ relay, relay_session }) => `${relay} ${relay_session}`)).to.deep.equal([
      'relay-1 r1',
      'relay-2 r2',
    ]);
    const [first, last] = left;
    if (first) report(first);
    expect(house.roster.view(at)?.state).to.equal('watching');
    if (last) report(last);
    expect(house.roster.view(at)?.state).to.equal('connecting');
    expect(whyOf(house)).to.equal('seat-left');
    house.slots.alarm.all
      .findLast(({ input: { name } }) => name === 'connect')
      ?.report({
        ...{ type: 'alarm.rang', name: 'connect' },
      });
    expect(house.roster.view(at)?.state).to.equal('ended');
    expect(whyOf(house)).to.equal('not-connected');
    await house.roster.leave();
    const records = house.store.records().map(({ record }) => record);
    expect(replay(MACHINES.viewer, records).firstDifference).to.equal(undefined);
  });

  it('need not be told again of a connection that it watches by, but of one that it still waits for', async () => {
    const known = async (...heard: Said[]) => (await takenUp({}, ...heard)).slots.seat.held().input.known;
    const session = { relay: 'relay-1', relaySession: 'r1' };
    expect(await known(opened, taken)).to.deep.equal([{ ...session, taken: true }]);
    expect(await known(opened)).to.deep.equal([{ ...session, taken: false }]);
    expect(await known()).to.deep.equal([]);
  });

  it('is not looked for at a relay where it watches over HLS', async () => {
    const house = await takenUp({ protocol: 'hls' }, { ...taken, relay_session: 'hls' });
    expect(house.roster.view(at)?.state).to.equal('watching');
    expect(house.slots.seat.held().input.known).to.deep.equal([]);
  });
});
