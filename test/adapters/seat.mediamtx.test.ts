import { expect } from 'chai';
import { RelayAway } from '../../adapters/mediamtx/exchange.ts';
import type { Mediamtx, RelaySession, SessionKind } from '../../adapters/mediamtx.ts';
import { seatMediamtx } from '../../adapters/seat.mediamtx.ts';
import type { SeatReport } from '../../machines/slots.ts';
import { until } from '../fixtures/process.ts';

/** A relay whose session list takes its time. */
function fakeRelay(lookMs = 0) {
  const sessions: RelaySession[] = [];
  const relay = { looks: 0, kicked: [] as string[], away: false, sessions };
  const api = {
    relay: 'relay-1',
    async sessions(kind: SessionKind) {
      if (kind !== 'webrtcsessions') return [];
      relay.looks++;
      await new Promise((resolve) => setTimeout(resolve, lookMs));
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
  const connect = (user: string, id: string) =>
    sessions.push({
      ...{
        id,
        user,
        state: 'read',
        path: 'cam_001',
        inboundBytes: 0,
        outboundBytes: 0,
        peerConnectionEstablished: true,
      },
      ...{ created: '2026-01-01T00:00:00Z', remoteAddr: '127.0.0.1:9' },
    });
  return { relay, slot: seatMediamtx(() => api), connect };
}

const seat = (session: string, tokenLifeMs = 1000) => ({ session, relay: 'relay-1', tokenLifeMs });
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

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
});
