/** Whether live or the past is on screen, and where it goes from there. Moments are epoch ms. */
export type PastState =
  /** `why`: the past could not be shown. */
  | { name: 'live'; since: number; why?: string }
  /** Live is on screen until the first frame of the past. */
  | { name: 'opening'; since: number; moment: number }
  /** `why`: another moment could not be shown. */
  | { name: 'playing'; since: number; why?: string }
  | { name: 'held'; since: number }
  /** The past that was on screen stays there until the first frame of another moment. */
  | { name: 'seeking'; since: number; moment: number }
  /** The past is on screen until the next frame of live. */
  | { name: 'returning'; since: number; why?: string };

/** What moves it. `lost`: what is on screen does not go on; `failed`: what was to come does not. */
export type PastHeard =
  | { type: 'wanted'; moment: number }
  | { type: 'frame' }
  | { type: 'held' }
  | { type: 'resumed' }
  | { type: 'back' }
  | { type: 'live-frame' }
  | { type: 'failed'; why: string }
  | { type: 'lost'; why: string };

/** Nobody goes back for less: what a person calls live. */
const NOW_MS = 5_000;

/** Whether the past is what a person sees. */
export const isPast = ({ name }: PastState): boolean => name !== 'live' && name !== 'opening';

/**
 * The machine of live and the past in one player: what it hears moves it, and nothing else does. What does not fit a
 * state leaves it as it is.
 */
export function nextPast(state: PastState, heard: PastHeard, at: number): PastState {
  switch (heard.type) {
    case 'wanted':
      return { name: isPast(state) ? 'seeking' : 'opening', since: at, moment: heard.moment };
    case 'frame':
      return state.name === 'opening' || state.name === 'seeking' ? { name: 'playing', since: at } : state;
    case 'held':
      return state.name === 'playing' ? { name: 'held', since: at } : state;
    case 'resumed':
      return state.name === 'held' ? { name: 'playing', since: at } : state;
    case 'back':
      if (state.name === 'opening') return { name: 'live', since: at };
      return isPast(state) && state.name !== 'returning' ? { name: 'returning', since: at } : state;
    case 'live-frame':
      if (state.name !== 'returning') return state;
      return { name: 'live', since: at, ...(state.why === undefined ? {} : { why: state.why }) };
    case 'failed':
      if (state.name === 'opening') return { name: 'live', since: at, why: heard.why };
      return state.name === 'seeking' ? { name: 'playing', since: at, why: heard.why } : state;
    case 'lost':
      return isPast(state) && state.name !== 'returning' ? { name: 'returning', since: at, why: heard.why } : state;
  }
}

/**
 * Where a jump leads: to a moment, or to live.
 * @param shownAt the moment on screen
 * @param byMs back where it is negative
 */
export function landing(shownAt: number, byMs: number, now: number): number | 'live' {
  const moment = Math.round(shownAt + byMs);
  return now - moment < NOW_MS ? 'live' : moment;
}

/** A moment on the clock of whoever looks. */
export const timeOf = (at: number): string =>
  new Date(at).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' });

/** How long ago something was, as a person says it. */
export function ago(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  const minutes = Math.floor(seconds / 60);
  if (minutes === 0) return `${seconds} s ago`;
  if (minutes < 60) return `${minutes} min ${seconds % 60} s ago`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min ago`;
}
