import type { Span } from '../timeline-model.ts';

/** What is to be packed: video of these cameras, and the log, of a range. */
export interface PackageWish extends Span {
  cameras: readonly string[];
}

const DAY_MS = 86_400_000;
const SECOND_MS = 1_000;
/** A package has an end: what is being written is not part of it. */
const NEWEST_MS = 5_000;

/** The whole seconds of what is shown, as far as they are over. */
export function rangeShown({ from, to }: Span, now: number): Span {
  const end = Math.floor(Math.min(to, now - NEWEST_MS) / SECOND_MS) * SECOND_MS;
  return { from: Math.min(Math.floor(from / SECOND_MS) * SECOND_MS, end - SECOND_MS), to: end };
}

/** Why a package can't be asked for; undefined: it can. */
export function refusalOf({ cameras, from, to }: PackageWish, now: number): string | undefined {
  if (Number.isNaN(from) || Number.isNaN(to)) return 'Say from when until when.';
  if (cameras.length === 0) return 'Choose at least one camera that is recorded.';
  if (from >= to) return 'It begins behind its end: exchange the times.';
  if (to - from > DAY_MS) return 'A package holds a day at most: choose a shorter range.';
  return to > now ? 'It ends in the future: choose an earlier end.' : undefined;
}

/** Where the gateway packs it. */
export function addressOf({ cameras: [first = '', ...others], from, to }: PackageWish): string {
  const query = new URLSearchParams({ from: String(Math.round(from)), to: String(Math.round(to)) });
  if (others.length > 0) query.set('with', others.join(','));
  return `/recordings/${encodeURIComponent(first)}/package.tar?${query}`;
}

/** A moment as a field of a form takes it, by the clock of whoever looks. */
export function fieldOf(at: number): string {
  const local = at - new Date(at).getTimezoneOffset() * 60_000;
  return new Date(local).toISOString().slice(0, 19);
}
