import type { ViewerHeard } from '../../bus/events/viewer.ts';
import { access, type Verdict } from './access.ts';

/** A request to watch, as its session hears it. */
export type Requested = Extract<ViewerHeard, { type: 'viewer.requested' }>;

/** Whether a request is let in, and why or why not: nothing stands in the way, the rights suffice, and so does the quota. */
export function admission(event: Requested): Verdict {
  if (event.refused) return { allowed: false, why: event.refused };
  const right = access(event.subject, { camera: event.camera, zone: event.zone }, 'watch');
  if (!right.allowed || event.held < event.quota) return right;
  return {
    allowed: false,
    why: {
      trigger: event.type,
      reason: 'quota',
      text: `${event.subject.sub} already has ${event.held} of ${event.quota} allowed sessions: close one first`,
      guard: { held: event.held, quota: event.quota },
    },
  };
}
