import { takesVp8 } from '../../adapters/peer.wrtc/sdp.ts';
import { type AdaptivePeers, isPeer, type Opening, PeerRefused } from '../../adapters/peer.wrtc.ts';
import { newId } from '../../bus/identity.ts';
import { roomForPeer } from '../../machines/policy/peer-room.ts';
import type { KnownSession, SeatReport } from '../../machines/slots.ts';

/** Adaptive peers without a process: connected when a test says so. */
export interface FakePeers extends AdaptivePeers {
  opened: (Opening & { peer: string })[];
  trickled: { peer: string; fragment: string }[];
  /** The viewer has taken the answer. */
  connect(peer: string): void;
  /** What congestion control shall believe of everybody's network. */
  estimate(kbps: number): void;
  /** Its process is gone. */
  kill(): void;
  /** Another process is there. */
  start(): void;
}

const ANSWER = ['v=0', 'm=video 9 UDP/TLS/RTP/SAVPF 96', 'a=rtpmap:96 VP8/90000', 'a=sendonly', ''].join('\r\n');

/** Makes them. */
export function fakePeers(): FakePeers {
  const seats = new Map<string, (event: SeatReport) => void>();
  const held = new Map<string, Opening>();
  const connected = new Set<string>();
  let instance: string | undefined = newId('instance');
  let kbps: number | undefined;
  const end = (peer: string) => {
    const opening = held.get(peer);
    held.delete(peer);
    if (!connected.delete(peer) || !opening) return;
    seats.get(opening.session)?.({ type: 'seat.left', relay: opening.relay, relay_session: peer });
  };
  const peers: FakePeers = {
    opened: [],
    trickled: [],
    instance: () => instance,
    load: () => (instance === undefined ? undefined : { peers: held.size, cores: 0, fresh: 0 }),
    async open(opening) {
      if (instance === undefined) throw new PeerRefused('peer-away', 'no process');
      if (!takesVp8(opening.sdp)) throw new PeerRefused('bad-offer', 'no VP8');
      const { room, why } = roomForPeer({ peers: held.size, cores: 0, fresh: 0 }, opening.bounds);
      if (!room) throw new PeerRefused(why.reason === 'busy' ? 'busy' : 'full', why.text);
      const peer = newId('peer');
      held.set(peer, opening);
      peers.opened.push({ ...opening, peer });
      return { answer: ANSWER, peer };
    },
    trickle: (peer, fragment) => void peers.trickled.push({ peer, fragment }),
    close: end,
    isConnected: (peer) => connected.has(peer),
    estimateKbps: (peer) => (connected.has(peer) ? kbps : undefined),
    seat({ session, known = [] }, report) {
      seats.set(session, report);
      const isGone = ({ relaySession }: KnownSession) => isPeer(relaySession) && !held.has(relaySession);
      queueMicrotask(() => {
        for (const { relay, relaySession } of known.filter(isGone)) {
          report({ type: 'seat.left', relay, relay_session: relaySession });
        }
      });
      return {
        release() {
          if (seats.get(session) !== report) return;
          seats.delete(session);
          for (const [peer, opening] of held) if (opening.session === session) end(peer);
        },
        detach: () => void seats.delete(session),
      };
    },
    end() {},
    connect(peer) {
      const opening = held.get(peer);
      if (!opening) throw new Error(`${peer} is not open`);
      connected.add(peer);
      seats.get(opening.session)?.({ type: 'seat.taken', relay: opening.relay, relay_session: peer });
    },
    estimate(next) {
      kbps = next;
    },
    kill() {
      instance = undefined;
    },
    start() {
      instance = newId('instance');
      for (const peer of [...held.keys()]) end(peer);
    },
  };
  return peers;
}
