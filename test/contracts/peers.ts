import { expect } from 'chai';
import { type AdaptivePeers, isPeer, type Opening, PeerRefused } from '../../adapters/peer.wrtc.ts';
import type { SeatReport } from '../../machines/slots.ts';
import { until } from '../fixtures/process.ts';

/** A viewer's browser, as far as an adaptive peer sees it. */
export interface PeerViewer {
  offer: string;
  /** Takes the answer; media flows soon after. */
  accept(answer: string, peer: string): Promise<void>;
  leave(): Promise<void>;
}

/** Adaptive peers, and what a test does to them. */
export interface PeersUnderTest {
  peers: AdaptivePeers;
  opening(session: string, offer: string): Opening;
  viewer(codec?: 'H264' | 'VP8'): Promise<PeerViewer>;
  /** Kills their process, which is started again. */
  restart(): Promise<void>;
}

const refusalOf = async (opening: Promise<unknown>): Promise<string> => {
  const error = await opening.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).to.be.instanceOf(PeerRefused);
  return (error as PeerRefused).reason;
};

/** What all adaptive peers promise. @param given the ones under test, which are closed by whoever made them */
export function peersContract(given: () => PeersUnderTest): void {
  let sessions = 0;
  const opened: string[] = [];
  const freshSession = () => `ses_${++sessions}`;
  /** Somebody who watches; `heard` is what is told of them. */
  const watch = async (session = freshSession(), bounds = { peers: 4, cores: 8 }) => {
    const { peers, opening, viewer } = given();
    const heard: SeatReport[] = [];
    const seat = peers.seat({ session, relay: 'relay-1', tokenLifeMs: 1_000 }, (event) => heard.push(event));
    const browser = await viewer();
    const { answer, peer } = await peers.open({ ...opening(session, browser.offer), bounds });
    opened.push(peer);
    await browser.accept(answer, peer);
    await until('media to flow', () => heard.some(({ type }) => type === 'seat.taken'), 15_000);
    return { session, peer, answer, heard, seat, browser };
  };
  const isGone = (peer: string) => until('the peer to be gone', () => !given().peers.isConnected(peer), 5_000);

  afterEach(async () => {
    for (const peer of opened.splice(0)) {
      given().peers.close(peer);
      await isGone(peer);
    }
  });

  it('answer an offer with VP8 that is only sent, and tell when media flows and when it ends', async () => {
    const { peer, answer, heard, browser } = await watch();
    expect(isPeer(peer)).to.equal(true);
    expect(answer)
      .to.match(/^a=rtpmap:\d+ VP8\/90000/m)
      .and.match(/^a=sendonly/m);
    expect(answer).not.to.match(/H264/);
    expect(heard).to.deep.equal([{ type: 'seat.taken', relay: 'relay-1', relay_session: peer }]);
    expect(given().peers.isConnected(peer)).to.equal(true);
    given().peers.close(peer);
    await until('the end to be told', () => heard.length === 2, 5_000);
    expect(heard.at(-1)).to.deep.equal({ type: 'seat.left', relay: 'relay-1', relay_session: peer });
    await browser.leave();
  });

  it('refuse whoever is one too many, and take the next when somebody left', async () => {
    const bounds = { peers: 1, cores: 8 };
    const { peer } = await watch(freshSession(), bounds);
    const { peers, opening, viewer } = given();
    const late = await viewer();
    const attempt = () => peers.open({ ...opening(freshSession(), late.offer), bounds });
    expect(await refusalOf(attempt())).to.equal('full');
    peers.close(peer);
    await isGone(peer);
    const { peer: next } = await attempt();
    opened.push(next);
    await late.leave();
  });

  it('refuse where the processor has no more to give', async () => {
    const { peers, opening, viewer } = given();
    const browser = await viewer();
    const attempt = peers.open({ ...opening(freshSession(), browser.offer), bounds: { peers: 4, cores: 0.1 } });
    expect(await refusalOf(attempt)).to.equal('busy');
    await browser.leave();
  });

  it('refuse an offer that takes no VP8', async () => {
    const { peers, opening, viewer } = given();
    const browser = await viewer('H264');
    expect(await refusalOf(peers.open(opening(freshSession(), browser.offer)))).to.equal('bad-offer');
    await browser.leave();
  });

  it('end with the session, whatever it had', async () => {
    const one = await watch();
    const other = await watch(one.session);
    one.seat.release(); // another holds the session's seat by now
    expect(given().peers.isConnected(one.peer)).to.equal(true);
    other.seat.release();
    await isGone(one.peer);
    await isGone(other.peer);
    await Promise.all([one.browser.leave(), other.browser.leave()]);
  });

  it('are compared with what a former gateway knew of a session: those that are gone are told, the others are not', async () => {
    const { session, peer, seat, browser } = await watch();
    const { peers } = given();
    seat.detach?.();
    const heard: SeatReport[] = [];
    const known = [peer, 'peer_gone', 'relay_session'].map((relaySession) => ({ relaySession, taken: true }));
    const again = peers.seat(
      {
        ...{ session, relay: 'relay-1', tokenLifeMs: 1_000 },
        known: known.map((one) => ({ ...one, relay: 'relay-1' })),
      },
      (event) => heard.push(event),
    );
    await until('the one that is gone', () => heard.length, 5_000);
    expect(heard).to.deep.equal([{ type: 'seat.left', relay: 'relay-1', relay_session: 'peer_gone' }]);
    peers.close(peer);
    await until('the end of the other', () => heard.length === 2, 5_000);
    expect(heard[1]).to.deep.equal({ type: 'seat.left', relay: 'relay-1', relay_session: peer });
    again.release();
    await browser.leave();
  });

  it('are another instance after their process was killed, which has none of them', async () => {
    const { peer, heard, browser } = await watch();
    const { peers, opening, restart } = given();
    const before = peers.instance();
    expect(before).to.be.a('string');
    const restarted = restart();
    await until('the loss to be known', () => peers.instance() !== before, 5_000);
    if (peers.instance() === undefined) {
      expect(await refusalOf(peers.open(opening(freshSession(), browser.offer)))).to.equal('peer-away');
    }
    await restarted;
    await until('another instance', () => ![undefined, before].includes(peers.instance()), 15_000);
    await until('the end to be told', () => heard.some(({ type }) => type === 'seat.left'), 5_000);
    expect(peers.isConnected(peer)).to.equal(false);
    await browser.leave();
  });
}
