import { expect } from 'chai';
import { systemClock } from '../../../adapters/clock.ts';
import { id } from '../../../bus/identity.ts';
import { type FakeGateway, fakeGateway, OFFER } from '../../fakes/http.ts';
import { connectPlayer, type FakePlayer } from '../../fakes/player.ts';
import { ends, feeds, flows } from '../../fakes/source.ts';
import { until } from '../../fixtures/process.ts';

const HOUR_MS = 3_600_000;

for (const [direction, jumpMs] of [
  ['forward', HOUR_MS],
  ['back', -HOUR_MS],
] as const) {
  describe(`http: when the machine's clock is set ${direction} by an hour`, () => {
    const truth = Date.now;
    let gateway: FakeGateway;
    let player: FakePlayer;
    const vera = { sub: 'vera', cameras: ['cam_001'] };
    const ask = async () =>
      (await gateway.server.inject({ url: '/live/cam_001/webrtc', headers: gateway.bearer(vera) })).json();
    const view = (session: string) => gateway.house.roster.view({ kind: 'viewer', id: id(session) });
    const join = async (granted: { stream_token: string; session_id: string }) => {
      player = await connectPlayer(gateway);
      player.say({ type: 'hello', stream_token: granted.stream_token, leg: 'a' });
      await player.told('welcome');
      player.say({ type: 'offer', leg: 'a', sdp: OFFER });
      await player.told('answer');
      player.say({ type: 'playing', leg: 'a' });
      await until('the picture', () => view(granted.session_id)?.state === 'watching');
    };

    beforeEach(async () => {
      gateway = await fakeGateway();
      await gateway.camera('cam_001', 'hcm/center');
    });
    afterEach(async () => {
      Date.now = truth;
      player.socket.terminate();
      await gateway.close();
    });

    it('across a switch, nobody is cut and no time is told wrongly', async () => {
      const granted = await ask();
      await join(granted);
      const at = { kind: 'camera' as const, id: id('cam_001') };
      await gateway.house.roster.offer(at, flows('1'));
      await gateway.house.roster.offer(at, ends('0'));
      Date.now = () => truth() + jumpMs;
      await gateway.house.roster.offer(at, feeds('1', { from: '0', trigger: 'ended', how: 'burst', gap_ms: 67 }));
      expect(gateway.house.roster.view(at)?.since).to.be.closeTo(systemClock.now(), 1_000);
      expect(gateway.house.troubles).to.deep.equal([]);
      expect(view(granted.session_id)?.state).to.equal('watching');
      expect(player.heard.map(({ type }) => type)).to.not.include('end');
    });

    it('who is let in after it has the whole time that he was promised', async () => {
      Date.now = () => truth() + jumpMs;
      const granted = await ask();
      await join(granted);
      const left = Number(view(granted.session_id)?.context.expires_at) - systemClock.now();
      expect(left).to.be.closeTo(HOUR_MS, 2_000);
      const { at } = gateway.house.slots.alarm.all.findLast(({ input }) => input.name === 'expiry')?.input ?? { at: 0 };
      expect(at - systemClock.now()).to.be.closeTo(HOUR_MS, 2_000);
    });
  });
}
