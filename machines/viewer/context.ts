import type { Stamped } from '../../bus/events/stamp.ts';
import type { MoveReason, RungReason, Subject, ViewerHeard, ViewerState } from '../../bus/events/viewer.ts';
import type { Why } from '../../bus/events/why.ts';
import type { Turn } from '../policy/adaptation.ts';

/** What a viewer session knows: plain JSON, journalled whole. No token, no SDP. */
export interface ViewerContext {
  id: string;
  state: ViewerState | 'new';
  since: number;
  why: Why;
  camera: string;
  zone: string;
  /** Undefined only before `viewer.requested`. */
  subject?: Subject;
  protocol: string;
  /** The rung on screen. */
  quality: string;
  /** Whether somebody chose it. */
  fixed: boolean;
  /** Whether it is made by the camera's ladder. */
  ladder: boolean;
  /** Whether its player takes H.265 over WebRTC; whoever does not is shown rungs alone where a camera sends that. */
  h265?: boolean;
  /** Its last moves between rungs. */
  turns: Turn[];
  /** The best rung that it may have while its relay has too little bandwidth, and the one that it had before. */
  ceiling?: { rung: string; from: string } | undefined;
  /** The relay that carries its picture. */
  relay: string;
  /** Where it goes when that one is lost; empty: nowhere yet. */
  standby: string;
  address: string;
  /** Epoch ms at which the entitlement ends. */
  expires_at: number;
  /** The player's peer connections, by leg: where each is seated, and on which path. */
  legs: Record<string, Seated>;
  /** The move that is under way. */
  move?: Move;
  first_frame_ms?: number;
  /** Epoch ms by which somebody must have connected, or a move must have ended. */
  deadline: number;
}

/** Where a leg is, and what it shows; the latter is unknown of what nobody told of. */
export interface Seated {
  relay: string;
  path: string;
  relay_session: string;
  quality?: string;
  ladder?: boolean;
}

/** A picture on its way from one relay, or from one rung, to another. */
export interface Move {
  reason: MoveReason | RungReason;
  /** The rung that it goes to; absent: only the relay changes. */
  rung?: { name: string; ladder: boolean; down: boolean };
  /** The leg that its player opens for it; absent when nobody could be told. */
  leg?: string;
  detect_ms: number;
  decide_ms: number;
  /** How the other relay was chosen. */
  placement?: Why;
  /** Of a move that has ended: from where, and how long the picture was away. */
  ended?: { from_relay: string; from_quality: string; recover_ms: number };
}

/** Durations of the viewer machine, in ms. */
export const VIEWER_TIMES = {
  /** A session that nobody connects to, or that nobody returns to, ends after this long. */
  connectMs: 30_000,
  /** Nobody is without a relay for longer: then the player is told to ask for a new session. */
  moveMs: 20_000,
  /** The longest a relay token of a session lives: after the end, returns are cut for this long. */
  relayTokenMs: 60_000,
};

/** Whether players are given an address that holds their token, which then lives as long as the session was meant to. */
export const isAddressed = (protocol: string): boolean => protocol === 'rtsp' || protocol === 'srt';

/** What the viewer machine hears. */
export type ViewerEvent = Stamped<ViewerHeard>;

/** A viewer's fact as the machine emits it; the cell stamps it. */
export interface ViewerSaid {
  type: `viewer.${string}`;
  data: Record<string, unknown>;
}
