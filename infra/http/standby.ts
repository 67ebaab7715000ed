import type { CellView } from '../../actors/cells.ts';
import { isId } from '../../bus/identity.ts';
import type { Loads } from './loads.ts';
import { findStandby } from './placing.ts';
import type { HttpServices } from './services.ts';
import { viewerOf } from './views.ts';

/** How long the tokens of a standby live. */
const TOKEN_S = 60;
/** Before its end another one is handed out. */
const FRESH_MS = 15_000;

/** Where a player may go by itself when its relay is lost: a relay, and a token that lets it in there. */
export interface Standby {
  /** Sees to it that the player knows a standby that serves, and a token for it that lasts a while. */
  keep(session: CellView): void;
}

/** What a player is told of its standby. */
type StandbyTold = Given | { type: 'standby'; relay: '' };

/** Where it may go. Without a relay: nowhere now, and what it keeps ready is to be let go of. */
type Given = {
  type: 'standby';
  relay: string;
  /** With it the gateway opens a leg there without deciding. */
  token: string;
  ttl_ms: number;
  /** Where that relay itself takes an offer, should no gateway answer; and the token that it wants. */
  whep_url?: string;
  relay_token?: string;
};

/** Keeps the standby of one player. @param send tells it */
export function keepStandby(services: HttpServices, loads: Loads, send: (message: StandbyTold) => void): Standby {
  const { cells, gate, log } = services;
  let given: { relay: string; endsMs: number } | undefined;

  const note = (session: CellView, relay: string): void => {
    if (viewerOf(session).standby === relay) return;
    loads.standBy(session.id, relay);
    cells.offer({ kind: 'viewer', id: session.id }, { type: 'standby.chosen', relay }).catch((error: unknown) => {
      log.warn({ err: error, session: session.id }, 'a session did not hear of its standby');
    });
  };
  const is = (relay: string, tag: 'serving' | 'draining'): boolean =>
    isId(relay) && cells.view({ kind: 'relay', id: relay })?.tags.includes(tag) === true;
  /** Whether a relay that was chosen may still be gone to. */
  const isStill = (relay: string): boolean => is(relay, 'serving') && !is(relay, 'draining');
  /** How the player gets into the relay while nobody is there to ask. */
  const direct = (session: CellView, relay: string): Pick<Given, 'whep_url' | 'relay_token'> => {
    const origin = services.whepAt(relay);
    const { camera } = viewerOf(session);
    if (origin === undefined) return {};
    const relay_token = gate.mintRelay(session.id, [{ action: 'read', path: camera }], TOKEN_S);
    return { whep_url: `${origin}/${camera}/whep`, relay_token };
  };
  return {
    keep(session) {
      const { relay: seat, standby, address } = viewerOf(session);
      const relay = isStill(standby) && standby !== seat ? standby : findStandby(services, loads, address, seat);
      note(session, relay ?? '');
      // What it keeps ready holds up a relay that is to be emptied; one that only does not answer may be well.
      if (relay === undefined && is(standby, 'draining')) {
        given = undefined;
        send({ type: 'standby', relay: '' });
      }
      const now = performance.now();
      if (relay === undefined || (given?.relay === relay && given.endsMs - now > FRESH_MS)) return;
      given = { relay, endsMs: now + TOKEN_S * 1_000 };
      const token = gate.mintStandby({ session: session.id, relay }, TOKEN_S);
      send({ type: 'standby', relay, token, ttl_ms: TOKEN_S * 1_000, ...direct(session, relay) });
    },
  };
}
