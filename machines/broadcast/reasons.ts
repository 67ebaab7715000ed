import { calledIn } from '../../bus/events/doer.ts';
import type { Why } from '../../bus/events/why.ts';
import { plainly } from '../plainly.ts';
import { backoff } from '../policy/backoff.ts';
import { BROADCAST_TIMES, type BroadcastContext, type BroadcastEvent } from './context.ts';

/** Tells why a broadcast enters a state. */
export type Because = (context: BroadcastContext, event: BroadcastEvent) => Why;

/** How long a push may take to begin. */
export const patienceMs = ({ encoded }: { encoded: boolean }): number =>
  encoded ? BROADCAST_TIMES.encodeWithinMs : BROADCAST_TIMES.connectWithinMs;

/** Somebody asks for it. */
export const requested: Because = (context, event) => ({
  trigger: event.type,
  text: `asked for by ${calledIn(context)}; connecting to ${context.destination}`,
});

/** The wait before the next attempt is over. */
export const triedAgain: Because = (context, event) => ({
  trigger: event.type,
  text: `trying ${context.destination} again`,
  guard: { attempts: context.attempts },
});

const arrives = (event: BroadcastEvent) =>
  event.type === 'push.flowing' && event.confirmed
    ? 'the destination confirms that bytes arrive'
    : 'bytes leave for the destination, which can’t be asked';

/** Bytes arrive, of the picture or of the slate. */
export const onAir: Because = (context, event) => ({
  trigger: event.type,
  text: context.picture ? arrives(event) : 'bytes arrive, but of the slate: the camera has no picture',
  ...(context.picture ? {} : { reason: 'slate' }),
  ...(event.type === 'push.flowing'
    ? { guard: { bytes: event.bytes, elapsed_ms: event.elapsed_ms, confirmed: event.confirmed } }
    : {}),
});

/** The camera’s picture was lost, or is back, while bytes arrive. */
export const shown: Because = (context, event) => ({
  trigger: event.type,
  text: context.picture
    ? 'the camera’s picture is on air again'
    : 'the camera’s picture is lost: the destination gets the slate',
  ...(context.picture ? {} : { reason: 'slate' }),
});

/** The encoder makes less than a second in a second. */
export const slowed: Because = (_context, event) => ({
  trigger: event.type,
  reason: 'encoder-slow',
  text: `on air, but the encoder can’t keep up: it makes ${event.type === 'push.slow' ? event.speed : 0} s in a second`,
});

/** The connection was another one for a moment. */
export const resumed: Because = (context, event) => ({
  trigger: event.type,
  reason: context.picture ? 'reconnected' : 'slate',
  text: 'on air again over a new connection',
  ...(event.type === 'push.reconnected' ? { guard: { gap_ms: event.gap_ms } } : {}),
});

/** Neither encoder nor destination is too slow any more. */
export const keepsUp: Because = plainly('all of it is on air again');

const percent = (share: number): string => `${Math.round(share * 100)} %`;

/** The destination takes less than it is sent. */
export const lagging: Because = (_context, event) => ({
  trigger: event.type,
  reason: 'slow',
  text: `on air, but the destination takes only ${percent(event.type === 'push.lagging' ? event.taken : 0)} of it`,
});

/** It failed, in a way that another attempt may mend. */
export const retrying: Because = (context, event) => {
  const because = backoff(context.attempts, BROADCAST_TIMES.firstRetryMs, BROADCAST_TIMES.longestRetryMs);
  const retry = { retry_ms: because.waitMs, attempts: context.attempts };
  if (event.type === 'push.refused') {
    return { trigger: event.type, reason: 'refused', text: `the push failed: ${event.detail}`, guard: retry };
  }
  if (event.type === 'push.ended') {
    const reason = `encoder-${event.cause}`;
    return { trigger: event.type, reason, text: `the encoder ${event.cause}: ${event.detail}`, guard: retry };
  }
  if (event.type === 'push.silent') {
    const said = event.detail ? `: ${event.detail}` : '';
    const guard = { ...retry, silent_ms: event.silent_ms };
    return { trigger: event.type, reason: 'silent', text: `the destination takes nothing any more${said}`, guard };
  }
  if (event.type === 'push.lagging') {
    const text = `the destination takes only ${percent(event.taken)} of what is sent: too slow for a picture`;
    return { trigger: event.type, reason: 'slow', text, guard: { ...retry, for_ms: event.for_ms } };
  }
  return {
    trigger: event.type,
    reason: 'timeout',
    text: `the destination took nothing within ${patienceMs(context) / 1000} s`,
    guard: retry,
  };
};

/** It failed, in a way that only another configuration mends. */
export const hopeless: Because = (_context, event) => ({
  trigger: event.type,
  reason: 'configuration',
  text: `${event.type === 'push.refused' ? event.detail : 'it can’t be pushed'}; looked at again in ${BROADCAST_TIMES.failedMs / 1000} s`,
});

/** Another relay pushes from now on. */
export const movedAway: Because = (_context, event) =>
  event.type === 'broadcast.moved' ? event.why : { trigger: event.type, text: 'another relay pushes now' };

/** Others go first. */
export const held: Because = (_context, event) =>
  event.type === 'broadcast.held' ? event.why : { trigger: event.type, text: 'it waits' };

/** There is enough for it again. */
export const freed: Because = plainly('it need not wait any more');

/** Somebody stops it. */
export const stopped: Because = (_context, event) => ({
  trigger: event.type,
  text: event.type === 'broadcast.stopped' ? `stopped by ${calledIn(event)}` : 'stopped',
});
