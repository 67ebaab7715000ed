/** Where a tour of pages stands. */
export interface Tour {
  page: number;
  /** How long the page was to be shown still, ms, at `since`, or since it was held. */
  leftMs: number;
  /** When it last began to run; undefined: it is held. */
  since: number | undefined;
}

/** What a tour hears, and when, ms. */
export type TourHeard =
  | { type: 'step'; by: number; pages: number; everyMs: number; now: number }
  | { type: 'hold'; now: number }
  | { type: 'go'; now: number };

/** A tour at its first page. */
export const startTour = (everyMs: number, now: number): Tour => ({ page: 0, leftMs: everyMs, since: now });

/** A tour after what it heard. Stepping by hand gives the page its whole time; a held one stays held. */
export function tourAfter(tour: Tour, heard: TourHeard): Tour {
  const { page, leftMs, since } = tour;
  switch (heard.type) {
    case 'step': {
      const { by, pages, everyMs, now } = heard;
      const to = pages === 0 ? 0 : (((page + by) % pages) + pages) % pages;
      return { page: to, leftMs: everyMs, since: since === undefined ? undefined : now };
    }
    case 'hold':
      if (since === undefined) return tour;
      return { page, leftMs: Math.max(0, leftMs - (heard.now - since)), since: undefined };
    case 'go':
      return since === undefined ? { page, leftMs, since: heard.now } : tour;
  }
}
