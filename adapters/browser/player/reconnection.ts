import type { Refusal } from './admission.ts';
import { createAttempts } from './attempts.ts';
import type { Legs, Opening } from './legs.ts';
import type { Session } from './session.ts';
import type { PlayerHeard, PlayerState } from './state.ts';
import type { Ways } from './ways.ts';

const AGAIN = { firstMs: 400, longestMs: 15_000 };
/** After a camera came back, its picture usually comes back on the leg that is there. */
const WAKE_MS = 300;

/** What coming back works on. */
export interface ReconnectionParts {
  legs: Legs;
  session: Session;
  ways: Ways;
  state(): PlayerState;
  /** Whether the picture on screen moves. */
  moves(): boolean;
  /** Asks for a session, and a picture with it. */
  join(): void;
  open(opening: Opening): void;
  hear(heard: PlayerHeard): void;
  /** Ends for good. */
  finish(reason: string, text: string): void;
}

/** How a picture that is gone, or does not come, is asked for again, until the gateway says that this is the end. */
export interface Reconnection {
  /** How many attempts have failed in a row. */
  failed(): number;
  /** An attempt has failed: the next one comes in a while. @param leastMs not sooner than this */
  again(why: string, leastMs?: number): void;
  retry(): void;
  /** The gateway gives no session. */
  denied(refusal: Refusal): void;
  /** The gateway ended the session. */
  end(reason: string, text: string, retry: boolean): void;
  /** The camera has a picture again: the next attempt does not wait. */
  wake(): void;
  /** The gateway is heard, or is no more. */
  link(up: boolean): void;
  /** No attempt is wanted any more. */
  cancel(): void;
  /** The picture is there. */
  reset(): void;
}

/** Attempts further and further apart, none while the picture does without. */
export function createReconnection(parts: ReconnectionParts): Reconnection {
  const { legs, session, ways, state, moves } = parts;
  const attempts = createAttempts(AGAIN, () => retry());
  /** The gateway was heard, and is no more. */
  let linkLost = false;

  const retry = (): void => {
    attempts.cancel();
    if (state().name === 'ended' || state().name === 'paused' || ways.fallen()) return;
    if (session.signals()) parts.open({ purpose: 'repair' });
    else parts.join();
  };
  const again = (why: string, leastMs?: number): void => {
    if (state().name === 'ended') return;
    if (ways.fallen()) {
      attempts.cancel();
      session.leave();
      ways.climbFailed();
      return;
    }
    const waitMs = attempts.plan(leastMs);
    // What happens behind a picture that moves is of no concern to who looks at it.
    if (waitMs === undefined || moves()) return;
    parts.hear({ type: 'retrying', attempt: attempts.failed(), why, nextAt: Date.now() + waitMs });
  };

  return {
    failed: attempts.failed,
    again,
    retry,
    denied({ reason, text, retry: mayRetry, afterMs }) {
      legs.giveUp();
      if (mayRetry) again(text, afterMs);
      else parts.finish(reason, text);
    },
    end(reason, text, mayRetry) {
      if (!mayRetry) return parts.finish(reason, text);
      session.ended();
      legs.giveUp();
      attempts.cancel();
      again(text);
    },
    wake() {
      if (state().name === 'playing' || state().name === 'ended' || state().name === 'paused') return;
      attempts.reset();
      if (legs.coming() && !attempts.waiting()) return;
      attempts.soon(WAKE_MS);
    },
    /**
     * A leg that was on its way when the gateway went may never be answered: with its return it is begun anew. One by
     * which the player helps itself goes on: it needs no gateway.
     */
    link(up) {
      const coming = legs.coming();
      if (up && linkLost && coming && coming.goal?.silentMs === undefined && !moves()) {
        legs.giveUp();
        retry();
      }
      linkLost = !up;
    },
    cancel: attempts.cancel,
    reset: attempts.reset,
  };
}
