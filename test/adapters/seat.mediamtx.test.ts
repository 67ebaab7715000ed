import { expect } from 'chai';
import { RelayAway } from '../../adapters/mediamtx/exchange.ts';
import type { Mediamtx, RelaySession, SessionKind } from '../../adapters/mediamtx.ts';
import { seatEverywhere, seatMediamtx } from '../../adapters/seat.mediamtx.ts';
import type { KnownSession, SeatReport } from '../../machines/slots.ts';
import { until } from '../fixtures/process.ts';

/** A relay whose session list takes its time. */
function fakeRelay(lookMs = 0, name = 'relay-1') {
  const sessions: RelaySession[] = [];
  const relay = { looks: 0, kicked: [] as string[], away: false, lookMs, sessions };
  const api = {
    relay: name,
    async sessions(kind: SessionKind) {
      if (kind !== 'webrtcsessions') return [];
      relay.looks++;
      await pause(relay.lookMs);
      if (relay.away) throw new RelayAway('relay relay-1 is away');
      return [...sessions];
    },
    async kick(_kind: SessionKind, id: string) {
      relay.kicked.push(id);
      const place = sessions.findIndex((session) => session.id === id);
      if (place >= 0) sessions.splice(place, 1);
      return place >= 0;
    },
  } as unknown as Mediamtx;
  const connect = (user: string, id: string, peerConnectionEstablished = true): RelaySession => {
    const session = {
      ...{ id, user, state: 'read', path: 'cam_001', inboundBytes: 0, outboundBytes: 0, peerConnectionEstablished },
      ...{ created: '2026-01-01T00:00:00Z', remoteAddr: '127.0.0.1:9' },
    };
    sessions.push(session);
    return session;
  };
  return { relay, api, slot: seatMediamtx(() => api), connect };
}

const seat = (session: string, tokenLifeMs = 1000) => ({ session, relay: 'relay-1', tokenLifeMs });
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const told = (reports: readonly SeatReport[]) => reports.map(({ type, relay_session }) => `${type} ${relay_session}`);

describe('seats', () => {
  it('of a thousand viewers who come at once are looked for together, however long the list is', async () => {
    const { relay, slot } = fakeRelay(20);
    const held = Array.from({ length: 1000 }, (_, n) => slot(seat(`viewer_${n}`), () => {}));
    await pause(700);
    expect(relay.looks).to.be.within(1, 3);
    for (const one of held) one.release();
    const looks = relay.looks;
    await until('another look', () => relay.looks > looks);
    expect(relay.looks - looks).to.be.at.most(4);
  });

  it('that nobody holds cost nothing', async () => {
    const { relay, slot } = fakeRelay();
    const one = slot(seat('viewer_1', 0), () => {});
    await until('a look', () => relay.looks);
    one.release();
    await pause(100);
    const { looks } = relay;
    await pause(400);
    expect(relay.looks).to.equal(looks);
  });

  it('are still looked after when others came and went within one look', async () => {
    const { relay, slot, connect } = fakeRelay(50);
    slot(seat('viewer_1'), () => {}).detach?.();
    await until('a look', () => relay.looks);
    slot(seat('viewer_2'), () => {}).detach?.();
    await pause(300);
    const reports: SeatReport[] = [];
    const one = slot(seat('viewer_3', 0), (event) => reports.push(event));
    connect('viewer_3', 'a');
    await until('the seat to be taken', () => reports.length, 2_000);
    one.release();
  });

  it('are emptied at once on release, and of one who is just connecting a moment later', async () => {
    const { relay, slot, connect } = fakeRelay();
    const reports: SeatReport[] = [];
    const one = slot(seat('viewer_1'), (event) => reports.push(event));
    connect('viewer_1', 'a');
    connect('viewer_2', 'z');
    await until('the seat to be taken', () => reports.length);
    connect('viewer_1', 'b');
    one.release();
    expect(relay.kicked).to.deep.equal(['a']);
    await until('the other', () => relay.kicked.includes('b'), 200);
    expect(relay.sessions.map(({ user }) => user)).to.deep.equal(['viewer_2']);
  });

  it('stay barred for as long as a token may be valid, and no longer', async () => {
    const { relay, slot, connect } = fakeRelay();
    slot(seat('viewer_1', 1200), () => {}).release();
    await pause(300);
    connect('viewer_1', 'a');
    await until('the returned one to be ended', () => relay.kicked.includes('a'), 1200);
    await pause(1500);
    connect('viewer_1', 'b');
    await pause(300);
    expect(relay.kicked).to.deep.equal(['a']);
  });

  it('are not called left while the relay does not answer', async () => {
    const { relay, slot, connect } = fakeRelay();
    const reports: SeatReport[] = [];
    const one = slot(seat('viewer_1', 0), (event) => reports.push(event));
    connect('viewer_1', 'a');
    await until('the seat to be taken', () => reports.length);
    relay.away = true;
    const { looks } = relay;
    await until('looks in vain', () => relay.looks > looks, 3000);
    relay.away = false;
    relay.sessions.length = 0;
    await until('the seat to be left', () => reports.length === 2, 3000);
    expect(reports.map(({ type }) => type)).to.deep.equal(['seat.taken', 'seat.left']);
    one.release();
  });

  it('hide nobody who leaves behind one look that was slow', async () => {
    const { relay, slot, connect } = fakeRelay(1_000);
    const reports: SeatReport[] = [];
    const one = slot(seat('viewer_1', 0), (event) => reports.push(event));
    connect('viewer_1', 'a');
    await until('the seat to be taken', () => reports.length, 3_000);
    relay.lookMs = 0;
    relay.sessions.length = 0;
    await until('the seat to be left', () => reports.length === 2, 4_000);
    one.release();
  });
});

