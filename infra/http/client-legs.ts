import type { CellView } from '../../actors/cells.ts';
import type { Id } from '../../bus/identity.ts';
import { Refusal } from './errors.ts';
import type { LegAnswer, LegSaying } from './legs-elsewhere.ts';
import type { HttpServices } from './services.ts';
import type { Shared } from './shared.ts';
import { isOpen } from './views.ts';

/** With its last connection a WHEP session is over; a player with a WebSocket may open another. */
export async function leaveSession(
  { cells }: Pick<HttpServices, 'cells'>,
  { legs, connections }: Pick<Shared, 'legs' | 'connections'>,
  session: CellView,
): Promise<void> {
  const isLast = legs.of(session.id).length === 0 && connections.of(session.id) === undefined;
  if (isLast && isOpen(session)) await cells.offer({ kind: 'viewer', id: session.id }, { type: 'viewer.closed' });
}

/**
 * Does what a client says of a connection that was opened here.
 * @returns undefined when there is none such
 * @throws Refusal
 */
export async function hearClient(
  services: Pick<HttpServices, 'cells'>,
  shared: Pick<Shared, 'legs' | 'connections'>,
  session: Id,
  { leg: name, fragment, ifMatch }: LegSaying,
): Promise<LegAnswer | undefined> {
  const leg = shared.legs.find(session, name);
  if (!leg) return undefined;
  if (fragment === undefined) {
    await shared.legs.close(leg);
    const view = services.cells.view({ kind: 'viewer', id: session });
    if (view) await leaveSession(services, shared, view);
    return { etag: leg.etag };
  }
  if (ifMatch !== undefined && ifMatch !== '*' && ifMatch !== leg.etag) {
    throw new Refusal(412, 'etag', 'If-Match names an earlier ICE session of this connection.');
  }
  const answered = await shared.legs.trickle(leg, fragment);
  return { etag: leg.etag, ...(answered === undefined ? {} : { fragment: answered }) };
}
