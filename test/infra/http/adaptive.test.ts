import { expect } from 'chai';
import { id } from '../../../bus/identity.ts';
import { withAdaptive } from '../../../infra/gateway/media/adaptive.ts';
import type { Adaptive, Whep } from '../../../infra/http/services.ts';
import { type FakeGateway, fakeGateway, OFFER } from '../../fakes/http.ts';
import { type FakePeers, fakePeers } from '../../fakes/peers.ts';
import { connectPlayer, type FakePlayer } from '../../fakes/player.ts';
import { until } from '../../fixtures/process.ts';

/** What a browser without H.264 offers. */
const VP8_OFFER = OFFER.replace('a=mid:0', 'a=rtpmap:96 VP8/90000\r\na=mid:0');
const CHROMIUM = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/126.0.0.0 Safari/537.36';

describe('http: a viewer whom no rung suits', () => {
  let gateway: FakeGateway;
  let peers: FakePeers;
  let bounds: { peers: number; cores: number };
  const vera = { sub: 'vera', cameras: ['cam_001'] };

  beforeEach(async () => {
    peers = fakePeers();
    bounds = { peers: 1, cores: 1 };
    let relays: Whep | undefined;
    const asked = () => relays as Whep;
    const whepOfRelays: Whep = {
      open: (...args) => asked().open(...args),
      trickle: (...args) => asked().trickle(...args),
      close: (...args) => asked().close(...args),
      isConnected: (...args) => asked().isConnected(...args),
      isOf: (...args) => asked().isOf(...args),
      heardBytes: (...args) => asked().heardBytes(...args),
      cut: (...args) => asked().cut(...args),
    };
    const joined: { whep: Whep; adaptive: Adaptive } = withAdaptive({
      peers,
      whep: whepOfRelays,
      bounds: () => bounds,
      reach: () => ({ address: '127.0.0.1', hosts: [] }),
      programAt: (relay, camera) => `rtsp://${relay}/${camera}`,
    });
    gateway = await fakeGateway(joined);
    relays = gateway.whep;
    await gateway.camera('cam_001', 'hcm/center');
  });
  afterEach(async () => {
    expect(gateway.house.troubles).to.deep.equal([]);
    await gateway.close();
  });

  const get = (url: string) =>
    gateway.server.inject({ url, headers: { ...gateway.bearer(vera), 'user-agent': CHROMIUM } });
  const post = (sdp: string) =>
    gateway.server.inject({
      ...{ method: 'POST', url: '/live/cam_001/whep', payload: sdp },
      headers: { ...gateway.bearer(vera), 'content-type': 'application/sdp' },
    });
  const sessions = () => gateway.house.roster.list('viewer').filter(({ tags }) => tags.includes('open'));
  /** Somebody takes the only place. */
  const fill = async () => expect((await post(VP8_OFFER)).statusCode).to.equal(201);

  describe('because its browser takes no H.264', () => {
    it('gets a picture that is encoded for it alone, by a WHEP offer like any other', async () => {
      const answer = await post(VP8_OFFER);
      expect(answer.statusCode).to.equal(201);
      expect(answer.body).to.include('VP8/90000');
      expect(peers.opened[0]).to.deep.include({ camera: 'cam_001', relay: 'relay-1', url: 'rtsp://relay-1/cam_001' });
      const [session] = sessions();
      expect(peers.opened[0]?.session).to.equal(session?.id);
      expect(session?.context).to.deep.include({ quality: 'adaptive', fixed: true, ladder: false });
      expect(gateway.whep.opened).to.deep.equal([]);
      const location = String(answer.headers.location);
      const { authorization } = gateway.bearer(vera);
      const headers = { authorization, 'content-type': 'application/trickle-ice-sdpfrag' };
      const fragment = ['m=video 9 UDP/TLS/RTP/SAVPF 0', 'a=mid:0', 'a=end-of-candidates', ''].join('\r\n');
      const patched = await gateway.server.inject({ method: 'PATCH', url: location, headers, payload: fragment });
      expect(patched.statusCode).to.equal(204);
      expect(peers.trickled).to.deep.equal([{ peer: peers.opened[0]?.peer, fragment }]);
      const left = await gateway.server.inject({ method: 'DELETE', url: location, headers: { authorization } });
      expect(left.statusCode).to.equal(200);
      expect(peers.load()).to.include({ peers: 0 });
    });

    it('is told so when it asks how to watch', async () => {
      const { protocol, quality, url, why } = (await get('/live/cam_001?h264=false')).json();
      expect({ protocol, quality }).to.deep.equal({ protocol: 'webrtc', quality: 'adaptive' });
      expect(url).to.match(/\/live\/cam_001\/webrtc\?quality=adaptive$/);
      expect(why.text).to.match(/can’t decode H.264/);
      expect((await get('/live/cam_001')).json().quality).to.equal('720p');
    });

    it('is politely refused when all are taken, with no session, and shown another way', async () => {
      await fill();
      const metrics = (
        await gateway.server.inject({ url: '/metrics', headers: gateway.bearer({ role: 'admin', zones: ['*'] }) })
      ).body;
      expect(metrics).to.match(/^signalbox_adaptive_peers 1$/m);
      for (const refused of [await post(VP8_OFFER), await get('/live/cam_001/webrtc?quality=adaptive')]) {
        expect(refused.statusCode).to.equal(503);
        expect(refused.headers['retry-after']).to.equal('10');
        expect(refused.json()).to.include({ reason: 'full', error: 'all 1 adaptive peers are taken' });
        expect(refused.json().why.guard).to.include({ peers: 1, most_peers: 1 });
      }
      expect(sessions()).to.have.length(1);
      const way = (await get('/live/cam_001?h264=false')).json();
      expect(way.protocol).to.equal('hls');
      expect(way.why.rejected).to.deep.include({ option: 'adaptive', because: 'all 1 adaptive peers are taken' });
    });

    it('watches as before where there shall be no such peers', async () => {
      bounds = { peers: 0, cores: 1 };
      expect((await get('/live/cam_001?h264=false')).json()).to.include({ protocol: 'hls' });
      expect((await post(VP8_OFFER)).statusCode).to.equal(201);
      expect(gateway.whep.opened).to.have.length(1);
    });
  });

  describe('because its network is too thin', () => {
    let player: FakePlayer;
    let session: string;

    beforeEach(async () => {
      const granted = (await get('/live/cam_001/webrtc')).json();
      session = granted.session_id;
      player = await connectPlayer(gateway);
      player.say({ type: 'hello', stream_token: granted.stream_token, leg: 'a' });
      expect((await player.told('welcome')).rungs).to.deep.equal(['720p', 'adaptive']);
      await open('a');
    });
    afterEach(() => player.socket.terminate());

    const view = () => gateway.house.roster.view({ kind: 'viewer', id: id(session) });
    const told = (type: string) => player.heard.filter((one) => one.type === type);
    async function open(leg: string) {
      const answered = told('answer').length;
      player.say({ type: 'offer', leg, sdp: VP8_OFFER });
      await until('the answer', () => told('answer').length > answered);
      player.say({ type: 'playing', leg, gap_ms: 40 });
      await until('the picture', () => view()?.state === 'watching');
    }
    /** What the player measures, four times a second, until something happens. */
    const measure = (leg: string, loss: number, happened: () => unknown) =>
      until(
        'what follows',
        () => {
          player.say({ type: 'stats', leg, fps: 25, loss, kbps: 200 });
          return happened();
        },
        10_000,
        100,
      );
    const goAdaptive = async () => {
      await measure('a', 0.1, () => told('move').some(({ quality }) => quality === 'adaptive'));
      const { leg } = told('move').find(({ quality }) => quality === 'adaptive');
      await open(leg);
      peers.connect(String(peers.opened.at(-1)?.peer));
      player.say({ type: 'close', leg: 'a' });
      return String(leg);
    };

    it('is moved to one, with the reason, and back when the network has room for the rung above', async () => {
      const leg = await goAdaptive();
      expect(view()?.context).to.deep.include({ quality: 'adaptive', ladder: false });
      expect(view()?.why).to.include({ reason: 'strained' });
      peers.estimate(2_500);
      await measure(leg, 0, () => told('move').some(({ quality }) => quality === '720p'));
      expect(view()?.why).to.include({ reason: 'recovered' });
      expect(view()?.why.guard).to.include({ availableKbps: 2_500 });
    });

    it('is told to open another when the process that encodes it was killed', async () => {
      await goAdaptive();
      peers.kill();
      await until('the word', () => told('move').some(({ reason }) => reason === 'peer-lost'));
      expect(view()?.state).to.equal('moving');
      peers.start();
      await open(String(told('move').at(-1).leg));
      expect(view()?.why).to.include({ reason: 'peer-lost' });
      expect(view()?.why.text).to.equal('the process that encoded the picture ended; the picture is back');
      expect(view()?.context.quality).to.equal('adaptive');
    });

    it('stays where it is while all are taken', async () => {
      await fill();
      await measure('a', 0.1, () => told('move').some(({ quality }) => quality === 'adaptive'));
      player.say({ type: 'offer', leg: told('move').at(-1).leg, sdp: VP8_OFFER });
      expect(await player.told('refused')).to.include({ reason: 'full', text: 'all 1 adaptive peers are taken' });
      await until('it to stay', () => view()?.why.reason === 'rung-not-had');
      expect(view()?.context).to.include({ state: 'watching', quality: '720p' });
    });
  });
});
