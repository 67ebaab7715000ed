import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { acquaint } from '../../../actors/acquaintance.ts';
import { id } from '../../../bus/identity.ts';
import { fakeDepartures } from '../../fakes/departures.ts';
import { type FakeGateway, fakeGateway, OFFER } from '../../fakes/http.ts';
import { connectPlayer, type FakePlayer } from '../../fakes/player.ts';
import { until } from '../../fixtures/process.ts';

describe('http: a player that moves', () => {
  let gateway: FakeGateway;
  let player: FakePlayer;
  let session: string;
  let token: string;
  const departures = fakeDepartures();
  const vera = { sub: 'vera', cameras: ['cam_001'] };

  beforeEach(async () => {
    departures.taken.length = 0;
    departures.ready = false;
    gateway = await fakeGateway({ departures });
    await gateway.relay('relay-2', 'first');
    await gateway.camera('cam_001', 'hcm/center');
    ({ player, session, token } = await join(vera));
  });
  afterEach(async () => {
    player.socket.terminate();
    expect(gateway.house.troubles).to.deep.equal([]);
    await gateway.close();
  });

  const join = async (who: { sub: string; cameras: string[]; role?: 'operator' }) => {
    const headers = gateway.bearer(who);
    const granted = (await gateway.server.inject({ url: '/live/cam_001/webrtc', headers })).json();
    const one = await greet(granted.stream_token);
    return { player: one, session: String(granted.session_id), token: String(granted.stream_token) };
  };
  const greet = async (stream_token: string) => {
    const one = await connectPlayer(gateway);
    one.say({ type: 'hello', stream_token, leg: 'a' });
    await one.told('welcome');
    return one;
  };
  const view = () => gateway.house.roster.view({ kind: 'viewer', id: id(session) });
  const relay = (name: string, event: { type: string; [field: string]: unknown }) =>
    gateway.house.roster.offer({ kind: 'relay', id: id(name) }, event);
  const told = (type: string) => player.heard.filter((one) => one.type === type);
  /** Offers a leg and says that it plays. */
  const play = async (leg: string, more: object = {}, playing: object = {}) => {
    const answered = told('answer').length;
    player.say({ type: 'offer', leg, sdp: OFFER, ...more });
    await until('the answer', () => told('answer').length > answered);
    player.say({ type: 'playing', leg, ...playing });
    await until('its first frame to be known', () => view()?.state === 'watching');
  };

  it('is given a standby and a token for it, which lets it in there without anybody deciding', async () => {
    const standby = await player.told('standby');
    expect(standby).to.include({ relay: 'relay-2', ttl_ms: 60_000 });
    expect(view()?.context.standby).to.equal('relay-2');
    await play('a');
    const go = { relay: 'relay-2', standby_token: standby.token, silent_ms: 262 };
    player.say({ type: 'offer', leg: 'b', sdp: OFFER, ...go });
    await until('the move', () => view()?.state === 'moving');
    await until('the connection there', () => gateway.whep.opened.at(-1)?.relay === 'relay-2');
    player.say({ type: 'playing', leg: 'b', gap_ms: 402 });
    await until('the arrival', () => view()?.state === 'watching');
    expect(view()?.context.relay).to.equal('relay-2');
    expect(view()?.why).to.deep.include({ reason: 'silence' });
    expect(view()?.why.guard).to.include({ detect_ms: 262, recover_ms: 402 });
    await until('another standby', () => told('standby').at(-1)?.relay === 'relay-1');
  });

  it('is told to keep nothing ready at its standby when that is drained, and there is no other', async () => {
    await player.told('standby');
    await play('a');
    await relay('relay-2', { type: 'relay.drain', by: 'hoa' });
    await until('it to be told', () => told('standby').at(-1)?.relay === '');
    expect(view()?.context).to.include({ relay: 'relay-1', standby: '' });
    await gateway.relay('relay-3', 'first');
    await until('another standby', () => told('standby').at(-1)?.relay === 'relay-3');
    expect(told('standby').map(({ relay: where }) => where)).to.deep.equal(['relay-2', '', 'relay-3']);
  });

  it('goes to its standby without the gateway, and says so when one is there again', async () => {
    const standby = await player.told('standby');
    expect(standby).to.include({ whep_url: 'http://127.0.0.1:8909/cam_001/whep' });
    const pass = JSON.parse(Buffer.from(standby.relay_token.split('.')[1], 'base64url').toString());
    expect(pass).to.deep.include({ sub: session, mediamtx_permissions: [{ action: 'read', path: 'cam_001' }] });
    expect(pass.exp * 1_000 - Date.now()).to.be.within(1, 60_000);
    await play('a');
    const own = randomUUID();
    gateway.whep.owners.set(own, session);
    player.say({ type: 'opened', leg: 'n', relay: 'relay-2', relay_session: own });
    player.say({ type: 'playing', leg: 'n', gap_ms: 700, silent_ms: 300 });
    await until('the arrival', () => view()?.context.relay === 'relay-2');
    expect(view()?.why.guard).to.include({ detect_ms: 300, recover_ms: 700 });
    expect(gateway.whep.opened).to.have.length(1);
    player.say({ type: 'close', leg: 'n' });
    await until('it to be closed', () => !Object.keys(view()?.context.legs ?? {}).includes('n'));
  });

  for (const [answer, refusal] of [
    ['opens', undefined],
    ['refuses', 'no-stream'],
  ] as const) {
    it(`stays where it is when its picture moves again before the standby ${answer} what it asked for`, async () => {
      const standby = await player.told('standby');
      await play('a');
      const { open } = gateway.whep;
      let answers = () => {};
      const asked = new Promise<void>((resolve) => {
        gateway.whep.open = async (...given) => {
          const answered = new Promise<void>((go) => {
            answers = go;
          });
          resolve();
          await answered;
          if (refusal) gateway.whep.refuse(refusal);
          return open(...given);
        };
      });
      const go = { relay: 'relay-2', standby_token: standby.token, silent_ms: 262 };
      player.say({ type: 'offer', leg: 'n', sdp: OFFER, ...go });
      await asked;
      expect(view()?.state).to.equal('moving');
      player.say({ type: 'close', leg: 'n' });
      // What is said after it is heard after it.
      player.say({ type: 'stats', leg: 'a', fps: 30 });
      const url = `/api/v1/sessions/${session}`;
      const shown = async () => (await gateway.server.inject({ url, headers: gateway.bearer(vera) })).json();
      await until('it to be heard', async () => (await shown()).figures?.fps === 30);
      answers();
      await until('it to be known that it stays', () => view()?.state === 'watching');
      await until('nothing to be left there', () => gateway.whep.closed.length === (refusal ? 0 : 1));
      expect(view()?.context.relay).to.equal('relay-1');
      expect(Object.keys(view()?.context.legs ?? {})).to.deep.equal(['a']);
      expect(told('refused'), 'nobody waits for it').to.deep.equal([]);
      expect(told('answer'), 'nor for its answer').to.have.length(1);
    });
  }

  it('is not believed about a connection that the relay knows as another’s', async () => {
    await play('a');
    const other = randomUUID();
    gateway.whep.owners.set(other, 'ses_other');
    player.say({ type: 'opened', leg: 'n', relay: 'relay-2', relay_session: other });
    expect(await player.told('error')).to.include({ leg: 'n', reason: 'leg-lost' });
    expect(Object.keys(view()?.context.legs ?? {})).to.deep.equal(['a']);
  });

  it('is let in by its own token only, and where that is for', async () => {
    await play('a');
    player.say({ type: 'offer', leg: 'b', sdp: OFFER, relay: 'relay-2', standby_token: 'guessed', silent_ms: 1 });
    await until('the connection', () => gateway.whep.opened.length === 2);
    expect(gateway.whep.opened[1]?.relay, 'placement decided').to.equal('relay-1');
    expect(view()?.state).to.equal('watching');
  });

  it('is told when its own relay is doubted, and of no other', async () => {
    await play('a');
    for (const name of ['relay-1', 'relay-2']) await relay(name, { type: 'pulse.beating', round_trip_ms: 1 });
    const missed = { type: 'pulse.missed', silent_ms: 300, detail: 'nothing came back' };
    await relay('relay-2', missed);
    expect(told('doubt')).to.deep.equal([]);
    await relay('relay-1', missed);
    expect(await player.told('doubt')).to.include({ for_ms: 1_000 });
    expect(told('doubt')).to.have.length(1);
    expect(told('move'), 'its own eyes decide').to.deep.equal([]);
  });

  it('is told of a dead relay at once, while the journal does not answer', async () => {
    await play('a');
    gateway.house.store.set('hung');
    void relay('relay-1', { type: 'relay.exited', detail: 'killed' });
    const toldAt = performance.now();
    expect(await player.told('move')).to.include({ leg: 'b', relay: 'relay-2', reason: 'relay-lost' });
    expect(performance.now() - toldAt).to.be.lessThan(100);
    expect(view()?.state).to.equal('moving');
    gateway.house.store.set('here');
  });

  describe('whose relay dies while the others are full', () => {
    let other: Awaited<ReturnType<typeof join>>;
    const full = async () => {
      acquaint(gateway.house.roster, (error) => expect.fail(error.message));
      await gateway.house.roster.offer(
        { kind: 'relay', id: id('relay-2') },
        { type: 'relay.configured', role: 'delivery', region: 'hcm', weight: 1, max_readers: 1 },
      );
      other = await join({ sub: 'oanh', cameras: ['cam_001'] });
      const seat = gateway.house.roster.view({ kind: 'viewer', id: id(other.session) });
      expect(seat?.context.relay, 'the emptier one').to.equal('relay-2');
    };
    afterEach(() => other.player.socket.terminate());

    it('is told so, waits, and is sent to the first place that becomes free', async () => {
      await full();
      await play('a');
      await relay('relay-1', { type: 'relay.exited', detail: 'killed' });
      await until('the loss', () => view()?.state === 'moving');
      player.say({ type: 'offer', leg: 'n', sdp: OFFER });
      expect(await player.told('refused')).to.include({ leg: 'n', reason: 'full', retry: true });
      expect(told('move')).to.deep.equal([]);
      const headers = gateway.bearer({ sub: 'ada', role: 'admin', zones: ['*'] });
      await gateway.server.inject({ method: 'DELETE', url: `/api/v1/sessions/${other.session}`, headers });
      expect(await player.told('move')).to.include({ relay: 'relay-2', reason: 'relay-lost' });
      await play('b');
      expect(view()?.context.relay).to.equal('relay-2');
    });

    it('ends when its time has run out, and may ask for a new session', async () => {
      await full();
      await play('a');
      await relay('relay-1', { type: 'relay.exited', detail: 'killed' });
      await until('the loss', () => view()?.state === 'moving');
      await gateway.house.roster.offer({ kind: 'viewer', id: id(session) }, { type: 'alarm.rang', name: 'move' });
      expect(await player.told('end')).to.include({ reason: 'not-moved', retry: true });
      const again = await gateway.server.inject({ url: '/live/cam_001/webrtc', headers: gateway.bearer(vera) });
      expect([again.statusCode, again.headers['retry-after']]).to.deep.equal([503, '5']);
    });

    it('takes the place of a viewer when it has priority; that one is told, and may come again', async () => {
      other = { player, session, token };
      ({ player, session } = await join({ sub: 'olga', cameras: ['cam_001'], role: 'operator' }));
      expect(view()?.context.relay).to.equal('relay-2');
      await play('a');
      const bound = { role: 'delivery', region: 'hcm', weight: 1, max_readers: 1 };
      await relay('relay-1', { type: 'relay.configured', ...bound });
      await relay('relay-2', { type: 'relay.exited', detail: 'killed' });
      expect(await player.told('move')).to.include({ relay: 'relay-1', reason: 'relay-lost' });
      expect(await other.player.told('end')).to.include({ reason: 'displaced', retry: true });
    });
  });

  it('leaves a relay that is being drained, which carries it until the other has its picture', async () => {
    await play('a');
    // A departure path would show it old pictures first.
    departures.ready = true;
    await relay('relay-1', { type: 'relay.drain', by: 'hoa' });
    const move = await player.told('move');
    expect(move).to.include({ leg: 'b', relay: 'relay-2', reason: 'draining' });
    expect(gateway.whep.closed).to.deep.equal([]);
    await play('b', {}, { gap_ms: 33 });
    expect(gateway.whep.opened.at(-1)).to.include({ path: 'cam_001', relay: 'relay-2' });
    expect(view()?.context.relay).to.equal('relay-2');
    expect(view()?.why.text).to.equal('relay-1 is being drained; relay-2 carries the picture on');
    player.say({ type: 'close', leg: 'a' });
    await until('the old leg to be closed', () => gateway.whep.closed.length === 1);
  });

  it('is sent on at once when its relay is drained before it has a picture, and waits for no key frame', async () => {
    departures.ready = true;
    player.say({ type: 'offer', leg: 'a', sdp: OFFER });
    await player.told('answer');
    await relay('relay-1', { type: 'relay.drain', by: 'hoa' });
    expect(await player.told('move')).to.include({ leg: 'b', relay: 'relay-2', reason: 'draining' });
    player.say({ type: 'close', leg: 'a' });
    await play('b');
    expect(gateway.whep.opened.at(-1)).to.include({ path: 'departure/cam_001/1', relay: 'relay-2' });
    expect(view()?.context.relay).to.equal('relay-2');
    expect(told('move').filter(({ reason }) => reason === 'draining')).to.have.length(1);
  });

  it('is sent on with its answer when its relay was drained while that was awaited', async () => {
    const { open } = gateway.whep;
    gateway.whep.open = async (...given) => {
      const opened = await open(...given);
      if (gateway.whep.opened.length === 1) await relay('relay-1', { type: 'relay.drain', by: 'hoa' });
      return opened;
    };
    player.say({ type: 'offer', leg: 'a', sdp: OFFER });
    await player.told('answer');
    const answeredAt = performance.now();
    expect(await player.told('move')).to.include({ leg: 'b', relay: 'relay-2', reason: 'draining' });
    expect(performance.now() - answeredAt, 'before the next look at everybody').to.be.lessThan(250);
  });

  it('is sent on once when its relay is drained while it hops, and by a leg that is not on its screen', async () => {
    departures.ready = true;
    await play('a');
    expect(await player.told('move')).to.include({ leg: 'b', reason: 'departure' });
    player.say({ type: 'offer', leg: 'b', sdp: OFFER });
    await until('the hop to be on its way', () => told('answer').length === 2);
    await relay('relay-1', { type: 'relay.drain', by: 'hoa' });
    await until('the move', () => told('move').length > 1);
    // Everybody is looked at twice a second, and whenever a relay turns.
    await relay('relay-1', { type: 'pulse.beating', round_trip_ms: 1 });
    await relay('relay-2', { type: 'relay.exited', detail: 'killed' });
    await gateway.relay('relay-2', 'second');
    player.say({ type: 'close', leg: 'b' });
    await play('c');
    expect(told('move').map(({ leg, reason }) => [leg, reason])).to.deep.equal([
      ['b', 'departure'],
      ['c', 'draining'],
    ]);
    expect(view()?.context.relay).to.equal('relay-2');
  });

  it('keeps the name of its picture to itself when that is lost, and what was to follow it too', async () => {
    await play('a');
    await relay('relay-1', { type: 'relay.exited', detail: 'killed' });
    expect(await player.told('move')).to.include({ leg: 'b', relay: 'relay-2' });
    player.say({ type: 'offer', leg: 'b', sdp: OFFER });
    await until('the leg there', () => gateway.whep.opened.length === 2);
    await gateway.relay('relay-1', 'second');
    await relay('relay-2', { type: 'relay.exited', detail: 'killed' });
    await until('another move', () => told('move').length === 2);
    expect(told('move')[1]).to.include({ leg: 'c', relay: 'relay-1' });
  });

  it('is sent again when the leg that it was to leave for was not to be had', async () => {
    await play('a');
    gateway.whep.refuse('no-stream');
    await relay('relay-1', { type: 'relay.drain', by: 'hoa' });
    expect(await player.told('move')).to.include({ leg: 'b', reason: 'draining' });
    player.say({ type: 'offer', leg: 'b', sdp: OFFER });
    expect(await player.told('refused')).to.include({ leg: 'b' });
    player.say({ type: 'close', leg: 'b' });
    await until('it to be sent again', () => told('move').length === 2, 8_000);
    expect(told('move')[1]).to.include({ relay: 'relay-2', reason: 'draining' });
  }).timeout(15_000);

  it('is sent to another relay at once when the first did not take it over, and is told why that was passed over', async () => {
    await gateway.relay('relay-3', 'first');
    await play('a');
    gateway.whep.refuse('no-stream');
    await relay('relay-1', { type: 'relay.drain', by: 'hoa' });
    const { leg, relay: first } = await player.told('move');
    player.say({ type: 'offer', leg, sdp: OFFER });
    await player.told('refused');
    expect(view(), 'it has its picture').to.include({ state: 'watching' });
    const closedAt = performance.now();
    player.say({ type: 'close', leg });
    await until('it to be sent on', () => told('move').length === 2);
    expect(performance.now() - closedAt, 'before the first one is asked again').to.be.lessThan(4_000);
    const { leg: next, relay: second } = told('move')[1] ?? {};
    expect([first, second].toSorted()).to.deep.equal(['relay-2', 'relay-3']);
    await play(String(next));
    expect(view()?.context.relay).to.equal(second);
    const passedOver = view()?.why.rejected?.find(({ option }) => option === first);
    expect(passedOver?.because).to.match(/^it has not taken this viewer over/);
  });

  it('leaves it in its turn, when many do', async () => {
    const crowd = await Promise.all([...Array(12).keys()].map((n) => join({ sub: `one-${n}`, cameras: ['cam_001'] })));
    for (const { player: one } of crowd) {
      one.say({ type: 'offer', leg: 'a', sdp: OFFER });
      await one.told('answer');
      one.say({ type: 'playing', leg: 'a' });
    }
    const on = (name: string) =>
      gateway.house.roster
        .list('viewer')
        .filter(({ context, state }) => context.relay === name && state === 'watching');
    await until('all to watch', () => on('relay-1').length + on('relay-2').length === crowd.length);
    const leaving = on('relay-1').length;
    expect(leaving).to.be.greaterThan(5);
    await relay('relay-1', { type: 'relay.drain', by: 'hoa' });
    const moving = () => crowd.filter(({ player: one }) => one.heard.some(({ type }) => type === 'move')).length;
    expect(moving(), 'not all at once').to.be.at.most(5);
    await until('all to be told', () => moving() === leaving, 3_000);
    for (const { player: one } of crowd) one.socket.terminate();
  });

  it('goes to the leg that flows there already, when it has one', async () => {
    const { token } = await player.told('standby');
    await play('a');
    player.say({ type: 'offer', leg: 'b', sdp: OFFER, relay: 'relay-2', standby_token: token });
    await until('the second leg', () => gateway.whep.opened.length === 2);
    expect(view()?.state, 'kept ready, it moves nothing').to.equal('watching');
    expect(view()?.context.relay).to.equal('relay-1');
    await relay('relay-1', { type: 'relay.exited', detail: 'killed' });
    await until('the move', () => told('move').find(({ reason }) => reason === 'relay-lost'));
    expect(told('move').at(-1)).to.include({ leg: 'b', relay: 'relay-2' });
    player.say({ type: 'playing', leg: 'b', gap_ms: 67 });
    await until('the arrival', () => view()?.state === 'watching' && view()?.context.relay === 'relay-2');
  });

  it('whose other leg is lost, unseen, is left in peace', async () => {
    const { token } = await player.told('standby');
    await play('a');
    player.say({ type: 'offer', leg: 'b', sdp: OFFER, relay: 'relay-2', standby_token: token });
    await until('the second leg', () => gateway.whep.opened.length === 2);
    await relay('relay-2', { type: 'relay.exited', detail: 'killed' });
    expect(told('move')).to.deep.equal([]);
    expect(view()?.state).to.equal('watching');
  });

  for (const [lost, event] of [
    ['dies', { type: 'relay.exited', detail: 'killed' }],
    ['is drained', { type: 'relay.drain', by: 'hoa' }],
  ] as const) {
    it(`is left in peace, too, when its unseen leg’s relay ${lost} after its socket broke and came back`, async () => {
      const { token: pass } = await player.told('standby');
      await play('a');
      player.say({ type: 'offer', leg: 'n', sdp: OFFER, relay: 'relay-2', standby_token: pass });
      await until('the second leg', () => gateway.whep.opened.length === 2);
      player.socket.terminate();
      player = await greet(token);
      await relay('relay-2', event);
      expect(told('move')).to.deep.equal([]);
      expect(view()?.state).to.equal('watching');
      await gateway.relay('relay-3', 'first');
      await relay('relay-1', { type: 'relay.exited', detail: 'killed' });
      const { leg, relay: to } = await player.told('move');
      expect(leg, 'not the one that is on its screen').to.not.equal('a');
      expect(to).to.equal(lost === 'dies' ? 'relay-3' : 'relay-2');
    });
  }

  it('is left in peace when its unseen leg is lost, though it came back with two legs at the relay of its picture', async () => {
    const { token: pass } = await player.told('standby');
    departures.ready = true;
    await play('a');
    await player.told('move');
    player.say({ type: 'offer', leg: 'b', sdp: OFFER });
    await until('its hop', () => gateway.whep.opened.length === 2);
    player.say({ type: 'offer', leg: 'n', sdp: OFFER, relay: 'relay-2', standby_token: pass });
    await until('the third leg', () => gateway.whep.opened.length === 3);
    player.socket.terminate();
    player = await greet(token);
    await relay('relay-2', { type: 'relay.exited', detail: 'killed' });
    expect(told('move')).to.deep.equal([]);
    expect(view()?.state).to.equal('watching');
  });

  it('is sent on, too, when its relay was started anew while its socket was broken, and nobody was told', async () => {
    await play('a');
    player.socket.terminate();
    await until('nobody to be there', () => gateway.server.websocketServer.clients.size === 0);
    await gateway.relay('relay-1', 'second');
    player = await greet(token);
    expect(view()?.state).to.equal('watching');
    const left = { type: 'seat.left' as const, relay: 'relay-1', relay_session: 'rs_1' };
    gateway.house.slots.seat.held().report(left);
    expect(await player.told('move')).to.include({ leg: 'b', reason: 'relay-ended' });
  });

  it('joins through a departure path, which departs when it is connected, and hops on to where all watch', async () => {
    departures.ready = true;
    player.say({ type: 'offer', leg: 'a', sdp: OFFER });
    await player.told('answer');
    const [path] = departures.taken;
    expect(gateway.whep.opened[0]).to.include({ path: 'departure/cam_001/0', relay: 'relay-1' });
    expect(path?.departed).to.equal(false);
    gateway.whep.connected.add('rs_1');
    await until('the departure', () => path?.departed);
    player.say({ type: 'playing', leg: 'a', first_frame_ms: 61 });
    const hop = await player.told('move');
    expect(hop).to.include({ leg: 'b', relay: 'relay-1', reason: 'departure' });
    player.say({ type: 'offer', leg: 'b', sdp: OFFER });
    await until('the ordinary path', () => gateway.whep.opened[1]?.path === 'cam_001');
    player.say({ type: 'playing', leg: 'b', gap_ms: 33 });
    player.say({ type: 'close', leg: 'a' });
    await until('the path to be closed', () => path?.closed);
    expect(view()?.state).to.equal('watching');
    expect(Object.keys(view()?.context.legs as object)).to.deep.equal(['b']);
    expect(told('move')).to.have.length(1);
    const moved = gateway.house.store.told().filter(({ envelope }) => envelope.type === 'signalbox.viewer.moved');
    expect(moved, 'nobody need know').to.deep.equal([]);
  });

  it('hops on later when the connection that it hopped with was given up for another that seemed more urgent', async () => {
    departures.ready = true;
    player.say({ type: 'offer', leg: 'a', sdp: OFFER });
    await player.told('answer');
    player.say({ type: 'playing', leg: 'a', first_frame_ms: 61 });
    await player.told('move');
    player.say({ type: 'offer', leg: 'b', sdp: OFFER });
    await until('the hop to be on its way', () => told('answer').length === 2);
    player.say({ type: 'close', leg: 'b' });
    await until('another hop', () => told('move').length === 2);
    expect(told('move').at(-1)).to.include({ relay: 'relay-1', reason: 'departure' });
    player.say({ type: 'offer', leg: told('move').at(-1)?.leg, sdp: OFFER });
    await until('it to be on its way', () => told('answer').length === 3);
    player.say({ type: 'playing', leg: told('move').at(-1)?.leg, gap_ms: 33 });
    player.say({ type: 'close', leg: 'a' });
    await until('the departure path to be given back', () => departures.taken[0]?.closed);
    expect(told('move'), 'and no more').to.have.length(2);
  });

  it('hops on, too, when its gateway was started anew between its picture and the word', async () => {
    departures.ready = true;
    player.say({ type: 'offer', leg: 'a', sdp: OFFER });
    await player.told('answer');
    // Nobody hears of what it says meanwhile.
    await gateway.house.roster.offer({ kind: 'viewer', id: id(session) }, { type: 'leg.playing', leg: 'a' });
    player.socket.terminate();
    player = await greet(token);
    expect(await player.told('move')).to.include({ leg: 'b', relay: 'relay-1', reason: 'departure' });
  });

  it('gives its departure path back when its session is ended under it', async () => {
    departures.ready = true;
    player.say({ type: 'offer', leg: 'a', sdp: OFFER });
    await player.told('answer');
    const headers = gateway.bearer({ sub: 'anna', role: 'admin' });
    await gateway.server.inject({ method: 'DELETE', url: `/api/v1/sessions/${session}`, headers });
    await until('the path to be closed', () => departures.taken[0]?.closed);
    expect(gateway.house.slots.seat.all.at(-1)?.end, 'its seat is cut, whatever path it sits on').to.equal('released');
  });

  it('hops on, too, from a relay that was started anew while it was asked for the picture', async () => {
    const { token } = await player.told('standby');
    await play('a');
    departures.ready = true;
    const { open } = gateway.whep;
    gateway.whep.open = async (...given) => {
      await gateway.relay('relay-2', 'second');
      return open(...given);
    };
    player.say({ type: 'offer', leg: 'n', sdp: OFFER, relay: 'relay-2', standby_token: token, silent_ms: 262 });
    await until('its answer', () => told('answer').length === 2);
    expect(gateway.whep.opened.at(-1)).to.include({ path: 'departure/cam_001/0', relay: 'relay-2' });
    player.say({ type: 'playing', leg: 'n', gap_ms: 402 });
    await until('its hop', () => told('move').find(({ reason }) => reason === 'departure'));
    expect(told('move').at(-1)).to.include({ relay: 'relay-2', reason: 'departure' });
  });

  it('takes the ordinary path when there is no departure, or it can not be joined', async () => {
    departures.ready = true;
    gateway.whep.refuse('no-stream');
    player.say({ type: 'offer', leg: 'a', sdp: OFFER });
    await player.told('answer');
    expect(gateway.whep.opened[0]).to.include({ path: 'cam_001' });
    expect(departures.taken[0]).to.include({ closed: true, departed: false });
  });

  it('that only speaks WHEP stays on its departure path to its end; only a few may', async () => {
    departures.ready = true;
    const headers = { ...gateway.bearer({ sub: 'anna', role: 'admin' }), 'content-type': 'application/sdp' };
    const locations: string[] = [];
    for (let n = 0; n < 3; n++) {
      const answer = await gateway.server.inject({
        method: 'POST',
        url: '/live/cam_001/whep',
        headers: { ...headers, ...gateway.bearer({ sub: `client-${n}`, role: 'admin' }) },
        payload: OFFER,
      });
      locations.push(String(answer.headers.location));
    }
    expect(departures.taken.map(({ closed }) => closed)).to.deep.equal([false, false, false]);
    await gateway.server.inject({
      method: 'DELETE',
      url: locations[0] ?? '',
      headers: gateway.bearer({ sub: 'client-0', role: 'admin' }),
    });
    await until('the path to be closed', () => departures.taken[0]?.closed);
    for (let n = 0; n < 4; n++) {
      const own = gateway.bearer({ sub: `more-${n}`, role: 'admin' });
      await gateway.server.inject({
        method: 'POST',
        url: '/live/cam_001/whep',
        headers: { ...headers, ...own },
        payload: OFFER,
      });
    }
    expect(departures.taken.filter(({ closed }) => !closed)).to.have.length(4);
    expect(gateway.whep.opened.filter(({ path }) => path === 'cam_001')).to.have.length(2);
  });
});
