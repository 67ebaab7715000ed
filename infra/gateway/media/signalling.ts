import type { Logger } from 'pino';
import { isDeparture } from '../../../adapters/departures.switcher.ts';
import type { Gate } from '../../../adapters/gate.jsonwebtoken.ts';
import { RelayRefused } from '../../../adapters/mediamtx.ts';
import { type AdaptivePeers, adaptivePeers } from '../../../adapters/peer.wrtc.ts';
import { pullWith } from '../../../adapters/provision.mediamtx.ts';
import { whepMediamtx } from '../../../adapters/whep.mediamtx.ts';
import type { SeatReport } from '../../../machines/slots.ts';
import type { Adaptive, Whep, Whip } from '../../http/services.ts';
import { type AdaptiveParts, withAdaptive } from './adaptive.ts';
import type { RelayClients } from './relay-clients.ts';
import type { RelayReach } from './relay-reach.ts';

/** What the signalling of WebRTC needs. */
export interface SignallingParts extends Pick<AdaptiveParts, 'bounds' | 'reach' | 'programAt'> {
  /** The socket of the process of the adaptive peers. */
  socket: string;
  /** No other host has one. */
  isOnly: boolean;
  reaches: ReadonlyMap<string, RelayReach>;
  gate: Pick<Gate, 'mintRelay'>;
  clients: RelayClients;
  /** Sessions, wherever their cells live. */
  sessions: { isOver(session: string): boolean; tell(session: string, event: SeatReport): void };
  log: Logger;
}

/** How browsers come to watch and to publish: WHEP and WHIP at the relays, and at the adaptive peers beside them. */
export interface Signalling {
  whep: Whep;
  whip: Whip;
  adaptive: Adaptive;
  /** Where viewers of the adaptive peers sit. */
  seat: AdaptivePeers['seat'];
  close(): void;
}

/** A relay that pulls a departure path does so at once, and never again. */
const PULL_TOKEN_S = 60;

/** Opens it. */
export function openSignalling({
  socket,
  isOnly,
  reaches,
  gate,
  clients,
  sessions,
  log,
  ...fitting
}: SignallingParts): Signalling {
  const peers = adaptivePeers({
    ...{ socket, isOnly },
    onElsewhere: sessions.tell,
    isOver: sessions.isOver,
    onStep: (peer, camera, { text }) =>
      log.debug({ peer, camera, why: text }, 'an adaptive peer sends another picture'),
  });
  const signals = whepMediamtx((relay) => reaches.get(relay)?.whep);
  const pulls = (relay: string, path: string) => reaches.get(relay)?.pull !== undefined && isDeparture(path);
  const tokenFor = (path: string) => gate.mintRelay('switcher', [{ action: 'read', path }], PULL_TOKEN_S);
  const heard = (relay: string, session: string) => clients.api(relay).session('webrtcsessions', session);
  const { whep, adaptive } = withAdaptive({
    ...fitting,
    peers,
    whep: {
      ...signals,
      open: (relay, path, sdp, relayToken, query) =>
        signals.open(relay, path, sdp, relayToken, pulls(relay, path) ? pullWith(query, tokenFor(path)) : query),
      isConnected: async (relay, relaySession) => (await heard(relay, relaySession)).peerConnectionEstablished === true,
      isOf: async (relay, relaySession, session) => (await heard(relay, relaySession)).user === session,
      async heardBytes(relay, relaySession) {
        try {
          return (await heard(relay, relaySession)).inboundBytes;
        } catch (error) {
          if (error instanceof RelayRefused && error.status === 404) return 0;
          throw error;
        }
      },
      cut: async (relay, relaySession) => void (await clients.api(relay).kick('webrtcsessions', relaySession)),
    },
  });
  return {
    whep,
    adaptive,
    whip: {
      async open({ relay, path }, sdp, relayToken) {
        const { answer, resource } = await signals.open(relay, path, sdp, relayToken, '', 'whip');
        return { answer, publication: resource.split('/').at(-1) ?? '' };
      },
      trickle: ({ relay, path }, publication, fragment, ifMatch) =>
        signals.trickle(signals.published(relay, path, publication), fragment, ifMatch),
      close: ({ relay, path }, publication) => signals.close(signals.published(relay, path, publication)),
      isTaken: async ({ relay, path }) => (await clients.api(relay).path(path)).source !== null,
    },
    seat: peers.seat,
    close: peers.end,
  };
}
