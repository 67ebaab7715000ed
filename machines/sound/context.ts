import type { SoundHeard, SoundState } from '../../bus/events/sound.ts';
import type { Stamped } from '../../bus/events/stamp.ts';
import type { Why } from '../../bus/events/why.ts';

/** What a sound cell knows: plain JSON, journalled whole. */
export interface SoundContext {
  /** The camera's id: a camera has one sound. */
  id: string;
  state: SoundState | 'new';
  since: number;
  why: Why;
  zone: string;
  /** Sessions that listen. */
  audience: string[];
  /** Whether the camera gives a picture, and so may give a sound. */
  picture: boolean;
  /** Epoch ms of recent failures, for the restart limit. */
  falls: number[];
  /** Epoch ms at which the present state ends by itself. */
  deadline: number;
}

/** Durations of the sound machine, in ms. */
export const SOUND_TIMES = {
  /** It is made this long after its last listener. */
  lingerMs: 20_000,
  /** FFmpeg that is given nothing for this long hangs, or its camera has fallen silent. */
  stalledMs: 5_000,
  /** The first restart waits this long, the next ones longer. */
  againMs: 250,
  longestAgainMs: 4_000,
  /** A sound that failed too often is left alone this long. */
  failedMs: 60_000,
};

/** Three restarts within a minute; the next failure ends it. */
export const RESTARTS = { falls: 4, withinMs: 60_000 };

/** What the sound machine hears. */
export type SoundEvent = Stamped<SoundHeard>;

/** A sound's fact as the machine emits it; the cell stamps it. */
export interface SoundSaid {
  type: `sound.${string}`;
  data: Record<string, unknown>;
}
