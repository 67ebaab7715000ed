import type { SoundHeard, SoundState } from '../../bus/events/sound.ts';
import type { Stamped } from '../../bus/events/stamp.ts';
import type { OnDemandContext } from '../on-demand/context.ts';

/** What a sound cell knows: plain JSON, journalled whole. */
export interface SoundContext extends OnDemandContext {
  state: SoundState | 'new';
}

/** What the sound machine hears. */
export type SoundEvent = Stamped<SoundHeard>;

/** A sound's fact as the machine emits it; the cell stamps it. */
export interface SoundSaid {
  type: `sound.${string}`;
  data: Record<string, unknown>;
}