describe('a seat that is held anew, as by a gateway that is back', () => {
  const known = (...ids: string[]): KnownSession[] =>
    ids.map((relaySession) => ({ relay: 'relay-1', relaySession, taken: true }));

  it('tells of what left meanwhile, and of nobody who stayed', async () => {
    const { relay, slot, connect } = fakeRelay();
    const reports: SeatReport[] = [];
    connect('viewer_1', 'stayed');
    connect('viewer_1', 'came');
    connect('viewer_2', 'z');
    const held = { ...seat('viewer_1'), known: known('stayed', 'gone', 'z') };
    const one = slot(held, (event) => reports.push(event));
    await until('two more looks', () => relay.looks > 2);
    expect(told(reports)).to.deep.equal(['seat.taken came', 'seat.left gone', 'seat.left z']);
    relay.sessions.length = 0;
    await until('the others to leave', () => reports.length === 5, 3_000);
    expect(told(reports).slice(3)).to.have.members(['seat.left stayed', 'seat.left came']);
    one.release();
  });

  it('judges only by a list that was asked for since', async () => {
    const { relay, slot, connect } = fakeRelay(100);
    const other = slot(seat('viewer_2', 0), () => {});
    await until('a look on its way', () => relay.looks);
    const reports: SeatReport[] = [];
    const one = slot({ ...seat('viewer_1', 0), known: known('a', 'b') }, (event) => reports.push(event));
    // Lists that are answered from here on have it.
    connect('viewer_1', 'a');
    const answered = relay.looks;
    await until('the next list', () => relay.looks > answered, 3_000);
    expect(told(reports), 'by the former list').to.deep.equal([]);
    await until('what left', () => reports.length, 3_000);
    expect(told(reports)).to.deep.equal(['seat.left b']);
    for (const held of [one, other]) held.release();
  });

  it('waits for a relay that is away, and takes one that started anew at its word', async () => {
    const { relay, slot } = fakeRelay();
    relay.away = true;
    const reports: SeatReport[] = [];
    const one = slot({ ...seat('viewer_1', 0), known: known('a') }, (event) => reports.push(event));
    await until('looks in vain', () => relay.looks > 2, 3_000);
    expect(told(reports)).to.deep.equal([]);
    relay.away = false;
    await until('its answer', () => reports.length, 3_000);
    expect(told(reports)).to.deep.equal(['seat.left a']);
    one.release();
  });

  it('gives one that was being connected its time, and tells when it is', async () => {
    const { relay, slot, connect } = fakeRelay();
    const [opening, gone] = [connect('viewer_1', 'a', false), connect('viewer_1', 'b', false)];
    const reports: SeatReport[] = [];
    const unconnected = known('a', 'b').map((one) => ({ ...one, taken: false }));
    const one = slot({ ...seat('viewer_1', 0), known: unconnected }, (event) => reports.push(event));
    await until('two looks', () => relay.looks > 2, 3_000);
    expect(told(reports)).to.deep.equal([]);
    opening.peerConnectionEstablished = true;
    relay.sessions.splice(relay.sessions.indexOf(gone), 1);
    await until('both to be told', () => reports.length === 2, 3_000);
    expect(told(reports)).to.deep.equal(['seat.taken a', 'seat.left b']);
    one.release();
  });

  it('asks each relay for its own, and none for an adaptive peer', async () => {
    const [first, second] = [fakeRelay(0, 'relay-1'), fakeRelay(0, 'relay-2')];
    const slot = seatMediamtx((relay) => (relay === 'relay-1' ? first.api : second.api));
    const reports: SeatReport[] = [];
    first.connect('viewer_1', 'a');
    const elsewhere = known('b', 'peer_1').map((one) => ({ ...one, relay: 'relay-2' }));
    const held = seatEverywhere(['relay-1', 'relay-2'], slot)(
      { ...seat('viewer_1', 0), known: [...known('a'), ...elsewhere] },
      (event) => reports.push(event),
    );
    await until('looks at both', () => first.relay.looks > 2 && second.relay.looks > 2, 3_000);
    expect(reports).to.deep.equal([{ type: 'seat.left', relay: 'relay-2', relay_session: 'b' }]);
    held.release();
  });
});
