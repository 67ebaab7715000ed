import type { Measured, PlannedRung, RenditionHeard, RenditionState, Rung } from '../../bus/events/rendition.ts';
import type { Stamped } from '../../bus/events/stamp.ts';
import type { OnDemandContext } from '../on-demand/context.ts';
import type { Lateness } from '../policy/lateness.ts';

/** What a rendition cell knows: plain JSON, journalled whole. */
export interface RenditionContext extends OnDemandContext {
  state: RenditionState | 'new';
  /** The rungs that the settings name, best first. */
  wanted: Rung[];
  keep: 'warm' | 'on-demand';
  /** What the program was found to carry; forgotten when it may have changed. */
  source?: Measured;
  /** What is made of it. */
  rungs: PlannedRung[];
  /** How late what it makes was when that was told last. */
  late?: Lateness;
}

/** What the rendition machine hears. */
export type RenditionEvent = Stamped<RenditionHeard>;

/** A rendition's fact as the machine emits it; the cell stamps it. */
export interface RenditionSaid {
  type: `rendition.${string}`;
  data: Record<string, unknown>;
}
