import Type from 'typebox';
import { Refusal } from '../errors.ts';

const Moment = (description: string) =>
  Type.String({ pattern: '^[0-9]{1,15}$|^\\d{4}-\\d\\d-\\d\\dT[0-9:.]{5,12}(Z|[+-]\\d\\d:\\d\\d)$', description });
/** The window of a question about the past. */
export const windowQuery = Type.Object({
  from: Type.Optional(Moment('epoch ms, or a time such as 2026-11-26T14:03:00Z')),
  to: Type.Optional(Moment('the same; absent: it goes on as the camera does')),
});

/** The one moment that a question about the past may name. */
export const momentQuery = Type.Object({
  at: Type.Optional(Moment('epoch ms, or a time such as 2026-11-26T14:03:00Z')),
});

export const DAY_MS = 86_400_000;

/** A window of the past. Epoch ms. */
export interface Window {
  from: number;
  to: number;
  /** Its end lies in the future. */
  goesOn: boolean;
}

/** A moment as somebody wrote it, in epoch ms. @throws Refusal */
function momentIn(text: string): number {
  const at = /^\d+$/.test(text) ? Number(text) : Date.parse(text);
  if (Number.isNaN(at)) throw new Refusal(400, 'bad-request', `"${text}" is not a moment: use epoch ms, or RFC 3339.`);
  return at;
}

/**
 * The window that somebody asks for.
 * @param longestMs a longer one is refused; one without an end is cut there
 * @throws Refusal
 */
export function windowIn({ from, to }: { from?: string; to?: string }, longestMs = DAY_MS): Window {
  if (from === undefined)
    throw new Refusal(400, 'bad-request', 'Say from when: ?from=2026-11-26T14:03:00Z, or epoch ms.');
  const [begin, end] = [momentIn(from), to === undefined ? Number.POSITIVE_INFINITY : momentIn(to)];
  if (begin >= end) throw new Refusal(400, 'bad-request', '?from= does not lie before ?to=.');
  const last = Math.min(end, begin + longestMs);
  if (Number.isFinite(end) && end > last) {
    throw new Refusal(400, 'bad-request', `Ask for ${longestMs / DAY_MS} days at most at a time.`);
  }
  return { from: begin, to: last, goesOn: last > Date.now() };
}

/** The same, which has to be over: a file of it has an end. @throws Refusal */
export function pastWindowIn(query: { from?: string; to?: string }): Window {
  const window = windowIn(query);
  if (window.goesOn) throw new Refusal(400, 'bad-request', 'Say until when: ?to= has to lie in the past.');
  return window;
}

/** The one moment that somebody asks about (epoch ms). @throws Refusal */
export function momentOf({ at }: { at?: string }): number {
  if (at !== undefined) return momentIn(at);
  throw new Refusal(400, 'bad-request', 'Say which moment: ?at=2026-11-26T14:03:00Z, or epoch ms.');
}
