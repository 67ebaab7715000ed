import { expect } from 'chai';
import type { WebSocket } from 'ws';
import { id } from '../../../bus/identity.ts';
import { type FakeGateway, fakeGateway, OFFER } from '../../fakes/http.ts';
import { connectPlayer, type FakePlayer } from '../../fakes/player.ts';
import { answers, feeds, flows } from '../../fakes/source.ts';
import { until } from '../../fixtures/process.ts';

describe('http: signalling over a WebSocket', () => {
  let gateway: FakeGateway;
  const players: WebSocket[] = [];
  const vera = { sub: 'vera', cameras: ['cam_001'] };
  const anna = { sub: 'anna', role: 'admin' as const };

  const connect = async (camera = 'cam_001', headers: Record<string, string> = {}): Promise<FakePlayer> => {
    const player = await connectPlayer(gateway, camera, headers);
    players.push(player.socket);
    return player;
  };
  const grant = async (grantee: object = vera) =>
    (await gateway.server.inject({ url: '/live/cam_001/webrtc', headers: gateway.bearer(grantee) })).json();
  const greeted = async () => {
    const granted = await grant();
    const player = await connect();
    player.say({ type: 'hello', stream_token: granted.stream_token, leg: 'a' });
    await player.told('welcome');
    return { player, granted };
  };
  const viewer = (session: string) => gateway.house.roster.view({ kind: 'viewer', id: id(session) });

  beforeEach(async () => {
    gateway = await fakeGateway();
    await gateway.camera('cam_001', 'hcm/center');
  });
  afterEach(async () => {
    for (const socket of players.splice(0)) socket.terminate();
    expect(gateway.house.troubles).to.deep.equal([]);
    await gateway.close();
  });

  it('says nothing before hello, then welcomes and tells the state of the camera', async () => {
    const { player, granted } = await greeted();
    expect(player.heard[0]).to.deep.include({
      type: 'welcome',
      session_id: granted.session_id,
      camera: 'cam_001',
      rungs: ['720p'],
    });
    expect(await player.told('state')).to.deep.include({ camera: 'cam_001', state: 'live' });
  });

  it('answers an offer, hands on candidates in order, and counts the first frame', async () => {
    const { player, granted } = await greeted();
    player.say({ type: 'offer', leg: 'a', sdp: OFFER });
    player.say({
      type: 'candidate',
      leg: 'a',
      candidate: 'candidate:1 1 udp 1 127.0.0.1 9 typ host',
      sdpMid: '0',
      sdpMLineIndex: 0,
    });
    expect(await player.told('answer')).to.deep.include({ leg: 'a', sdp: 'v=0\r\ns=answer\r\n', relay: 'relay-1' });
    player.say({ type: 'candidate', leg: 'a', candidate: '', sdpMid: null });
    await until('both fragments', () => gateway.whep.trickled.length === 2);
    expect(gateway.whep.trickled[0]?.fragment)
      .to.contain('a=ice-ufrag:abcd')
      .and.contain('a=mid:0')
      .and.contain('a=candidate:1 1 udp');
    expect(gateway.whep.trickled[1]?.fragment).to.contain('a=end-of-candidates');
    player.say({ type: 'playing', leg: 'a', first_frame_ms: 250 });
    player.say({
      type: 'stats',
      leg: 'a',
      fps: 30,
      loss: 0,
      jitter_ms: 2,
      rtt_ms: 1,
      kbps: 2000,
      freezes: 0,
      latency_ms: 80,
    });
    await until('watching', () => viewer(granted.session_id)?.state === 'watching');
    expect(viewer(granted.session_id)?.context.first_frame_ms).to.equal(250);
    const { body } = await gateway.server.inject({ url: '/metrics', headers: gateway.bearer(anna) });
    expect(body)
      .to.contain('signalbox_first_frame_seconds_sum 0.25')
      .and.contain('signalbox_glass_to_glass_seconds_sum 0.08');
    const shown = await gateway.server.inject({
      url: `/api/v1/sessions/${granted.session_id}`,
      headers: gateway.bearer(vera),
    });
    expect(shown.json().figures).to.include({ fps: 30, latency_ms: 80 });
    player.say({ type: 'close', leg: 'a' });
    await until('the relay to hear', () => gateway.whep.closed.length === 1);
  });

  it('writes down when a viewer’s network turns bad, and blames no network for a camera that is dark', async () => {
    const { player } = await greeted();
    const lossy = { type: 'stats', leg: 'a', fps: 20, loss: 0.3 };
    const told = () => gateway.house.store.told().map(({ envelope }) => envelope.type);
    gateway.house.slots.program.held().report({ type: 'source.ended', source: '0', detail: 'plug' });
    const startedAt = Date.now();
    await until(
      'more than a bad second',
      () => {
        player.say(lossy);
        return Date.now() - startedAt > 1_300;
      },
      5_000,
      100,
    );
    expect(told()).to.not.include('signalbox.viewer.degraded');
    gateway.house.slots.probe.held().report(answers());
    gateway.house.slots.program.held().report(flows());
    gateway.house.slots.program.held().report(feeds());
    await until(
      'the verdict',
      () => {
        player.say(lossy);
        return told().includes('signalbox.viewer.degraded');
      },
      5_000,
      100,
    );
  });

  it('tells the player at once when its session is ended, and that trying again is no use', async () => {
    const { player, granted } = await greeted();
    await gateway.server.inject({
      method: 'DELETE',
      url: `/api/v1/sessions/${granted.session_id}`,
      headers: gateway.bearer(anna),
    });
    expect(await player.told('end')).to.include({ reason: 'revoked', retry: false });
    await player.closed();
    const again = await connect();
    again.say({ type: 'hello', stream_token: granted.stream_token });
    expect(await again.told('end')).to.include({ reason: 'revoked', retry: false });
  });

  it('tells every player of a revoked person', async () => {
    const { player } = await greeted();
    await gateway.server.inject({
      method: 'POST',
      url: '/api/v1/revocations',
      headers: gateway.bearer(anna),
      payload: { sub: 'vera' },
    });
    expect(await player.told('end')).to.include({ reason: 'revoked', retry: false });
  });

  it('tells the player the end even while the journal is away', async () => {
    const { player, granted } = await greeted();
    gateway.house.store.set('hung');
    const deletion = gateway.server.inject({
      method: 'DELETE',
      url: `/api/v1/sessions/${granted.session_id}`,
      headers: gateway.bearer(anna),
    });
    expect(await player.told('end')).to.include({ reason: 'revoked' });
    gateway.house.store.set('here');
    await deletion;
  });

  it('tells the player to try again when its time has run out', async () => {
    const { player } = await greeted();
    gateway.house.slots.alarm.all
      .find((alarm) => alarm.input.name === 'expiry' && !alarm.end)
      ?.report({ type: 'alarm.rang', name: 'expiry' });
    expect(await player.told('end')).to.include({ reason: 'expired', retry: true });
  });

  it('has a player that was without network for long ask anew, when it comes back to find its session over', async () => {
    const { player, granted } = await greeted();
    player.socket.terminate();
    gateway.house.slots.alarm.all
      .find((alarm) => alarm.input.name === 'connect' && !alarm.end)
      ?.report({ type: 'alarm.rang', name: 'connect' });
    await until('its end', () => viewer(granted.session_id)?.state === 'ended');
    const back = await connect();
    back.say({ type: 'hello', stream_token: granted.stream_token, leg: 'a' });
    expect(await back.told('end')).to.include({ reason: 'never-connected', retry: true });
  });

  it('tells what happens to the camera, and why', async () => {
    const { player } = await greeted();
    await player.told('state');
    const at = { kind: 'camera' as const, id: id('cam_001') };
    await gateway.house.roster.offer(at, { type: 'source.silent', source: '0', silent_ms: 900 });
    const stalled = await until('stalled', () => player.heard.find((one) => one.state === 'stalled'));
    expect(stalled.why.text).to.match(/\w/);
  });

  it('has the player open another leg when its relay started anew', async () => {
    const { player } = await greeted();
    player.say({ type: 'offer', leg: 'a', sdp: OFFER });
    await player.told('answer');
    const relay = { kind: 'relay' as const, id: id('relay-1') };
    await gateway.house.roster.offer(relay, { type: 'relay.exited', detail: 'killed' });
    await gateway.relay('relay-1', 'second');
    expect(await player.told('move')).to.include({ leg: 'b', relay: 'relay-1' });
    player.say({ type: 'offer', leg: 'b', sdp: OFFER });
    await until('the second answer', () => player.heard.filter((one) => one.type === 'answer').length === 2);
    player.say({ type: 'close', leg: 'a' });
    await until('the old leg to be closed', () => gateway.whep.closed.length === 1);
    expect(player.heard.filter((one) => one.type === 'move')).to.have.length(1);
  });

  it('has the player open another leg when the relay ended the one it had', async () => {
    const { player, granted } = await greeted();
    player.say({ type: 'offer', leg: 'a', sdp: OFFER });
    await player.told('answer');
    player.say({ type: 'playing', leg: 'a' });
    await until('watching', () => viewer(granted.session_id)?.state === 'watching');
    gateway.house.slots.seat.held().report({ type: 'seat.left', relay: 'relay-1', relay_session: 'rs_1' });
    expect(await player.told('move')).to.include({ leg: 'b', reason: 'relay-ended' });
  });

  it('lets a player that comes back keep the leg it has, and moves it when that is lost', async () => {
    const { player, granted } = await greeted();
    player.say({ type: 'offer', leg: 'a', sdp: OFFER });
    await player.told('answer');
    player.socket.terminate();
    const again = await connect();
    again.say({ type: 'hello', stream_token: granted.stream_token });
    await again.told('welcome');
    expect(again.heard.some((one) => one.type === 'move')).to.equal(false);
    await gateway.house.roster.offer({ kind: 'relay', id: id('relay-1') }, { type: 'relay.exited', detail: 'killed' });
    await gateway.relay('relay-1', 'second');
    expect(await again.told('move')).to.include({ leg: 'b', reason: 'relay-restarted' });
  });

  it('prolongs the session for a login token of the same person', async () => {
    const { player, granted } = await greeted();
    player.say({ type: 'renew', token: gateway.token(vera) });
    expect(await player.told('renewed')).to.include({ expires_in: 3600 });
    player.say({ type: 'renew', token: gateway.token(anna) });
    expect(await player.told('error')).to.include({ reason: 'not-yours' });
    player.say({ type: 'renew', token: granted.stream_token });
    await until('the refusal', () => player.heard.some((one) => one.type === 'error' && one.reason === 'type'));
  });

  it('tells why an offer is refused, and lets the player try again', async () => {
    const { player } = await greeted();
    gateway.whep.refuse('no-stream');
    player.say({ type: 'offer', leg: 'a', sdp: OFFER });
    expect(await player.told('refused')).to.include({ leg: 'a', reason: 'no-picture', retry: true });
    player.say({ type: 'offer', leg: 'a', sdp: OFFER });
    await player.told('answer');
  });

  it('lets the newest connection of a session have it', async () => {
    const { player, granted } = await greeted();
    const second = await connect();
    second.say({ type: 'hello', stream_token: granted.stream_token });
    await second.told('welcome');
    expect(await player.told('end')).to.include({ reason: 'replaced', retry: false });
  });

  describe('refuses', () => {
    it('a page of another site, and a host that is not ours', async () => {
      const foreign: Record<string, string>[] = [
        { origin: 'https://evil.example.com' },
        { origin: 'null' },
        { host: 'evil.example.com' },
      ];
      for (const headers of foreign) {
        const outcome = await connect('cam_001', headers).then(
          () => 'in',
          (error: Error) => error.message,
        );
        expect(outcome).to.match(/Unexpected server response: (403|421)/);
      }
      await connect('cam_001', { origin: 'http://localhost:8080' });
    });

    it('a login token, another camera, and a token that is none', async () => {
      await gateway.camera('cam_002', 'hcm/center');
      const { stream_token } = await grant();
      for (const [camera, token, reason] of [
        ['cam_001', gateway.token(vera), 'token-type'],
        ['cam_002', stream_token, 'other-camera'],
        ['cam_001', 'no token', 'token-malformed'],
      ] as const) {
        const player = await connect(camera);
        player.say({ type: 'hello', stream_token: token });
        expect(await player.told('end')).to.include({ reason, retry: false });
        await player.closed();
      }
      expect(gateway.house.roster.list('viewer')).to.have.length(1);
    });

    it('whoever speaks before hello', async () => {
      const player = await connect();
      player.say({ type: 'offer', leg: 'a', sdp: OFFER });
      expect(await player.told('refused')).to.include({ reason: 'hello-first' });
      await player.closed();
      expect(gateway.whep.opened).to.deep.equal([]);
    });

    it('messages that are wrong, one by one, and cuts off who keeps sending them', async () => {
      const { player } = await greeted();
      const bad = [
        '',
        '{',
        'null',
        '[]',
        '"offer"',
        '{"type":"__proto__"}',
        '{"type":"offer"}',
        { type: 'close', leg: '../a' },
      ];
      for (const message of bad.slice(0, 4)) player.say(message);
      await until('the answers', () => player.heard.filter((one) => one.type === 'error').length === 4);
      for (const message of [...bad, ...bad, ...bad]) player.say(message);
      expect(await player.told('end')).to.include({ reason: 'too-fast', retry: false });
      await player.closed();
    });

    it('messages that are too large, or that are no text', async () => {
      const { player } = await greeted();
      player.socket.send(Buffer.from([1, 2, 3]));
      expect(await player.told('error')).to.include({ reason: 'bad-message' });
      player.socket.on('error', () => {});
      player.say({ type: 'offer', leg: 'a', sdp: 'x'.repeat(100_000) });
      await player.closed();
      expect((await gateway.server.inject({ url: '/healthz' })).statusCode).to.equal(200);
    });

    it('a flood of good messages', async () => {
      const { player } = await greeted();
      for (let n = 0; n < 300; n++) player.say({ type: 'stats', leg: 'a', fps: 30 });
      expect(await player.told('end')).to.include({ reason: 'too-fast', retry: false });
    });
  });

  it('never logs a token', async () => {
    const { granted } = await greeted();
    await gateway.server.inject({
      url: '/?login=secret-link',
      headers: { authorization: `Bearer ${granted.stream_token}` },
    });
    const log = gateway.log.join('\n');
    expect(log).to.not.contain(granted.stream_token).and.not.contain('secret-link').and.not.contain('eyJ');
  });
});
