import type { Stamped } from '../../bus/events/stamp.ts';
import type { Subject, ViewerHeard } from '../../bus/events/viewer.ts';
import type { Why } from '../../bus/events/why.ts';

/** What a viewer session knows: plain JSON, journalled whole. No token, no SDP. */
export interface ViewerContext {
  id: string;
  state: string;
  since: number;
  why: Why;
  camera: string;
  zone: string;
  /** Undefined only before `viewer.requested`. */
  subject?: Subject;
  protocol: string;
  quality: string;
  relay: string;
  address: string;
  /** Epoch ms at which the entitlement ends. */
  expires_at: number;
  /** The player's peer connections, by leg: where each is seated. */
  legs: Record<string, { relay: string; relay_session: string }>;
  first_frame_ms?: number;
  /** Epoch ms by which somebody must have connected. */
  deadline: number;
}

/** Durations of the viewer machine, in ms. */
export const VIEWER_TIMES = {
  /** A session that nobody connects to, or that nobody returns to, ends after this long. */
  connectMs: 30_000,
  /** The longest a relay token of a session lives: after the end, returns are cut for this long. */
  relayTokenMs: 60_000,
};

/** What the viewer machine hears. */
export type ViewerEvent = Stamped<ViewerHeard>;

/** A viewer's fact as the machine emits it; the cell stamps it. */
export interface ViewerSaid {
  type: `viewer.${string}`;
  data: Record<string, unknown>;
}
