import type { CellView } from '../../actors/cells.ts';
import type { Id } from '../../bus/identity.ts';
import type { AudienceSeat } from './audience-elsewhere.ts';
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
const GONE_AFTER_MS: Record<AudienceSeat, number> = { hls: 15_000, past: 600_000 };
const LOOK_EVERY_MS = 2_000;

/** The time by which it is judged that a player is gone. */
interface AudienceTime {
  /** Monotonic. */
  nowMs(): number;
  /** Runs again and again; the result stops it. */
  every(ms: number, run: () => void): () => void;
}

const TIME: AudienceTime = {
  nowMs: () => performance.now(),
  every(ms, run) {
    const timer = setInterval(run, ms);
    return () => clearInterval(timer);
  },
};

/** When a player was last heard of: here, or, as another gateway has told, there. */
interface Heard {
  atMs: number;
  isHere: boolean;
}

/**
 * Keeps watch over the sessions that live here, those of an earlier gateway, or of another one that is gone, too.
 * A player asks whichever gateway it is led to: it is given up only where no other one hears of it.
 * @param seat how such a player shows in its session, where others have their connection at a relay
 */
export function keepHlsAudience(
  { cells, audienceElsewhere: elsewhere, log }: Pick<HttpServices, 'cells' | 'audienceElsewhere' | 'log'>,
  seat: AudienceSeat,
  { nowMs, every } = TIME,
): HlsAudience {
  const players = new Map<Id, Heard>();
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
  /** Whoever asked a gateway that is gone is given the time to ask here. */
  const expect = (view: CellView) => {
    if (view.kind !== 'viewer' || !isOpen(view) || players.has(view.id)) return;
    if (seat in viewerOf(view).legs) players.set(view.id, { atMs: nowMs(), isHere: false });
  };
  const isGone = ({ atMs }: Heard): boolean => nowMs() - atMs >= GONE_AFTER_MS[seat];
  elsewhere?.onAsked(seat, (session) => {
    const heard = players.get(session);
    return heard?.isHere && !isGone(heard) ? nowMs() - heard.atMs : undefined;
  });
  const giveUp = async (session: Id): Promise<void> => {
    if (!isSeated(session)) return;
    const agoMs = await elsewhere?.heardAgoMs(session, seat);
    // It may have asked here meanwhile.
    if (players.has(session)) return;
    if (agoMs === undefined) tell(session, 'seat.left');
    else players.set(session, { atMs: nowMs() - agoMs, isHere: false });
  };
  for (const view of cells.list('viewer')) expect(view);
  const stopHearing = cells.onTaken(expect);
  const stopLooking = every(LOOK_EVERY_MS, () => {
    for (const [session, heard] of players) {
      if (!isGone(heard)) continue;
      players.delete(session);
      giveUp(session).catch((err) => log.warn({ err, session }, 'a viewer over HLS could not be asked about'));
    }
  });
  return {
    asked(session) {
      // Another gateway that a player asked before may have given it up.
      if (!isSeated(session)) tell(session, 'seat.taken');
      players.set(session, { atMs: nowMs(), isHere: true });
    },
    close() {
      stopHearing();
      stopLooking();
    },
  };
}
