import { expect } from 'chai';
import pino from 'pino';
import { id } from '../../../bus/identity.ts';
import { keepHlsAudience } from '../../../infra/http/hls-audience.ts';
import { fakeHouse } from '../../fakes/house.ts';
import { until } from '../../fixtures/process.ts';

const requested = {
  type: 'viewer.requested',
  ...{ camera: 'cam_001', zone: 'hcm', protocol: 'hls', quality: 'auto', address: '127.0.0.1' },
  subject: { sub: 'lan', role: 'admin', cameras: [], zones: [], iat: 1 },
  ...{ expires_at: 9_000_000_000_000, held: 0, quota: 2, relay: 'relay-1', standby: '' },
};
const seated = { type: 'seat.taken', relay: 'relay-1', relay_session: 'hls' };

describe('who watches over HLS', () => {
  const [stays, leaves] = ['ses_1', 'ses_2'].map((name) => ({ kind: 'viewer' as const, id: id(name) }));

  it('is known to have left also where that was while the gateway that it asked was dead', async () => {
    if (!stays || !leaves) return expect.fail('two sessions');
    const dead = fakeHouse(undefined, undefined, { node: 'gw-dead' });
    const { roster } = fakeHouse(dead.store, dead.clock, { node: 'gw-here' });
    let now = 0;
    let look = () => {};
    const every = (_ms: number, run: () => void) => {
      look = run;
      return () => {};
    };
    const time = { nowMs: () => now, every };
    const audience = keepHlsAudience({ cells: roster, log: pino({ level: 'silent' }) }, 'hls', time);
    for (const at of [stays, leaves]) {
      await dead.roster.create(at, requested);
      await dead.roster.offer(at, seated);
    }
    now = 60_000;
    expect(await roster.adopt()).to.equal(2);
    const states = () => [stays, leaves].map((at) => roster.view(at)?.state);
    expect(states()).to.deep.equal(['watching', 'watching']);
    for (let asks = 0; asks < 8; asks++) {
      look();
      expect(states(), `${asks * 2} s later`).to.deep.equal(['watching', 'watching']);
      now += 2_000;
      audience.asked(stays.id);
    }
    look();
    await until('the one to be known to have left', () => states()[1] === 'connecting');
    expect(states()[0]).to.equal('watching');
    audience.close();
  });
});
