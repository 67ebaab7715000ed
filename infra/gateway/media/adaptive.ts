import type { Reach } from '../../../adapters/peer.wrtc/sdp.ts';
import { type AdaptivePeers, isPeer } from '../../../adapters/peer.wrtc.ts';
import { type PeerBounds, roomForPeer } from '../../../machines/policy/peer-room.ts';
import { adaptiveOf } from '../../http/rungs.ts';
import type { Adaptive, Whep } from '../../http/services.ts';

/** What fits the adaptive peers to this group. */
export interface AdaptiveParts {
  peers: AdaptivePeers;
  /** Signalling with the relays. */
  whep: Whep;
  /** As the configuration stands now. */
  bounds(): PeerBounds;
  reach(): Reach;
  /** Where a camera's program is read at a relay, with a fresh token. */
  programAt(relay: string, camera: string): string;
}

const RESOURCE = 'peer:';

/**
 * Signalling in which a camera's adaptive rung is one more path of each delivery relay: what is opened there is a peer
 * that reads the camera's program at that relay, and is trickled, closed and looked after like everything else.
 */
export function withAdaptive({ peers, whep, bounds, reach, programAt }: AdaptiveParts): {
  whep: Whep;
  adaptive: Adaptive;
} {
  const peerOf = (resource: string): string | undefined =>
    resource.startsWith(RESOURCE) ? resource.slice(RESOURCE.length) : undefined;
  return {
    whep: {
      async open(relay, path, sdp, relayToken, query, session) {
        const camera = adaptiveOf(path);
        if (camera === undefined) return whep.open(relay, path, sdp, relayToken, query, session);
        const url = programAt(relay, camera);
        const opening = { session, camera, relay, url, sdp, bounds: bounds(), reach: reach() };
        const { answer, peer } = await peers.open(opening);
        return { answer, relaySession: peer, resource: `${RESOURCE}${peer}` };
      },
      async trickle(resource, fragment, ifMatch) {
        const peer = peerOf(resource);
        if (peer === undefined) return whep.trickle(resource, fragment, ifMatch);
        peers.trickle(peer, fragment);
        return undefined;
      },
      async close(resource) {
        const peer = peerOf(resource);
        if (peer === undefined) return whep.close(resource);
        peers.close(peer);
      },
      async isConnected(relay, relaySession) {
        return isPeer(relaySession) ? peers.isConnected(relaySession) : whep.isConnected(relay, relaySession);
      },
      isOf: whep.isOf,
      // A peer that hears nothing more of its reader ends by itself.
      heardBytes: async (relay, relaySession) =>
        isPeer(relaySession) ? undefined : whep.heardBytes(relay, relaySession),
      cut: async (relay, relaySession) =>
        isPeer(relaySession) ? peers.close(relaySession) : whep.cut(relay, relaySession),
    },
    adaptive: {
      isOffered: () => bounds().peers > 0,
      instance: peers.instance,
      load: peers.load,
      room() {
        const load = peers.load();
        if (load) return roomForPeer(load, bounds());
        const text = 'the process of the adaptive peers is not there just now';
        return { room: false, why: { trigger: 'peer-room', reason: 'peer-away', text } };
      },
      estimateKbps: peers.estimateKbps,
    },
  };
}
