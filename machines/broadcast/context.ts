import type { BroadcastHeard, BroadcastState } from '../../bus/events/broadcast.ts';
import type { Stamped } from '../../bus/events/stamp.ts';
import type { Why } from '../../bus/events/why.ts';

/** What a broadcast cell knows: plain JSON, journalled whole. */
export interface BroadcastContext {
  id: string;
  state: BroadcastState | 'new';
  since: number;
  why: Why;
  camera: string;
  zone: string;
  destination: string;
  /** Address of the destination, without its stream key. */
  to: string;
  /** The relay that pushes. */
  relay: string;
  by: string;
  by_name?: string;
  /** False while the camera's picture is lost: what is on air is the slate then, and no success. */
  picture: boolean;
  /** An encoder makes what the destination asks for. */
  encoded: boolean;
  /** Failures in a row. */
  attempts: number;
  /** Epoch ms since when nothing arrives that did before. */
  lostAt?: number;
  deadline: number;
}

/** Durations of the broadcast machine, in ms. */
export const BROADCAST_TIMES = {
  /** A destination that takes nothing for this long after the push began is tried anew. */
  connectWithinMs: 10_000,
  /** The same where an encoder has to begin first. */
  encodeWithinMs: 15_000,
  /** Bytes that stand for this long have ceased to arrive. */
  silentMs: 2_000,
  firstRetryMs: 250,
  /** A destination that is back shall be on air within two seconds. */
  longestRetryMs: 1_000,
  /** A destination that takes too little for this long is connected to anew: what waits for it is dropped. */
  lagMs: 20_000,
  /** A fault of the configuration is looked at again after this long. */
  failedMs: 30_000,
};

/** What a broadcast hears, with id and time. */
export type BroadcastEvent = Stamped<BroadcastHeard>;
/** A broadcast's fact as the machine emits it; the cell stamps it. */
export interface BroadcastSaid {
  type: `broadcast.${string}`;
  data: Record<string, unknown>;
}
