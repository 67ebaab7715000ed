import { expect } from 'chai';
import type { CellView } from '../../../actors/cells.ts';
import { id } from '../../../bus/identity.ts';
import { viewerOf } from '../../../infra/http/views.ts';
import { ADAPTATION } from '../../../machines/policy/adaptation.ts';
import { rungsNamed } from '../../../machines/policy/ladder.ts';
import { fakeDepartures } from '../../fakes/departures.ts';
import { type FakeGateway, fakeGateway, OFFER } from '../../fakes/http.ts';
import { connectPlayer, type FakePlayer } from '../../fakes/player.ts';
import { flows } from '../../fakes/source.ts';
import { until } from '../../fixtures/process.ts';

const measured = {
  ...{ type: 'program.measured', codec: 'h264', width: 1280, height: 720, fps: 30, gop_ms: 2_000 },
  ...{ reordered: false, bitrate_bps: 2_000_000, audio: true },
};

describe('http: a viewer whose line has become narrow', () => {
  let gateway: FakeGateway;
  let player: FakePlayer;
  let session: string;
  const departures = fakeDepartures();
  let cameraLateMs: number | undefined;
  const rendition = { kind: 'rendition' as const, id: id('cam_001') };

  beforeEach(async () => {
    departures.taken.length = 0;
    departures.ready = true;
    cameraLateMs = undefined;
    gateway = await fakeGateway({ departures, lateMs: () => cameraLateMs });
    await gateway.camera('cam_001', 'hcm/center');
    const { roster } = gateway.house;
    const configured = { zone: 'hcm/center', rungs: rungsNamed(['720p', '360p']), keep: 'warm' };
    await roster.create(rendition, { type: 'rendition.configured', ...configured });
    for (const event of [{ type: 'camera.watchable' }, measured, { type: 'ladder.flowing', elapsed_ms: 1 }]) {
      await roster.offer(rendition, event);
    }
    const headers = gateway.bearer({ sub: 'vera', cameras: ['cam_001'] });
    const granted = (await gateway.server.inject({ url: '/live/cam_001/webrtc', headers })).json();
    session = granted.session_id;
    player = await connectPlayer(gateway);
    player.say({ type: 'hello', stream_token: granted.stream_token, leg: 'a' });
    await player.told('welcome');
    // It joined by a departure path, as everybody does, and has hopped on to the program.
    await open('a');
    const { leg } = await player.told('move');
    await open(leg);
    player.say({ type: 'close', leg: 'a' });
    await until('its first path to be let go', () => departures.taken[0]?.closed);
  });
  afterEach(async () => {
    player.socket.terminate();
    expect(gateway.house.troubles).to.deep.equal([]);
    await gateway.close();
  });

  const view = () => gateway.house.roster.view({ kind: 'viewer', id: id(session) });
  const told = (type: string) => player.heard.filter((one) => one.type === type);
  async function open(leg: string) {
    const answered = told('answer').length;
    player.say({ type: 'offer', leg, sdp: OFFER });
    await until('the answer', () => told('answer').length > answered);
    player.say({ type: 'playing', leg, gap_ms: 40 });
    await until('the picture', () => view()?.state === 'watching');
  }
  const goDown = async () => {
    player.say({ type: 'stats', leg: 'b', fps: 25, loss: 0, kbps: 700, queue_ms: 270 });
    const { leg } = await until('the way down', () => told('move').find(({ quality }) => quality === '360p'));
    await open(leg);
    return String(leg);
  };

  it('stays among the rungs where a camera sends H.265 and his player takes none, up to the best of them', async () => {
    const { roster } = gateway.house;
    await roster.offer({ kind: 'camera', id: id('cam_001') }, { ...flows(), codec: 'H265' });
    const begin = async (query: string, leg: string) => {
      const headers = gateway.bearer({ sub: 'viet', cameras: ['cam_001'] });
      const granted = (await gateway.server.inject({ url: `/live/cam_001/webrtc${query}`, headers })).json();
      const other = await connectPlayer(gateway);
      other.say({ type: 'hello', stream_token: granted.stream_token, leg });
      const { rungs } = await other.told('welcome');
      other.say({ type: 'offer', leg, sdp: OFFER });
      await other.told('answer');
      other.socket.terminate();
      const { quality, ladder } = viewerOf(roster.view({ kind: 'viewer', id: granted.session_id }) as CellView);
      return { rungs, quality, ladder, path: gateway.whep.opened.at(-1)?.path };
    };
    departures.ready = false;
    const made = { rungs: ['720p', '360p'], quality: '720p', ladder: true, path: 'cam_001/720p' };
    expect(await begin('', 'd')).to.deep.equal(made);
    const own = { rungs: ['source', '720p', '360p'], quality: 'source', ladder: false, path: 'cam_001' };
    expect(await begin('?h265=true', 'e')).to.deep.equal(own);
    expect(await begin('?quality=source', 'f'), 'who insists').to.deep.include({ quality: 'source', path: 'cam_001' });
    const post = async (payload: string) => {
      const headers = { ...gateway.bearer({ sub: 'wim', cameras: ['cam_001'] }), 'content-type': 'application/sdp' };
      await gateway.server.inject({ method: 'POST', url: '/live/cam_001/whep', payload, headers });
      return gateway.whep.opened.at(-1)?.path;
    };
    expect(await post(OFFER), 'a client of WHEP').to.equal('cam_001/720p');
    const both = OFFER.replace('a=mid:0', 'a=rtpmap:104 H265/90000\r\na=mid:0');
    expect(await post(both), 'one that offers H.265').to.equal('cam_001');
  });

  it('begins the lower rung with stored pictures, as soon as the queue before it is longer than jitter', async () => {
    await goDown();
    expect(departures.taken.at(-1)).to.include({ rung: '360p', closed: false });
    expect(gateway.whep.opened.at(-1)?.path).to.equal(departures.taken.at(-1)?.path);
    expect(view()?.context).to.include({ quality: '360p', ladder: true });
    expect(view()?.why).to.include({ reason: 'collapsed' });
  });

  it('stays there, since a second connection would need what the line has not', async () => {
    const moves = told('move').length + 1;
    const leg = await goDown();
    player.say({ type: 'playing', leg });
    player.say({ type: 'close', leg: 'b' });
    await until('the old connection to be gone', () => Object.keys(view()?.context.legs as object).length === 1);
    expect(told('move')).to.have.length(moves);
    player.say({ type: 'close', leg });
    await until('its path to be let go', () => departures.taken.at(-1)?.closed);
  });

  it('is not judged by what it gets for want of its rung, which is more than its line takes', async () => {
    const leg = await goDown();
    player.say({ type: 'playing', leg });
    const { path = '' } = departures.taken.at(-1) ?? {};
    const judged = () =>
      gateway.house.store
        .records()
        .flatMap(({ record }) => record.heard)
        .filter(({ type }) => type === 'path.degraded').length;
    const stats = { type: 'stats', leg, fps: 5, loss: 0.5, kbps: 700, queue_ms: 300 };
    departures.lacking.add(path);
    for (let each = 0; each < 3; each += 1) player.say(stats);
    player.say({ type: 'nothing that is understood' });
    await player.told('error');
    expect(judged(), 'since it went down').to.equal(1);
    departures.lacking.clear();
    player.say(stats);
    await until('it to be judged by its rung', () => judged() === 2);
  });

  it('is not said to be narrow where a rung comes later and later but whole, as from an encoder that falls behind', async () => {
    const leg = await goDown();
    const queues = () =>
      gateway.house.store
        .records()
        .flatMap(({ record }) => record.heard)
        .flatMap((one) => (one.type === 'path.degraded' ? [one.queue_ms] : []));
    const before = queues().length;
    player.say({ type: 'stats', leg, fps: 25, loss: 0, kbps: 500, queue_ms: 900 });
    player.say({ type: 'stats', leg, fps: 25, loss: 0.03, kbps: 500, queue_ms: 80 });
    await until('the word on its line', () => queues().length > before);
    expect(queues().slice(before)).to.deep.equal([80]);
  });

  describe('or seems to', () => {
    const facts = () => gateway.house.store.records().flatMap(({ record }) => record.said);
    const excused = () => facts().filter(({ type }) => type === 'signalbox.viewer.excused');
    const late = { type: 'stats', leg: 'b', fps: 25, loss: 0.03, kbps: 700, queue_ms: 270 };

    it('keeps his picture where his own host was busy, and the log says so', async () => {
      player.say({ ...late, busy_ms: 320 });
      const [fact] = await until('the log to tell', () => (excused().length > 0 ? excused() : undefined));
      expect(fact?.data.why).to.deep.include({
        reason: 'host-busy',
        text: "the player's own host came to run up to 320 ms late: this says nothing of its network",
      });
      expect(fact?.data.why).to.have.nested.property('guard.busy_ms', 320);
      expect([view()?.state, view()?.context.quality]).to.deep.equal(['watching', '720p']);
      expect(facts().map(({ type }) => type)).to.not.include('signalbox.viewer.degraded');
    });

    it('keeps it where the camera’s pictures came late already, and goes down once they don’t', async () => {
      cameraLateMs = 250;
      player.say(late);
      const [fact] = await until('the log to tell', () => (excused().length > 0 ? excused() : undefined));
      expect(fact?.data.why).to.include({ reason: 'camera-late' });
      expect(told('move').filter(({ quality }) => quality === '360p')).to.deep.equal([]);
      cameraLateMs = undefined;
      await goDown();
      expect(view()?.context).to.include({ quality: '360p' });
    });
  });

  it('is led back when the encoder of its rung can’t keep up, and not down to it again while that is so', async () => {
    const leg = await goDown();
    await gateway.house.roster.offer(rendition, { type: 'ladder.late', late_ms: 4_850 });
    player.say({ type: 'stats', leg, fps: 25, loss: 0, kbps: 500 });
    const back = await until('the way back', () => told('move').find(({ reason }) => reason === 'late'));
    expect(back).to.include({ quality: '720p' });
    expect(back.why).to.equal("720p instead of 360p: it came 4.9 s late, as its encoder can't keep up");
    await open(back.leg);
    expect(view()?.context).to.include({ quality: '720p', ladder: false });
    player.say({ type: 'close', leg });
    const moves = told('move').length;
    const said = () => gateway.house.store.records().flatMap(({ record }) => record.said);
    await until('its line to be good again', () => {
      player.say({ type: 'stats', leg: back.leg, fps: 25, loss: 0, kbps: 2_000 });
      return said().find(({ type }) => type === 'signalbox.viewer.recovered');
    });
    player.say({ type: 'stats', leg: back.leg, fps: 25, loss: 0, kbps: 700, queue_ms: 270 });
    const degraded = await until('the word on its line', () =>
      said().find(
        ({ type, data }) => type === 'signalbox.viewer.degraded' && JSON.stringify(data).includes('rejected'),
      ),
    );
    expect(JSON.stringify(degraded)).to.include("its pictures come 4.9 s late: its encoder can't keep up");
    expect([view()?.state, told('move').length]).to.deep.equal(['watching', moves]);
  });

  it('has what is better prove that there is room for it, and is not sent up again at once where there is none', async () => {
    const low = await goDown();
    const ups = () => told('move').filter(({ quality }) => quality === '720p');
    const order = await until('the way up', () => {
      player.say({ type: 'stats', leg: low, fps: 25, loss: 0, kbps: 500 });
      return ups()[0];
    });
    expect(order).to.include({ reason: 'recovered', prove_ms: ADAPTATION.proofMs });
    const answered = told('answer').length;
    player.say({ type: 'offer', leg: order.leg, sdp: OFFER });
    await until('the answer', () => told('answer').length > answered);
    player.say({ type: 'close', leg: order.leg, no_room: true });
    await until('the picture to stay', () => view()?.why.reason === 'no-room');
    expect(view()?.context).to.include({ quality: '360p', ladder: true });
    const said = () => gateway.house.store.records().flatMap(({ record }) => record.heard);
    const before = said().filter(({ type }) => type === 'path.recovered').length;
    await until('its line to be told good again', () => {
      player.say({ type: 'stats', leg: low, fps: 25, loss: 0, kbps: 500 });
      return said().filter(({ type }) => type === 'path.recovered').length > before;
    });
    expect([view()?.state, ups().length]).to.deep.equal(['watching', 1]);
  });

  it('has the rung from its next key frame on where no such path is to be had', async () => {
    departures.ready = false;
    await goDown();
    expect(gateway.whep.opened.at(-1)?.path).to.equal('cam_001/360p');
    expect(view()?.context).to.include({ quality: '360p', ladder: true });
  });
});
