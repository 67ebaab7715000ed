import type { Goal } from './legs.ts';
import type { Measured } from './measure.ts';
import type { WhepAt } from './resources.ts';

/** Where the player may go by itself, for `ttlMs` from now. */
export interface Standby {
  relay: string;
  /** The gateway lets it in there without deciding. */
  token: string;
  ttlMs: number;
  /** Where that relay lets it in itself; absent: it must ask the gateway. */
  direct?: WhepAt | undefined;
}

/** What a way of signalling tells the player. */
export interface SignallerHears {
  /** @param relay where it was opened: elsewhere than was asked for, where that one is gone */
  answer(leg: string, sdp: string, relay?: string): void;
  candidate(leg: string, candidate: RTCIceCandidateInit): void;
  /** This leg can't be had now. */
  refused(leg: string, text: string): void;
  /** Open this leg, swap at its first frame, close the present one. */
  move(leg: string, goal: Goal): void;
  /** Nothing else is heard of the relay of this picture, for so long to come: every measurement of it is wanted. */
  doubt(forMs: number): void;
  /** Where it may go; undefined: nowhere now. */
  standby(standby: Standby | undefined): void;
  cameraState(state: string, why: string): void;
  /** The session is over; `retry` tells whether a new one may be asked for. */
  end(reason: string, text: string, retry: boolean): void;
  /** Whether the gateway can be talked to. Media does not depend on it. */
  link(up: boolean): void;
}

/** A way to agree with the gateway on peer connections: WebSocket or WHEP. */
export interface Signaller {
  /** Whether anybody is there to be asked, as far as is known. */
  reaches(): boolean;
  /** @param goal where to, when it is not for the gateway to say */
  offer(leg: string, sdp: string, goal: Goal | undefined): void;
  /** A leg was opened at this relay itself; told as soon as somebody hears it. */
  opened(leg: string, relay: string, relaySession: string): void;
  candidate(leg: string, candidate: RTCIceCandidate): void;
  /** @param queueMs by how much a queue that grows has its picture late */
  stats(leg: string, measured: Measured, gapMs: number | undefined, queueMs: number | undefined): void;
  /** A leg is in front. @param gapMs since the last frame of the one before; @param silentMs why the player went */
  playing(leg: string, firstFrameMs: number, gapMs: number | undefined, silentMs: number | undefined): void;
  /** @param noRoom it was to prove that the network has room for it, and there was none */
  closeLeg(leg: string, noRoom?: boolean): void;
  /** Leaves: the gateway ends the session. */
  close(): void;
}
