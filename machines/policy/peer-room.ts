import type { Why } from '../../bus/events/why.ts';

/** What bounds the adaptive peers: each of them encodes for one viewer alone. */
export interface PeerBounds {
  /** So many at a time. */
  peers: number;
  /** Cores that they and their decoders may use together. */
  cores: number;
}

/** How full the process of the adaptive peers is. */
export interface PeerLoad {
  peers: number;
  /** Cores that were used lately, on average. */
  cores: number;
  /** Peers that began so short a time ago that the average does not show them yet. */
  fresh: number;
}

/** What a peer may cost: a 360p picture at 25 to 30 frames a second, and its share of a decoder. */
export const PEER_CORES = 0.15;

/** Whether one more adaptive peer may begin, and why or why not. */
export function roomForPeer(load: PeerLoad, bounds: PeerBounds): { room: boolean; why: Why } {
  const cores = Math.round((load.cores + load.fresh * PEER_CORES) * 100) / 100;
  const guard = { peers: load.peers, most_peers: bounds.peers, cores, most_cores: bounds.cores };
  const no = (reason: string, text: string) => ({ room: false, why: { trigger: 'peer-room', reason, text, guard } });
  if (load.peers >= bounds.peers) return no('full', `all ${bounds.peers} adaptive peers are taken`);
  if (cores + PEER_CORES > bounds.cores) {
    return no('busy', `adaptive peers use ${cores} of the ${bounds.cores} cores that they may: one more would not fit`);
  }
  return { room: true, why: { trigger: 'peer-room', text: `${load.peers} of ${bounds.peers} peers are taken`, guard } };
}
