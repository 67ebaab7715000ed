import { expect } from 'chai';
import { acquaint } from '../../../actors/acquaintance.ts';
import { systemClock } from '../../../adapters/clock.ts';
import { id } from '../../../bus/identity.ts';
import { BALANCE } from '../../../machines/policy/rebalance.ts';
import { type FakeGateway, fakeGateway, OFFER } from '../../fakes/http.ts';
import { connectPlayer, type FakePlayer } from '../../fakes/player.ts';
import { until } from '../../fixtures/process.ts';

describe('http: all the players of a relay', () => {
  let gateway: FakeGateway;
  let players: Map<string, FakePlayer>;

  beforeEach(async () => {
    gateway = await fakeGateway();
    acquaint(gateway.house.roster, (error) => expect.fail(error.message));
    for (const name of ['relay-2', 'relay-3']) await gateway.relay(name, 'first');
    await gateway.camera('cam_001', 'hcm/center');
    players = new Map();
  });
  afterEach(async () => {
    for (const { socket } of players.values()) socket.terminate();
    expect(gateway.house.troubles).to.deep.equal([]);
    await gateway.close();
  });

  const relay = (name: string, event: { type: string; [field: string]: unknown }) =>
    gateway.house.roster.offer({ kind: 'relay', id: id(name) }, event);
  const bound = (name: string, max_readers: number) =>
    relay(name, { type: 'relay.configured', role: 'delivery', region: 'hcm', weight: 1, max_readers });
  const view = (session: string) => gateway.house.roster.view({ kind: 'viewer', id: id(session) });
  const play = async (session: string, leg: string) => {
    const player = players.get(session);
    const answered = () => player?.heard.filter(({ type }) => type === 'answer').length ?? 0;
    const before = answered();
    player?.say({ type: 'offer', leg, sdp: OFFER });
    await until('the answer', () => answered() > before);
    player?.say({ type: 'playing', leg });
    await until('its picture', () => view(session)?.state === 'watching');
  };
  const admit = async (sub: string): Promise<{ session_id: string; stream_token: string }> => {
    const headers = gateway.bearer({ sub, cameras: ['cam_001'] });
    return (await gateway.server.inject({ url: '/live/cam_001/webrtc', headers })).json();
  };
  const greet = async ({ session_id, stream_token }: Awaited<ReturnType<typeof admit>>) => {
    const player = await connectPlayer(gateway);
    players.set(session_id, player);
    player.say({ type: 'hello', stream_token, leg: 'a' });
    await player.told('welcome');
  };
  /** So many players watch; placement spreads them over the relays. */
  const watch = async (count: number) => {
    for (let n = 0; n < count; n++) {
      const granted = await admit(`one-${n}`);
      await greet(granted);
      await play(granted.session_id, 'a');
    }
  };
  const at = (name: string) => [...players.keys()].filter((session) => view(session)?.context.relay === name);
  const counts = (names: (string | undefined)[]) =>
    Object.fromEntries(
      ['relay-1', 'relay-2', 'relay-3'].map((one) => [one, names.filter((name) => name === one).length]),
    );
  const loads = () => counts([...players.keys()].map((session) => String(view(session)?.context.relay)));
  const lastMove = (session: string) => players.get(session)?.heard.findLast(({ type }) => type === 'move');

  it('are spread over the others when it dies, and no relay has more than it may', async () => {
    await watch(12);
    expect(loads()).to.deep.equal({ 'relay-1': 4, 'relay-2': 4, 'relay-3': 4 });
    for (const name of ['relay-2', 'relay-3']) await bound(name, 6);
    const lost = at('relay-1');
    await relay('relay-1', { type: 'relay.exited', detail: 'killed' });
    await until('all to be told', () => lost.every(lastMove));
    expect(counts(lost.map((session) => lastMove(session)?.relay))).to.include({ 'relay-2': 2, 'relay-3': 2 });
    for (const session of lost) await play(session, lastMove(session)?.leg);
    expect(loads()).to.deep.equal({ 'relay-1': 0, 'relay-2': 6, 'relay-3': 6 });
  });

  it('wait, those for whom there is no room, and whoever gives a move up has its place for the next try', async () => {
    await watch(6);
    for (const name of ['relay-2', 'relay-3']) await bound(name, name === 'relay-2' ? 3 : 2);
    const lost = at('relay-1');
    await relay('relay-1', { type: 'relay.exited', detail: 'killed' });
    await until('one to be told', () => lost.some(lastMove));
    const [sent, ...waiting] = [...lost].sort((one) => (lastMove(one) ? -1 : 1)) as [string, ...string[]];
    expect(lastMove(sent)).to.include({ relay: 'relay-2' });
    const [other] = waiting;
    players.get(other ?? '')?.say({ type: 'offer', leg: 'n', sdp: OFFER });
    expect(await players.get(other ?? '')?.told('refused')).to.include({ reason: 'full' });
    players.get(sent)?.say({ type: 'offer', leg: 'n', sdp: OFFER });
    await until('its own connection', () => gateway.whep.opened.length === 7);
    expect(gateway.whep.opened.at(-1)?.relay).to.equal('relay-2');
  });

  it('have different relays as their standby, as many each', async () => {
    await watch(12);
    const standbys = (name: string) => counts(at(name).map((session) => String(view(session)?.context.standby)));
    expect(standbys('relay-1')).to.include({ 'relay-2': 2, 'relay-3': 2 });
    expect(standbys('relay-2')).to.include({ 'relay-1': 2, 'relay-3': 2 });
    expect(standbys('relay-3')).to.include({ 'relay-1': 2, 'relay-2': 2 });
  });

  it('have different standbys, too, when there was none as they were admitted', async () => {
    for (const name of ['relay-2', 'relay-3']) await relay(name, { type: 'relay.exited', detail: 'killed' });
    const admitted = await Promise.all(['vera', 'vito', 'oanh', 'olga'].map(admit));
    for (const name of ['relay-2', 'relay-3']) await gateway.relay(name, 'second');
    for (const one of admitted) await greet(one);
    const standbys = at('relay-1').map((session) => String(view(session)?.context.standby));
    expect(counts(standbys)).to.deep.equal({ 'relay-1': 0, 'relay-2': 2, 'relay-3': 2 });
  });

  describe('of which some were lost with a relay that is back', () => {
    const { now } = performance;
    let later = 0;
    /** The gateway's clock goes on at once to the next turn after so long. */
    const wait = (ms: number) => {
      later += ms;
      later += BALANCE.turnMs - (systemClock.now() % BALANCE.turnMs);
    };
    beforeEach(() => {
      later = 0;
      performance.now = () => now.call(performance) + later;
    });
    afterEach(() => {
      performance.now = now;
    });
    /** Of each player, the moves that it was told of for the sake of balance. */
    const balanced = () =>
      [...players].flatMap(([session, { heard }]) =>
        heard
          .filter(({ type, reason }) => type === 'move' && reason === 'rebalance')
          .map((move) => ({ session, move })),
      );
    const lose = async (name: string) => {
      const lost = at(name);
      await relay(name, { type: 'relay.exited', detail: 'killed' });
      await until('all to be told', () => lost.every(lastMove));
      for (const session of lost) await play(session, lastMove(session)?.leg);
    };

    it('come back to it, one after the other, while their picture stays, until none carries clearly more', async () => {
      await watch(6);
      await lose('relay-1');
      expect(loads()).to.deep.equal({ 'relay-1': 0, 'relay-2': 3, 'relay-3': 3 });
      await gateway.relay('relay-1', 'second');
      wait(gateway.services.config.limits.settledMs);
      for (let count = 1; count <= 2; count++) {
        await until('somebody’s turn', () => balanced().length === count);
        const [{ session, move } = {} as never] = balanced().slice(-1);
        expect(move).to.include({ relay: 'relay-1' });
        expect(move.why).to.match(/^relay-[23] carries 3 viewers for its weight, relay-1 [01]$/);
        expect(view(session)?.state).to.equal('moving');
        expect(gateway.whep.closed, 'the picture that is there stays').to.have.length(0);
        await play(session, move.leg);
        expect(view(session)?.context.relay).to.equal('relay-1');
        wait(0);
      }
      expect(loads()).to.deep.equal({ 'relay-1': 2, 'relay-2': 2, 'relay-3': 2 });
    }).timeout(30_000);

    it('stay where they are while another relay is in doubt', async () => {
      await watch(4);
      await lose('relay-1');
      await gateway.relay('relay-1', 'second');
      for (const name of ['relay-1', 'relay-2', 'relay-3'])
        await relay(name, { type: 'pulse.beating', round_trip_ms: 1 });
      await relay('relay-3', { type: 'pulse.missed', silent_ms: 300, detail: 'nothing came back' });
      wait(gateway.services.config.limits.settledMs);
      let looks = 0;
      gateway.services.health = () => {
        looks += 1;
        return [];
      };
      await until('it to be looked at', () => looks > 3);
      expect(balanced()).to.deep.equal([]);
      await relay('relay-3', { type: 'pulse.beating', round_trip_ms: 1 });
      wait(0);
      await until('the next turn', () => balanced().length === 1);
    }).timeout(30_000);
  });
});
