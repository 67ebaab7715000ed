import type { Id } from '../../bus/identity.ts';
import type { HttpServices } from './services.ts';
import { isOpen, viewerOf } from './views.ts';

/** Who watches over HLS, told by what they ask for: nothing else shows that a player is there. */
export interface HlsAudience {
  /** A session asked for something. */
  asked(session: Id): void;
  close(): void;
}

/**
 * Players of the present ask every two seconds; one that has not for this long is gone, or paused. Who looks at the past
 * pauses as they like, and fetches minutes ahead.
 */
const GONE_AFTER_MS = { hls: 15_000, past: 600_000 };
const LOOK_EVERY_MS = 2_000;

/**
 * Keeps watch over the sessions that live here, those of an earlier gateway too.
 * @param seat how such a player shows in its session, where others have their connection at a relay
 */
export function keepHlsAudience(
  { cells, log }: Pick<HttpServices, 'cells' | 'log'>,
  seat: keyof typeof GONE_AFTER_MS,
): HlsAudience {
  const askedAt = new Map<Id, number>();
  const isSeated = (session: Id): boolean => {
    const view = cells.view({ kind: 'viewer', id: session });
    return view !== undefined && seat in viewerOf(view).legs;
  };
  const tell = (session: Id, type: 'seat.taken' | 'seat.left') => {
    const view = cells.view({ kind: 'viewer', id: session });
    if (!view || !isOpen(view)) return;
    cells
      .offer({ kind: 'viewer', id: session }, { type, relay: viewerOf(view).relay, relay_session: seat })
      .catch((err) => log.warn({ err, session }, 'a viewer over HLS could not be told of'));
  };
  for (const view of cells.list('viewer')) {
    if (isOpen(view) && seat in viewerOf(view).legs) askedAt.set(view.id, performance.now());
  }
  const looking = setInterval(() => {
    for (const [session, at] of askedAt) {
      if (performance.now() - at < GONE_AFTER_MS[seat]) continue;
      askedAt.delete(session);
      tell(session, 'seat.left');
    }
  }, LOOK_EVERY_MS);
  return {
    asked(session) {
      // Another gateway that a player asked before may have given it up.
      if (!askedAt.has(session) || !isSeated(session)) tell(session, 'seat.taken');
      askedAt.set(session, performance.now());
    },
    close: () => clearInterval(looking),
  };
}
