import type { Grid } from '../layout.ts';
import { type Camera, type Json, text } from '../model.ts';

/** A wall that somebody keeps. */
export interface Layout extends Grid {
  /** Empty while it was never saved. */
  id: string;
  name: string;
  owner: string;
  /** What people call its owner. */
  ownerName: string;
  /** Who looks may change it. */
  yours: boolean;
  /** Ids, in their order on the wall. */
  cameras: readonly string[];
  /** Its pages are shown one after the other, and then those of others. */
  tour?: { everyS: number; layouts: readonly string[] };
  /** The least role that finds it in its list. */
  sharedWith?: string;
}

/** What is shown at once. */
export interface WallPage extends Grid {
  title: string;
  cameras: Camera[];
}

const idsOf = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((id): id is string => typeof id === 'string') : [];
const whole = (value: unknown): number | undefined => (typeof value === 'number' && value > 0 ? value : undefined);

/** A layout from an item of `GET /api/v1/layouts`. */
export function layoutOf(item: Json): Layout {
  const [columns, rows] = [whole(item.columns), whole(item.rows)];
  const tour = item.tour as Json | undefined;
  return {
    id: text(item.id),
    name: text(item.name),
    owner: text(item.owner),
    ownerName: text(item.owner_name ?? item.owner),
    yours: item.yours === true,
    cameras: idsOf(item.cameras),
    big: item.big === true,
    ...(columns === undefined ? {} : { columns }),
    ...(rows === undefined ? {} : { rows }),
    ...(tour ? { tour: { everyS: whole(tour.every_s) ?? 10, layouts: idsOf(tour.layouts) } } : {}),
    ...(item.shared_with ? { sharedWith: text(item.shared_with) } : {}),
  };
}

/** A layout as the gateway is told of it: null takes away. */
export function wishOf({ name, cameras, columns, rows, big, tour, sharedWith }: Layout, administers: boolean): Json {
  return {
    ...{ name: name.trim(), cameras, big, columns: columns ?? null, rows: rows ?? null },
    tour: tour ? { every_s: tour.everyS, layouts: tour.layouts } : null,
    // Others may not even say that nobody else has it.
    ...(administers ? { shared_with: sharedWith ?? null } : {}),
  };
}

/** A new one like another; nobody has it yet. */
export function copyOf({ sharedWith: _others, ...layout }: Layout, owner: string): Layout {
  return { ...layout, id: '', name: '', owner, ownerName: owner, yours: true };
}

/** How many cameras a page of a grid holds. */
export function pageSize({ columns, rows, big }: Grid): number {
  if (columns === undefined || rows === undefined) return Number.POSITIVE_INFINITY;
  return columns * rows - (big && columns > 1 && rows > 1 ? 3 : 0);
}

/**
 * The pages of a layout: its own, then those of the layouts that its tour names. Cameras that are not there, or that
 * the looker may not see, leave no hole.
 */
export function pagesOf(layout: Layout, others: readonly Layout[], cameras: readonly Camera[]): WallPage[] {
  const known = new Map(cameras.map((camera) => [camera.id, camera]));
  const also = (layout.tour?.layouts ?? []).flatMap((id) => others.find((other) => other.id === id) ?? []);
  return [layout, ...also.filter(({ id }) => id !== layout.id)].flatMap((one) => {
    const shown = one.cameras.flatMap((id) => known.get(id) ?? []);
    const size = pageSize(one);
    const pages: WallPage[] = [];
    for (let from = 0; from < shown.length; from += size) {
      const grid = { columns: one.columns, rows: one.rows, big: one.big };
      pages.push({ title: one.name, cameras: shown.slice(from, from + size), ...grid });
    }
    return pages;
  });
}

/** The order after one camera was put at a place; the others close up. */
export function movedTo(cameras: readonly string[], camera: string, place: number): string[] {
  const others = cameras.filter((id) => id !== camera);
  const at = Math.max(0, Math.min(others.length, place));
  return [...others.slice(0, at), camera, ...others.slice(at)];
}
