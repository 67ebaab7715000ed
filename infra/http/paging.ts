import Type from 'typebox';

/** `?limit=&cursor=` of every list. */
export const pageQuery = {
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000 })),
  cursor: Type.Optional(Type.String({ maxLength: 100 })),
};

/** One page of a list: `{"items": […], "next": cursor-or-null}`. */
export interface Page<T> {
  items: T[];
  next: string | null;
}

/** Cuts a page out of things with ids, in the order of the ids, from after the cursor on. */
export function pageOf<T extends { id: string }>(all: T[], query: { limit?: number; cursor?: string }): Page<T> {
  const { limit = 500, cursor } = query;
  const sorted = [...all].sort((a, b) => (a.id < b.id ? -1 : 1));
  const rest = cursor === undefined ? sorted : sorted.filter((item) => item.id > cursor);
  const items = rest.slice(0, limit);
  return { items, next: rest.length > limit ? (items.at(-1)?.id ?? null) : null };
}

/** The shape of a page, for the documentation. */
export const listOf = (item: Type.TSchema) =>
  Type.Object({ items: Type.Array(item), next: Type.Union([Type.String(), Type.Null()]) });
