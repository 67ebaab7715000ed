import type { KnownSession } from '../slots.ts';
import type { ViewerContext } from './context.ts';

/**
 * The relay sessions that a viewer has by what is recorded of it. One that watches need not hear again that they are
 * taken; where a connection, or a picture's way on, is still waited for, that is what leads on.
 */
export function knownSessions({ protocol, state, legs }: ViewerContext): KnownSession[] {
  // Players of HLS, and of the past, are seen by what they ask for: no relay lists them.
  if (protocol === 'hls' || protocol === 'past') return [];
  const taken = state === 'watching';
  return Object.values(legs).map(({ relay, relay_session }) => ({ relay, relaySession: relay_session, taken }));
}
