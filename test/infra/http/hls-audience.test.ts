import { expect } from 'chai';
import pino from 'pino';
import { memoryStore } from '../../../bus/carriers/memory.ts';
import { id } from '../../../bus/identity.ts';
import { openAudienceElsewhere } from '../../../infra/gateway/audience-elsewhere.ts';
import { askOthers } from '../../../infra/gateway/others.ts';
import { keepHlsAudience } from '../../../infra/http/hls-audience.ts';
import { gate } from '../../fakes/gateways.ts';
import { fakeHouse } from '../../fakes/house.ts';
import { until } from '../../fixtures/process.ts';

const requested = {
  type: 'viewer.requested',
  ...{ camera: 'cam_001', zone: 'hcm', protocol: 'hls', quality: 'auto', address: '127.0.0.1' },
  subject: { sub: 'lan', role: 'admin', cameras: [], zones: [], iat: 1 },
  ...{ expires_at: 9_000_000_000_000, held: 0, quota: 2, relay: 'relay-1', standby: '' },
};
const seated = { type: 'seat.taken', relay: 'relay-1', relay_session: 'hls' };

/** What was asked is answered. */
const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('who watches over HLS', () => {
  const [stays, leaves] = ['ses_1', 'ses_2'].map((name) => ({ kind: 'viewer' as const, id: id(name) }));
  const log = pino({ level: 'silent' });
  let now: number;
  let looks: (() => void)[];
  const time = {
    nowMs: () => now,
    every(_ms: number, run: () => void) {
      looks.push(run);
      return () => {};
    },
  };
  const look = () => {
    for (const one of looks) one();
  };
  beforeEach(() => {
    now = 0;
    looks = [];
  });

  it('is known to have left also where that was while the gateway that it asked was dead', async () => {
    if (!stays || !leaves) return expect.fail('two sessions');
    const dead = fakeHouse(undefined, undefined, { node: 'gw-dead' });
    const { roster } = fakeHouse(dead.store, dead.clock, { node: 'gw-here' });
    const audience = keepHlsAudience({ cells: roster, log }, 'hls', time);
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

  it('goes on without a flicker where another gateway serves than has its session, until it is gone from both', async () => {
    if (!stays) return expect.fail('a session');
    const bus = memoryStore().bus;
    const members = () => ['gw-dead', 'gw-here', 'gw-there'];
    const dead = fakeHouse(undefined, undefined, { node: 'gw-dead' });
    const { roster } = fakeHouse(dead.store, dead.clock, { node: 'gw-here' });
    const [here, there] = ['gw-here', 'gw-there'].map((node) => {
      const elsewhere = openAudienceElsewhere(askOthers({ node, bus, gate, members }));
      void bus.answer('viewer', async ({ to, body }) => elsewhere.hear(to.id, body));
      return keepHlsAudience({ cells: roster, audienceElsewhere: elsewhere, log }, 'hls', time);
    });
    await dead.roster.create(stays, requested);
    await dead.roster.offer(stays, seated);
    await roster.adopt();
    const said: string[] = [];
    roster.onFact(({ type }) => void said.push(type));
    for (let asks = 0; asks < 24; asks++) {
      now += 2_000;
      there?.asked(stays.id);
      look();
      await turn();
    }
    expect([roster.view(stays)?.state, said]).to.deep.equal(['watching', []]);
    now += 14_000;
    look();
    await turn();
    expect(said, 'it may come yet').to.deep.equal([]);
    now += 2_000;
    look();
    await until('it to be known to have left', () => roster.view(stays)?.state === 'connecting');
    expect(said).to.deep.equal(['signalbox.viewer.connecting']);
    here?.close();
    there?.close();
  });
});
