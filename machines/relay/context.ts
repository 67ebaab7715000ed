import type { Doer } from '../../bus/events/doer.ts';
import type { RelayHeard, RelayRole, RelayState } from '../../bus/events/relay.ts';
import type { Stamped } from '../../bus/events/stamp.ts';
import type { Why } from '../../bus/events/why.ts';

/** What a relay cell knows: plain JSON, journalled whole. */
export interface RelayContext {
  id: string;
  state: RelayState | 'new';
  since: number;
  why: Why;
  role: RelayRole;
  region: string;
  weight: number;
  /** Viewers it may carry at a time; undefined: as many as placement gives it. */
  max_readers?: number;
  /** It pulls programs on demand from one of these, the preferred one first; empty: from any. */
  pull?: string[];
  /** Of one that pulls: from which relay, since when and why from that; without a relay: there is none. */
  upstream?: { relay?: string; since: number; why: Why };
  /** When the process started that has, or is being given, its paths. */
  instance?: string;
  /** Whether its control API answers. */
  answers: boolean;
  /** What the pulse tells: whether packets go through it. */
  media: 'unknown' | 'flows' | 'silent';
  /** Set while it shall take no new viewers: who asked for that, since when, and whether its last one has left. */
  drain?: Doer & { since: number; emptied: boolean };
  /** Epoch ms since when the configuration lists it no more; set while it is being emptied. */
  leavingAt?: number;
  /** For so long, in ms, it waits then for those who have not left; undefined: `RELAY_TIMES.graceMs`. */
  graceMs?: number | undefined;
  /** Epoch ms at which the file was saved that spoke of it last; undefined where there is but one. */
  savedAt?: number;
  /** Epoch ms since when it carries nothing; undefined while it does. */
  lostAt?: number;
  deadline: number;
}

/** Durations of the relay machine, in ms. */
export const RELAY_TIMES = {
  // An exit is told by the launcher at once, and a hang by the pulse; this is for an API that hangs alone.
  healthEveryMs: 1_000,
  /** Between two packets of the pulse. */
  pulseEveryMs: 100,
  /** No packet for this long is `pulse.missed`. */
  pulseSilentMs: 300,
  /** A suspect relay that stays silent this long is dead. */
  deadAfterMs: 1_000,
  /** Of a relay that only its viewers see: this long without a word of them is dead. */
  unseenMs: 3_000,
  /** One that was taken out waits this long for those who have not left, unless the configuration says otherwise. */
  graceMs: 60_000,
  /** Between two attempts to give a relay its paths. */
  provisionAgainMs: 250,
};

/** When one that was taken out waits no longer (epoch ms). */
export const leaveAt = ({ leavingAt = 0, graceMs = RELAY_TIMES.graceMs }: RelayContext): number => leavingAt + graceMs;

/** What the relay machine hears. */
export type RelayEvent = Stamped<RelayHeard>;

/** A relay's fact as the machine emits it; the cell stamps it. */
export interface RelaySaid {
  type: `relay.${string}`;
  data: Record<string, unknown>;
}
