import { expect } from 'chai';
import type { Page } from 'playwright-core';
import { startCamera } from '../../fixtures/camera.ts';
import { figure } from '../../fixtures/figures.ts';
import { startMediamtx, type TestMediamtx } from '../../fixtures/mediamtx.ts';
import { freeze, type Running, until } from '../../fixtures/process.ts';
import { openUdpWay, type UdpWay } from '../../fixtures/udp-way.ts';
import { longestGapMs } from '../../fixtures/watcher.ts';
import { type BuiltPages, openBuiltPages } from './built-pages.ts';
import { seenOn, watchOn } from './player-page.ts';
import type { StubGateway } from './stub-gateway.ts';

const STANDBY = { type: 'standby', relay: 'relay-2', token: 'pass-2', ttl_ms: 60_000 };

/** Two relays with the same picture; nobody tells the player anything but what the tests say. */
describe('a player with a standby', function () {
  this.timeout(60_000);
  let pages: BuiltPages;
  let relays: Record<string, TestMediamtx>;
  let cameras: Running[];
  let gateway: StubGateway;
  let page: Page;

  const show = async (picture: { fps?: number } = {}) => {
    const sources = Object.values(relays);
    cameras = sources.map((relay) => startCamera(relay.rtsp('cam_001'), { fps: 30, gopSeconds: 0.5, ...picture }));
    for (const relay of sources) {
      await until('a picture', async () => (await relay.api('GET', '/v3/paths/get/cam_001')).ready);
    }
  };
  before(async () => {
    const [first, second, built] = await Promise.all([startMediamtx(), startMediamtx(), openBuiltPages()]);
    relays = { 'relay-1': first, 'relay-2': second };
    pages = built;
    gateway = await pages.serve(whepAt);
    await show();
  });
  afterEach(async () => {
    for (const running of [...cameras, ...Object.values(relays).map((relay) => relay.process())]) {
      running.child.kill('SIGCONT');
    }
    await page.context().close();
  });
  after(async () => {
    await pages?.close();
    await Promise.all((cameras ?? []).map((camera) => camera.stop()));
    await Promise.all(Object.values(relays ?? {}).map((relay) => relay.close()));
  });

  const whepAt = (name: string, relay = 'relay-1') => `http://127.0.0.1:${relays[relay]?.ports.whep}/${name}/whep`;
  const watch = async (query = '?clock=every-frame') => {
    gateway.said.length = 0;
    ({ page } = await watchOn(pages.browser, gateway, query));
    await until('a moving picture', async () => (await seenOn(page)).frames.length >= 10, 15_000);
    gateway.tell(STANDBY);
  };
  const hang = async () => {
    const from = (await page.evaluate('performance.now()')) as number;
    await freeze(relays['relay-1']?.process() as Running);
    return from;
  };
  /** Frames go on for a while after an instant of the page. */
  const moving = (from: number) =>
    until('frames again', async () => (await seenOn(page)).presented.filter((at) => at > from + 700).length > 10);
  const offers = () => gateway.said.filter(({ type }) => type === 'offer').slice(1);
  const ticks = (ms: number) => page.evaluate(`new Promise((done) => setTimeout(done, ${ms}))`);

  it('goes there by itself when its relay hangs, and tells how long it was without a picture', async () => {
    await watch();
    const from = await hang();
    await moving(from);
    const [offer] = offers();
    expect(offer).to.include({ relay: 'relay-2', standby_token: 'pass-2' });
    expect(offer.silent_ms).to.be.within(250, 1_500);
    const { presented, moves } = await seenOn(page);
    figure('relay hangs, standby not kept ready, key frame every 0.5 s: gap', longestGapMs(presented, from));
    expect(longestGapMs(presented, from)).to.be.lessThan(2_000);
    expect(moves).to.have.length(1);
    expect(moves[0]).to.include({ relay: 'relay-2', reason: 'silence' });
    const told = gateway.said.filter(({ type }) => type === 'playing').at(-1);
    expect(told.gap_ms).to.be.closeTo(longestGapMs(presented, from), 120);
    expect(await page.locator('.sbx-moved').textContent()).to.match(
      /^Moved to relay-2: no frame came any more, (\d+ ms|without a gap)$/,
    );
  });

  it('goes on by a leg that has the name of the one on screen, when it is told to', async () => {
    await watch();
    const played = () => gateway.said.filter(({ type }) => type === 'playing');
    const [first] = played();
    const from = (await page.evaluate('performance.now()')) as number;
    gateway.tell({ type: 'move', leg: first.leg, relay: 'relay-1', reason: 'draining', why: 'so' });
    // One whose answer goes to the other leg would be given up after 12 s.
    await until('the new leg to be in front', () => played().length > 1, 6_000);
    expect(played()[1].leg).to.equal(first.leg);
    await moving(from);
    const gap = longestGapMs((await seenOn(page)).presented, from);
    figure('planned move, key frame every 0.5 s: gap', gap);
    expect(gap).to.be.lessThan(400);
  });

  it('is there at once when a second connection is kept ready', async () => {
    await watch('?clock=every-frame&hot=1');
    await until('the second connection to flow', async () => (await seenOn(page)).unseen.length > 10, 10_000);
    expect(offers()[0]).to.include({ relay: 'relay-2', standby_token: 'pass-2' }).and.to.not.have.property('silent_ms');
    const from = await hang();
    await moving(from);
    const { presented, moves } = await seenOn(page);
    figure('relay hangs, standby kept ready: gap', longestGapMs(presented, from));
    expect(longestGapMs(presented, from)).to.be.lessThan(800);
    expect(moves).to.have.length(1);
  });

  it('lets go of the connection that it keeps ready when that relay is to be emptied, until it has another standby', async () => {
    await watch('?clock=every-frame&hot=1');
    const opened = () => offers().map(({ leg }) => leg);
    const flows = (count: number) =>
      until('the second connection to flow', async () => opened().length === count && (await unseenNow()) > 0, 10_000);
    const unseenNow = async () => (await seenOn(page)).unseen.filter((at) => at > from).length;
    let from = 0;
    await flows(1);
    gateway.tell({ type: 'standby', relay: '' });
    const [leg] = opened();
    await until('it to be let go of', () => gateway.said.some((one) => one.type === 'close' && one.leg === leg));
    await ticks(1_500);
    expect(opened(), 'none is asked for').to.deep.equal([leg]);
    from = (await page.evaluate('performance.now()')) as number;
    gateway.tell(STANDBY);
    await flows(2);
    expect((await seenOn(page)).moves).to.deep.equal([]);
  });

  it('is not chased away by a camera that is silent everywhere', async () => {
    await watch('?clock=every-frame&hot=1');
    await until('the second connection to flow', async () => (await seenOn(page)).unseen.length > 10, 10_000);
    await Promise.all(cameras.map(freeze));
    await ticks(1_100);
    expect(offers().filter(({ silent_ms }) => silent_ms !== undefined)).to.deep.equal([]);
    expect((await seenOn(page)).moves).to.deep.equal([]);
  });

  it('stays where it is while its camera is said to be held', async () => {
    await watch();
    gateway.tell({ type: 'state', camera: 'cam_001', state: 'holding', why: 'no source is left' });
    await hang();
    await ticks(800);
    expect(offers()).to.deep.equal([]);
  });

  it('concludes nothing while nobody sees it', async () => {
    await watch();
    await page.evaluate('document.querySelector(".sbx-stage").style.transform = "translateY(5000px)"');
    await ticks(300);
    await hang();
    await ticks(1_200);
    expect(offers()).to.deep.equal([]);
  });

  it('goes there without the gateway when that is lost together with its relay, and says so to the next one', async () => {
    await watch();
    gateway.tell({ ...STANDBY, whep_url: whepAt('cam_001', 'relay-2'), relay_token: 'pass-there' });
    await gateway.stop();
    const from = await hang();
    await moving(from);
    const { presented, moves } = await seenOn(page);
    figure('relay hangs, gateway away, key frame every 0.5 s: gap', longestGapMs(presented, from));
    expect(longestGapMs(presented, from)).to.be.lessThan(2_000);
    expect(moves).to.have.length(1);
    const items = (await relays['relay-2']?.api('GET', '/v3/webrtcsessions/list'))?.items ?? [];
    await gateway.start();
    await until('the gateway to be told', () => gateway.said.some(({ type, gap_ms }) => type === 'playing' && gap_ms));
    const [opened, playing] = ['opened', 'playing'].map((one) => gateway.said.findLast(({ type }) => type === one));
    expect(items.map(({ id }: { id: string }) => id)).to.include(opened.relay_session);
    expect(opened).to.include({ type: 'opened', leg: playing.leg, relay: 'relay-2' });
    expect(gateway.said.findLast(({ type }) => type === 'hello')).to.include({ leg: opened.leg });
    await until('the old leg to be closed', () =>
      gateway.said.some(({ type, leg }) => type === 'close' && leg === 'a'),
    );
    expect(offers(), 'nothing was left to ask for').to.deep.equal([]);
  });

  it('goes there without a gateway that hears it and does not answer', async () => {
    await watch();
    gateway.tell({ ...STANDBY, whep_url: whepAt('cam_001', 'relay-2'), relay_token: 'pass-there' });
    gateway.mute = true;
    const from = await hang();
    await moving(from);
    expect(longestGapMs((await seenOn(page)).presented, from)).to.be.within(1_200, 3_000);
    gateway.mute = false;
  });

  it('comes back to the picture when its network goes away in the middle of a move, and another is there', async () => {
    const ways: UdpWay[] = [];
    /** Media goes by ways of the test; the relays know no other, since candidates of the page are not handed on. */
    const openWays = async () => {
      const ports = await Promise.all(
        Object.values(relays).map(async ({ ports: { webrtcUdp } }) => {
          const way = await openUdpWay(webrtcUdp);
          ways.push(way);
          return [webrtcUdp, way.port] as const;
        }),
      );
      gateway.answerAs = (sdp) =>
        ports.reduce((text, [from, to]) => text.replaceAll(` 127.0.0.1 ${from} `, ` 127.0.0.1 ${to} `), sdp);
    };
    try {
      await openWays();
      await watch();
      expect(
        ways.reduce((sum, way) => sum + way.passed(), 0),
        'the picture comes on them',
      ).to.be.greaterThan(10);
      gateway.tell({ type: 'move', leg: 'b', relay: 'relay-2', reason: 'draining', why: 'its relay is drained' });
      await until('the move to have begun', () => offers().some(({ leg }) => leg === 'b'));
      const admissions = gateway.admissions();
      const from = (await page.evaluate('performance.now()')) as number;
      for (const way of ways) way.cut();
      await gateway.stop(); // its sockets went with the network
      await until('the picture to stand', async () => (await seenOn(page)).states.at(-1)?.name !== 'playing');
      await openWays();
      await gateway.start();
      await moving(from);
      await until('the player to say so', async () => (await seenOn(page)).states.at(-1)?.name === 'playing');
      const { presented } = await seenOn(page);
      figure('network goes away in a move, another is there: longest gap', longestGapMs(presented, from));
      expect(gateway.admissions(), 'the same session').to.equal(admissions);
    } finally {
      gateway.answerAs = (sdp) => sdp;
      for (const way of ways) way.cut();
    }
  });

  it('comes back to the picture when its gateway goes away in the middle of a move', async () => {
    await watch();
    await gateway.stop();
    const from = await hang();
    await until('the picture to stand', async () => (await seenOn(page)).states.at(-1)?.name === 'stalled');
    await gateway.start();
    await moving(from);
    expect(offers().at(-1)).to.include({ relay: 'relay-2' });
    expect((await seenOn(page)).moves.at(-1)).to.include({ relay: 'relay-2' });
  });

  it('grants a camera of five frames a second its pauses', async () => {
    await Promise.all(cameras.map((camera) => camera.stop()));
    await show({ fps: 5 });
    await watch();
    await ticks(3_000);
    expect(offers()).to.deep.equal([]);
    expect((await seenOn(page)).states.map(({ name }) => name)).to.not.include('stalled');
  });

  it('goes there sooner when the gateway doubts its relay, too', async () => {
    await Promise.all(cameras.map((camera) => camera.stop()));
    await show({ fps: 2 });
    await watch();
    gateway.tell({ type: 'doubt', for_ms: 10_000 });
    const from = await hang();
    await moving(from);
    const [offer] = offers();
    expect(offer).to.include({ relay: 'relay-2' });
    expect(offer.silent_ms, 'after two of its frames, not four').to.be.within(900, 1_950);
  });
});
