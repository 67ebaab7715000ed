import Type from 'typebox';
import { SubjectSchema } from '../bus/events/viewer.ts';
import { IdSchema } from '../bus/identity.ts';
import { type Of, shape } from '../bus/shape.ts';
import { type Entries, openEntries } from './entries.files.ts';

/** What somebody says of a wall that they keep. */
export const layoutWish = {
  name: Type.String({ minLength: 1, maxLength: 64, pattern: '^(?=.*\\S)\\P{C}+$' }),
  cameras: Type.Array(IdSchema, { maxItems: 500, uniqueItems: true, description: 'in their order on the wall' }),
  columns: Type.Optional(Type.Integer({ minimum: 1, maximum: 12, description: 'absent: as many as fit best' })),
  rows: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 12, description: 'with columns, the size of a page; absent: one page' }),
  ),
  big: Type.Boolean({ description: 'the first of a page takes two columns and two rows' }),
  tour: Type.Optional(
    Type.Object(
      {
        every_s: Type.Integer({ minimum: 3, maximum: 3600, description: 'how long a page is shown' }),
        layouts: Type.Array(IdSchema, { maxItems: 100, description: 'others that are shown after its own pages' }),
      },
      { additionalProperties: false },
    ),
  ),
};
const LayoutSchema = Type.Object({
  id: IdSchema,
  /** The `sub` of whose it is. */
  owner: Type.String(),
  /** What people call them; absent: as in `owner`. */
  owner_name: Type.Optional(Type.String()),
  ...layoutWish,
  /** The least role that finds it in its own list; absent: its owner alone. */
  shared_with: Type.Optional(SubjectSchema.properties.role),
  /** Epoch ms of the last change. */
  since: Type.Number(),
});
const file = shape('layouts file', Type.Object({ layouts: Type.Array(LayoutSchema) }));

/** A wall that somebody keeps: which cameras, in which order and size, and whether it tours. */
export type Layout = Of<typeof file>['layouts'][number];
export type Layouts = Entries<Layout>;

/**
 * Opens the layouts of a data folder.
 * @param at STATE/layouts.json
 */
export const openLayouts = (at: string): Layouts =>
  openEntries<Layout>(at, {
    read: (content) => file.parse(content).layouts,
    write: (layouts) => ({ layouts }),
    what: 'layouts as the page keeps them',
  });
