import type { Why } from '../../bus/events/why.ts';

/** What a cell knows of what one FFmpeg makes of its camera while somebody wants it. */
export interface OnDemandContext {
  /** The camera's id: it has one of each. */
  id: string;
  since: number;
  why: Why;
  zone: string;
  /** Sessions that watch or listen. */
  audience: string[];
  /** Whether the camera gives a picture, and so may give a sound. */
  picture: boolean;
  /** Epoch ms of recent failures, for the restart limit. */
  falls: number[];
  /** Epoch ms at which the present state ends by itself. */
  deadline: number;
}

/** Durations of what is made on demand, in ms. */
export const ON_DEMAND_TIMES = {
  /** It is made this long after the last who wanted it. */
  lingerMs: 20_000,
  /** FFmpeg that makes nothing for this long hangs, or is given nothing. */
  stalledMs: 5_000,
  /** The first restart waits this long, the next ones longer. */
  againMs: 250,
  longestAgainMs: 4_000,
  /** What failed too often is left alone this long. */
  failedMs: 60_000,
};

/** Three restarts within a minute; the next failure ends it. */
export const RESTARTS = { falls: 4, withinMs: 60_000 };
