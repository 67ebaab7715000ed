import { type Id, isId } from '../../bus/identity.ts';
import type { HttpServices } from './services.ts';
import { relayOf, viewerOf } from './views.ts';

/**
 * A measurement covers a quarter of a second, and a doubt begins after a silence of 300 ms: one that comes this long
 * after it knows nothing older than that silence.
 */
const SINCE_MS = 150;
/** A relay is told of at most this often. */
const AGAIN_MS = 500;

/**
 * Tells a relay that nothing else is heard of that one of its viewers has pictures: then the way from here to there is
 * broken, and not the relay.
 * @param nowMs on the clock of the cells
 */
export function keepWitnesses({ cells, log }: HttpServices, nowMs: () => number) {
  const told = new Map<Id, number>();
  /** A player has measured a leg. */
  return (session: Id, leg: string, fps: number | undefined): void => {
    if (!fps) return;
    const viewer = cells.view({ kind: 'viewer', id: session });
    const name = viewer && viewerOf(viewer).legs[leg]?.relay;
    const relay = name !== undefined && isId(name) ? cells.view({ kind: 'relay', id: name }) : undefined;
    if (!relay || (relay.state !== 'suspect' && relayOf(relay).why.reason !== 'cut-off')) return;
    const now = nowMs();
    if (now - relay.since < SINCE_MS || now - (told.get(relay.id) ?? 0) < AGAIN_MS) return;
    told.set(relay.id, now);
    cells.offer({ kind: 'relay', id: relay.id }, { type: 'media.seen', session }).catch((err: unknown) => {
      log.warn({ err, relay: relay.id }, 'a relay did not hear that its viewers see pictures');
    });
  };
}
