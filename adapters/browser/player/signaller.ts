import type { Figures } from './statistics.ts';

/** What a way of signalling tells the player. */
export interface SignallerHears {
  answer(leg: string, sdp: string): void;
  candidate(leg: string, candidate: RTCIceCandidateInit): void;
  /** This leg can't be had now. */
  refused(leg: string, text: string): void;
  /** Open this leg, swap at its first frame, close the present one. */
  move(leg: string, why: string): void;
  cameraState(state: string, why: string): void;
  /** The session is over; `retry` tells whether a new one may be asked for. */
  end(reason: string, text: string, retry: boolean): void;
  /** Whether the gateway can be talked to. Media does not depend on it. */
  link(up: boolean): void;
}

/** A way to agree with the gateway on peer connections: WebSocket or WHEP. */
export interface Signaller {
  offer(leg: string, sdp: string): void;
  candidate(leg: string, candidate: RTCIceCandidate): void;
  stats(leg: string, figures: Figures, latencyMs: number | undefined, gapMs: number | undefined): void;
  playing(leg: string, firstFrameMs: number): void;
  closeLeg(leg: string): void;
  /** Leaves: the gateway ends the session. */
  close(): void;
}
