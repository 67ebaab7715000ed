import type { Window } from './window.ts';

/** What the time line shows; a link holds all of it. */
export interface View {
  window: Window;
  /** The moment that is looked at; undefined while the page follows the present. */
  at?: number;
  /** Lanes that are wanted, as ids of cameras; all when empty. */
  cameras: string[];
  /** The event the moment was taken from, by its sequence. */
  event?: number;
}

const HOUR_MS = 3_600_000;
const NEWEST_MS = 8_640_000_000_000_000;

/** The present, and the hour before it. */
export const LIVE: View = { window: { spanMs: HOUR_MS }, cameras: [] };

const HASH = '#/time';

/** The view as an address's hash, without what is as it is when one comes. */
export function hashOfView({ window, at, cameras, event }: View): string {
  const query = new URLSearchParams();
  if (at !== undefined) query.set('at', String(Math.round(at)));
  if (window.to !== undefined) {
    const to = Math.round(window.to);
    query.set('from', String(to - Math.round(window.spanMs)));
    query.set('to', String(to));
  } else if (window.spanMs !== LIVE.window.spanMs) query.set('last', String(Math.round(window.spanMs)));
  if (cameras.length > 0) query.set('cameras', cameras.join(','));
  if (event !== undefined) query.set('event', String(event));
  const text = query.toString().replaceAll('%2C', ',');
  return text ? `${HASH}?${text}` : HASH;
}

/** Whether a hash leads to the time line. */
export const isTimeHash = (hash: string): boolean => hash === HASH || hash.startsWith(`${HASH}?`);

/** The view that a hash describes; what it says wrongly counts as not said. */
export function viewOfHash(hash: string): View {
  const query = new URLSearchParams(hash.slice(HASH.length + 1));
  const numberIn = (name: string): number | undefined => {
    const value = query.get(name);
    return value !== null && /^\d{1,16}$/.test(value) && Number(value) <= NEWEST_MS ? Number(value) : undefined;
  };
  const [at, from, to, last, event] = ['at', 'from', 'to', 'last', 'event'].map(numberIn);
  const isBounded = from !== undefined && to !== undefined && to > from;
  const spanMs = isBounded ? to - from : last || LIVE.window.spanMs;
  return {
    window: isBounded ? { to, spanMs } : { spanMs },
    ...(at === undefined ? {} : { at }),
    cameras: (query.get('cameras') ?? '').split(',').filter((id) => id !== ''),
    ...(event === undefined ? {} : { event }),
  };
}
