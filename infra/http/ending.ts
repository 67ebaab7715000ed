import type { CellView } from '../../actors/cells.ts';

/** After these a player may ask for a new session; after all others it must not. */
const WORTH_RETRYING: ReadonlySet<string> = new Set([
  'displaced',
  'no-bandwidth',
  'expired',
  'never-connected',
  'not-connected',
  'not-moved',
  'unknown-session',
  'gateway-stopping',
]);

/** What a player is told of the end of its session. */
export interface Ending {
  reason: string;
  text: string;
  retry: boolean;
}

/** Why this session is over: the same for who is there at its end, and for who comes back after it. */
export function endingOf(view: CellView | undefined): Ending {
  const reason = view ? (view.why.reason ?? 'ended') : 'unknown-session';
  const text = view?.why.text ?? 'the session is not known here';
  return { reason, text, retry: WORTH_RETRYING.has(reason) };
}
