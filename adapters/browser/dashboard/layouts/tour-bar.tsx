import type { CSSProperties } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { WallPage } from './layout.ts';
import { startTour, type Tour, tourAfter } from './tour.ts';

/** What steps through pages. */
export interface Touring {
  page: number;
  /** Moves on by itself, unless it is held. */
  tours: boolean;
  held: boolean;
  /** How long the page is shown still, ms, when it began to run or was held. */
  leftMs: number;
  everyMs: number;
  step(by: number): void;
  hold(held: boolean): void;
}

/**
 * Steps through pages, by hand or each so often.
 * @param everyMs undefined: by hand alone
 * @param busy somebody looks at one camera, or arranges: nothing must change under their hands
 */
export function useTour(key: string, pages: number, everyMs: number | undefined, busy: boolean): Touring {
  const every = everyMs ?? 0;
  const [tour, setTour] = useState<Tour>(() => startTour(every, performance.now()));
  const [held, hold] = useState(false);
  useEffect(() => {
    setTour(startTour(every, performance.now()));
    hold(false);
  }, [key, every]);
  const step = (by: number): void =>
    setTour((now) => tourAfter(now, { type: 'step', by, pages, everyMs: every, now: performance.now() }));
  const runs = everyMs !== undefined && pages > 1 && !held && !busy;
  useEffect(() => {
    setTour((now) => tourAfter(now, { type: runs ? 'go' : 'hold', now: performance.now() }));
  }, [runs, key, every]);
  const { page, leftMs, since } = tour;
  useEffect(() => {
    if (!runs || since === undefined) return;
    const timer = setTimeout(() => step(1), leftMs - (performance.now() - since));
    return () => clearTimeout(timer);
  }, [runs, since, page, pages]);
  return {
    page: pages === 0 ? 0 : page % pages,
    tours: everyMs !== undefined,
    held: !runs,
    leftMs,
    everyMs: every,
    step,
    hold,
  };
}

/** Which page is shown, for how long still, and the way to the others. */
export function TourBar({ pages, touring }: { pages: WallPage[]; touring: Touring }) {
  const { page, tours, held, leftMs, everyMs, step, hold } = touring;
  if (pages.length < 2) return null;
  return (
    <nav class="tour" aria-label="Pages of the wall">
      <button type="button" onClick={() => step(-1)} aria-label="Page before">
        ‹
      </button>
      {tours && (
        <button type="button" class="hold" aria-pressed={held} onClick={() => hold(!held)}>
          {held ? 'Go on' : 'Pause'}
        </button>
      )}
      <button type="button" onClick={() => step(1)} aria-label="Next page">
        ›
      </button>
      <span class="which">
        {pages[page]?.title}, page {page + 1} of {pages.length}
      </span>
      {tours && (
        // Restarted by its key: a new page begins anew, and one that goes on begins where it was held.
        <i class="time-left" aria-hidden="true" key={`${page} ${leftMs} ${held}`}>
          <i
            class={held ? 'held' : ''}
            style={{ '--from': String(1 - leftMs / everyMs), animationDuration: `${leftMs}ms` } as CSSProperties}
          />
        </i>
      )}
    </nav>
  );
}
