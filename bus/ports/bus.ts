import type { Address, Kind } from '../subjects.ts';
import type { Subscription } from './subscription.ts';

/** One request to a cell over the bus, with the caller's signed token. */
export interface Ask {
  to: Address;
  verb: string;
  token: string;
  body: unknown;
}

/** What an answerer returns to leave an ask to another one: nothing is said to the caller. */
export const NOT_MINE = Symbol('not mine');

/** Requests and replies between processes. */
export interface Bus {
  /** @throws JournalAway when nobody answers in time */
  ask(request: Ask, timeoutMs: number): Promise<unknown>;
  /**
   * Answers asks to any cell of a kind; a thrown error is told to the caller as `{error, reason}`. Of several
   * answerers the first counts; one that returns NOT_MINE stays silent.
   */
  answer(kind: Kind, reply: (request: Ask) => Promise<unknown>): Promise<Subscription>;
}
