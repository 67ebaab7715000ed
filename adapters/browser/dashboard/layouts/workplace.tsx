import './layouts.css';
import { useState } from 'preact/hooks';
import type { Camera } from '../model.ts';
import { Wall, type WallProps } from '../wall.tsx';
import { Arranging } from './arranging.tsx';
import { Cover } from './cover.tsx';
import { type Layout, movedTo, pagesOf, type WallPage } from './layout.ts';
import { TourBar, useTour } from './tour-bar.tsx';
import type { Layouts } from './use-layouts.ts';

type WorkplaceProps = Omit<WallProps, 'grid' | 'coverOf'> & {
  layouts: Layouts;
  /** The layout that is being arranged. */
  draft: Layout | undefined;
  setDraft: (draft: Layout | undefined) => void;
  administers: boolean;
};

/** The wall as its layout says: all cameras, the pages of one that is kept, or one that is being arranged. */
export function Workplace({ layouts, draft, setDraft, administers, ...wall }: WorkplaceProps) {
  const { cameras, route } = wall;
  const { chosen } = layouts;
  const pages = draft || !chosen ? [] : pagesOf(chosen, layouts.items, cameras);
  const everyMs = chosen?.tour && chosen.tour.everyS * 1_000;
  const busy = route.name === 'camera' || draft !== undefined;
  const touring = useTour(chosen?.id ?? '', pages.length, everyMs, busy);
  const arranged = useArranged(cameras, draft, setDraft);
  const isAll = !draft && !chosen;
  if (layouts.failure !== '' && isAll) {
    return (
      <p class="empty" role="alert">
        {layouts.failure} <a href="/">Show all cameras</a>
      </p>
    );
  }
  if (layouts.waits) return <p class="empty">Asking the gateway…</p>;
  const page = isAll ? { title: '', cameras, big: false } : pages[touring.page];
  if (!arranged && !page) return <p class="empty">This wall has no camera that you may see.</p>;
  const shown = arranged?.cameras ?? (page ? withLarge(page, wall) : []);
  return (
    <div class="workplace">
      {draft && (
        <Arranging draft={draft} cameras={cameras} layouts={layouts} administers={administers} change={setDraft} />
      )}
      {/* One wall, whatever it shows: tiles that stay keep their pictures. */}
      <Wall {...wall} cameras={shown} grid={arranged?.grid ?? page} coverOf={arranged?.coverOf} />
      {shown.length === 0 && <p class="empty">Choose cameras for this wall, above.</p>}
      {arranged && (
        <p class="unseen" role="status">
          {arranged.said}
        </p>
      )}
      {!arranged && route.name === 'wall' && <TourBar pages={pages} touring={touring} />}
    </div>
  );
}

/** What a page shows, and the camera that is large, which may be on no page. */
function withLarge(page: WallPage, { cameras, route }: Pick<WallProps, 'cameras' | 'route'>): Camera[] {
  const large = route.name === 'camera' ? cameras.find(({ id }) => id === route.id) : undefined;
  return large && !page.cameras.includes(large) ? [large, ...page.cameras] : page.cameras;
}

/** How a wall that is being arranged is shown: whole, on one page, with a cover on each tile. */
interface Arranged extends Required<Pick<WallProps, 'cameras' | 'grid' | 'coverOf'>> {
  /** What a screen reader says of the last move. */
  said: string;
}

function useArranged(
  cameras: Camera[],
  draft: Layout | undefined,
  setDraft: (draft: Layout) => void,
): Arranged | undefined {
  const [over, setOver] = useState<string>();
  const [moved, setMoved] = useState<{ camera: string; by: string; to: number }>();
  if (!draft) return undefined;
  const known = new Map(cameras.map((camera) => [camera.id, camera]));
  const shown = draft.cameras.flatMap((id) => known.get(id) ?? []);
  const ids = shown.map(({ id }) => id);
  const away = draft.cameras.filter((id) => !known.has(id));
  const move = (camera: string, to: number | string): void => {
    const place = typeof to === 'string' ? ids.indexOf(to) : Math.max(0, Math.min(ids.length - 1, to));
    const by = typeof to === 'string' ? '' : place < ids.indexOf(camera) ? 'earlier' : 'later';
    setDraft({ ...draft, cameras: [...movedTo(ids, camera, place), ...away] });
    setMoved({ camera, by, to: place });
  };
  return {
    cameras: shown,
    grid: { columns: draft.columns, big: draft.big },
    coverOf: (camera, place, columns) => (
      <Cover
        camera={camera}
        place={place}
        count={shown.length}
        columns={columns}
        over={over}
        setOver={setOver}
        move={(to) => move(camera.id, to)}
        remove={() => setDraft({ ...draft, cameras: draft.cameras.filter((id) => id !== camera.id) })}
        focused={moved?.camera === camera.id ? moved.by : undefined}
      />
    ),
    said: moved ? `${known.get(moved.camera)?.name}: place ${moved.to + 1} of ${shown.length}` : '',
  };
}
