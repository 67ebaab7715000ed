import type { Measured, PlannedRung, RenditionHeard, RenditionState, Rung } from '../../bus/events/rendition.ts';
import type { Stamped } from '../../bus/events/stamp.ts';
import type { Why } from '../../bus/events/why.ts';

/** What a rendition cell knows: plain JSON, journalled whole. */
export interface RenditionContext {
  /** The camera's id: a camera has one ladder. */
  id: string;
  state: RenditionState | 'new';
  since: number;
  why: Why;
  zone: string;
  /** The rungs that the settings name, best first. */
  wanted: Rung[];
  keep: 'warm' | 'on-demand';
  /** Viewers that keep the ladder running. */
  audience: string[];
  /** Whether the camera gives a picture. */
  picture: boolean;
  /** What the program was found to carry; forgotten when it may have changed. */
  source?: Measured;
  /** What is made of it. */
  rungs: PlannedRung[];
  /** Epoch ms of recent failures, for the restart limit. */
  falls: number[];
  /** Epoch ms at which the present state ends by itself. */
  deadline: number;
}

/** Durations of the rendition machine, in ms. */
export const RENDITION_TIMES = {
  /** A ladder runs this long after its last viewer. */
  lingerMs: 20_000,
  /** FFmpeg that makes nothing for this long hangs. */
  stalledMs: 5_000,
  /** The first restart waits this long, the next ones longer. */
  againMs: 250,
  longestAgainMs: 4_000,
  /** A ladder that failed too often is left alone this long. */
  failedMs: 60_000,
};

/** Three restarts within a minute; the next failure ends it. */
export const RESTARTS = { falls: 4, withinMs: 60_000 };

/** What the rendition machine hears. */
export type RenditionEvent = Stamped<RenditionHeard>;

/** A rendition's fact as the machine emits it; the cell stamps it. */
export interface RenditionSaid {
  type: `rendition.${string}`;
  data: Record<string, unknown>;
}
