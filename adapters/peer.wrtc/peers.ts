import type { LinkMessage } from '../../bus/carriers/link.ts';
import { ShapeError } from '../../bus/shape.ts';
import { roomForPeer } from '../../machines/policy/peer-room.ts';
import { createDecoder, type Decoder } from './decoder.ts';
import { measureLoad } from './load.ts';
import { openPeer, type Peer } from './peer.ts';
import { takesVp8 } from './sdp.ts';
import {
  type CloseOrder,
  closeOrder,
  type LeaveOrder,
  leaveOrder,
  type OpenOrder,
  openOrder,
  type PeerTold,
  type Told,
  type TrickleOrder,
  trickleOrder,
} from './talk.ts';

/** Every peer of this process, and the decoders that they share. */
export interface Peers {
  /** Obeys an order; what can't be obeyed is refused to `answer`, whoever gave it. */
  hear(message: LinkMessage, answer: (message: Told) => void): void;
  /** The peers through which media flows. */
  seated(): PeerTold[];
  /** How full it is now. */
  load(): Extract<Told, { type: 'load' }>;
  close(): void;
}

interface Seat extends PeerTold {
  peer: string;
  connection: Peer;
  decoder: Decoder;
  openedAtMs: number;
  connected: boolean;
}

/** What a peer costs shows in the average after about this long. */
const FRESH_MS = 5_000;

/**
 * Opens the place where peers live in this process.
 * @param tell every gateway that listens
 * @param remark for the log
 */
export function openPeers(ffmpeg: string, tell: (message: Told) => void, remark: (line: string) => void): Peers {
  const seats = new Map<string, Seat>();
  const decoders = new Map<string, Decoder>();
  let goneMs = 0;
  const meter = measureLoad(() => goneMs + [...decoders.values()].reduce((sum, one) => sum + one.cpuMs(), 0));

  const fresh = () => [...seats.values()].filter(({ openedAtMs }) => performance.now() - openedAtMs < FRESH_MS).length;
  const decoderFor = ({ camera, relay }: OpenOrder): Decoder => {
    const key = `${camera}@${relay}`;
    const known = decoders.get(key) ?? createDecoder(ffmpeg, (detail) => remark(`${key}: ${detail}`));
    decoders.set(key, known);
    return known;
  };
  const sweep = () => {
    for (const [key, decoder] of decoders) {
      if (!decoder.isIdle()) continue;
      goneMs += decoder.cpuMs();
      decoders.delete(key);
    }
  };
  const end = (peer: string, reason: string) => {
    const seat = seats.get(peer);
    if (!seat) return;
    seats.delete(peer);
    seat.decoder.leave(seat.connection);
    seat.connection.close();
    sweep();
    const { session, relay, connected } = seat;
    if (connected) tell({ type: 'left', peer, session, relay, reason });
  };

  const open = async (order: OpenOrder, answer: (message: Told) => void): Promise<void> => {
    const { peer, session, relay, sdp, bounds, reach, url } = order;
    const refuse = (reason: Extract<Told, { type: 'refused' }>['reason'], text: string) =>
      answer({ type: 'refused', peer, reason, text });
    if (!takesVp8(sdp)) return refuse('bad-offer', 'the offer takes no VP8, which is all that an adaptive peer sends');
    const { room, why } = roomForPeer({ peers: seats.size, cores: meter.cores(), fresh: fresh() }, bounds);
    if (!room) return refuse(why.reason === 'busy' ? 'busy' : 'full', why.text);
    const connection = openPeer(sdp, reach, {
      connected() {
        const seat = seats.get(peer);
        if (!seat) return;
        seat.connected = true;
        tell({ type: 'taken', peer, session, relay });
      },
      ended: (reason) => end(peer, reason),
      stepped: ({ text, guard }) =>
        tell({ type: 'stepped', peer, camera: order.camera, why: { text, ...(guard ? { guard } : {}) } }),
    });
    const decoder = decoderFor(order);
    seats.set(peer, { peer, session, relay, connection, decoder, openedAtMs: performance.now(), connected: false });
    decoder.join(connection, url);
    try {
      answer({ type: 'answered', peer, sdp: await connection.answer() });
    } catch (error) {
      end(peer, 'bad-offer');
      refuse('bad-offer', `the offer can't be answered: ${(error as Error).message}`);
    }
  };
  const leave = (session: string) => {
    for (const seat of [...seats.values()]) if (seat.session === session) end(seat.peer, 'session-over');
  };

  return {
    hear(message, answer) {
      try {
        const order = orderOf(message);
        if (order.type === 'open') void open(order, answer);
        else if (order.type === 'trickle') seats.get(order.peer)?.connection.trickle(order.fragment);
        else if (order.type === 'close') end(order.peer, 'closed');
        else leave(order.session);
      } catch (error) {
        if (!(error instanceof ShapeError)) throw error;
        answer({ type: 'refused', peer: String(message.peer), reason: 'order', text: error.message });
      }
    },
    seated: () =>
      [...seats.values()]
        .filter(({ connected }) => connected)
        .map(({ peer, session, relay }) => ({ peer, session, relay })),
    load: () => ({
      type: 'load',
      peers: seats.size,
      cores: Math.round(meter.take() * 1000) / 1000,
      fresh: fresh(),
      estimates: [...seats.values()].map(({ peer, connection }) => ({ peer, kbps: connection.estimateKbps() })),
    }),
    close() {
      for (const peer of [...seats.keys()]) end(peer, 'closed');
    },
  };
}

/** @throws ShapeError */
function orderOf(message: LinkMessage): OpenOrder | TrickleOrder | CloseOrder | LeaveOrder {
  if (message.type === 'trickle') return trickleOrder.parse(message);
  if (message.type === 'close') return closeOrder.parse(message);
  return message.type === 'leave' ? leaveOrder.parse(message) : openOrder.parse(message);
}
