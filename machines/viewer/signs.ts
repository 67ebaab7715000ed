import { excuseOf } from '../policy/attribution.ts';
import { inSeconds } from '../policy/lateness.ts';
import { adaptation, machine, said } from './parts.ts';

/** Of a bad picture, where the network is not known to be at fault. */
const WHOLE = 'the picture comes to this viewer haltingly, though the network loses nothing of it';

/** The network's verdict changed: told, and nothing more yet. */
export const tellPath = (what: 'degraded' | 'recovered', text: string) =>
  machine.emit(({ context, event }) => {
    const guard =
      'after_ms' in event
        ? {
            ...{ leg: event.leg, after_ms: event.after_ms, loss: event.loss, fps: event.fps, kbps: event.kbps },
            ...(event.queue_ms === undefined ? {} : { queue_ms: event.queue_ms }),
            ...(event.received_fps === undefined ? {} : { received_fps: event.received_fps }),
          }
        : {};
    const isWhole = 'received_fps' in event && event.received_fps !== undefined;
    const decided = adaptation(context, event)?.why;
    // Nothing else tells that it would have gone down.
    const late = decided?.reason === 'late' && decided.rejected ? { rejected: decided.rejected } : {};
    return said(what, context.state, context, { trigger: event.type, text: isWhole ? WHOLE : text, guard, ...late });
  });

/** Its picture over HLS is late by what a cache does; which cache, nobody here can know. */
export const tellStale = machine.emit(({ context, event }) => {
  const { held_ms = 0, allowed_ms = 0 } = event.type === 'playlist.stale' ? event : {};
  return said('stale', context.state, context, {
    trigger: event.type,
    reason: 'stale-playlist',
    text:
      `a cache on the way to this player kept a playlist for ${inSeconds(held_ms)}, so live is late by as much: ` +
      `let edge or CDN keep playlists no longer than Cache-Control says (one second), and apart by their query`,
    guard: { held_ms, allowed_ms },
  });
});

/** What would speak of a bad network has another cause: told, so that nobody wonders why nothing is done. */
export const tellExcused = machine.emit(({ context, event }) => {
  if (event.type !== 'path.excused') throw new Error(`a ${event.type} excuses no path`);
  const { loss, queue_ms: queueMs = 0, busy_ms: busyMs = 0, camera_late_ms: cameraLateMs = 0 } = event;
  const { reason, text } = excuseOf({ loss, queueMs, busyMs, cameraLateMs });
  const { type: trigger, id: _id, at: _at, ...guard } = event;
  return said('excused', context.state, context, { trigger, reason, text, guard });
});
