import Type from 'typebox';
import { type Layout, layoutWish } from '../../adapters/layouts.files.ts';
import { SubjectSchema } from '../../bus/events/viewer.ts';
import { IdSchema, isId, newId } from '../../bus/identity.ts';
import { access, isAtLeast } from '../../machines/policy/access.ts';
import { doerOf } from './doing.ts';
import { type Caller, callerOf } from './door.ts';
import { denied, missing, Refusal } from './errors.ts';
import type { Server } from './fastify.ts';
import { listOf, pageOf, pageQuery } from './paging.ts';
import type { HttpServices } from './services.ts';
import { isOver, zoneOf } from './views.ts';

const params = Type.Object({ layout_id: IdSchema });
const shared = {
  shared_with: Type.Optional(
    Type.Union([SubjectSchema.properties.role, Type.Null()], {
      description: 'administrators: the least role that finds it in its list; `viewer`: everybody; null: nobody else',
    }),
  ),
};
const closed = { additionalProperties: false };
const { columns, rows, tour } = layoutWish;
const orNull = <T extends Type.TSchema>(schema: T) => Type.Optional(Type.Union([schema, Type.Null()]));
const Wish = Type.Object({ ...layoutWish, ...shared }, closed);
const Change = Type.Object(
  {
    name: Type.Optional(layoutWish.name),
    cameras: Type.Optional(layoutWish.cameras),
    columns: orNull(columns),
    rows: orNull(rows),
    big: Type.Optional(layoutWish.big),
    tour: orNull(tour),
    ...shared,
  },
  closed,
);
const LayoutSchema = Type.Object({
  id: Type.String(),
  state: Type.Enum(['private', 'shared']),
  since: Type.Number({ description: 'epoch ms of the last change' }),
  owner: Type.String({ description: 'the `sub` of whose it is' }),
  owner_name: Type.Optional(Type.String({ description: 'what people call them; absent: as in `owner`' })),
  yours: Type.Boolean({ description: 'you may change and delete it' }),
  ...layoutWish,
  cameras: Type.Array(Type.String(), { description: 'those that you may see; all of them for who may change it' }),
  shared_with: Type.Optional(SubjectSchema.properties.role),
});

/** What one person keeps, and everybody together: more is a program that went wrong. */
const LIMIT = { own: 200, all: 10_000 };

const mayChange = ({ owner }: Layout, { sub, role }: Caller): boolean => owner === sub || role === 'admin';
const isListed = ({ owner, shared_with }: Layout, { sub, role }: Caller): boolean =>
  owner === sub || (shared_with !== undefined && isAtLeast(role, shared_with));

/** Whose a layout is that somebody makes, or changes as its owner. */
function owned(caller: Caller): Pick<Layout, 'owner' | 'owner_name'> {
  const { by: owner, by_name: name } = doerOf(caller);
  return { owner, ...(name === undefined ? {} : { owner_name: name }) };
}

/** What is left of a layout once every null is taken for "none". */
function settled(layout: { [K in keyof Layout]: Layout[K] | null }): Layout {
  return Object.fromEntries(Object.entries(layout).filter(([, value]) => value !== null)) as Layout;
}

/** `/api/v1/layouts`: the walls that people keep. Who knows an id may look; the cameras in it are each their own right. */
export function layoutRoutes(server: Server, { cells, layouts }: HttpServices): void {
  const path = '/api/v1/layouts';
  const tags = ['layouts'];
  const isSeen = (caller: Caller, id: string): boolean => {
    const view = isId(id) ? cells.view({ kind: 'camera', id }) : undefined;
    return view !== undefined && !isOver(view) && access(caller, { camera: id, zone: zoneOf(view) }, 'watch').allowed;
  };
  const show = (layout: Layout, caller: Caller) => {
    const yours = mayChange(layout, caller);
    const state = layout.shared_with ? ('shared' as const) : ('private' as const);
    const cameras = yours ? layout.cameras : layout.cameras.filter((camera) => isSeen(caller, camera));
    return { ...layout, state, yours, cameras };
  };
  const known = (id: string): Layout => {
    const layout = layouts.find(id);
    if (!layout) throw missing('such layout: it was deleted, or the link is not whole');
    return layout;
  };
  const changeable = (id: string, caller: Caller): Layout => {
    const layout = known(id);
    if (!mayChange(layout, caller)) throw denied('not-yours');
    return layout;
  };
  const mayShare = (wish: { shared_with?: unknown }, { role }: Caller): void => {
    if (wish.shared_with && role !== 'admin') throw denied('role');
  };

  server.get(
    path,
    { schema: { tags, querystring: Type.Object(pageQuery), response: { 200: listOf(LayoutSchema) } } },
    async (request) => {
      const caller = callerOf(request);
      const listed = layouts.list().filter((layout) => isListed(layout, caller));
      return pageOf(
        listed.map((layout) => show(layout, caller)),
        request.query,
      );
    },
  );
  server.get(`${path}/:layout_id`, { schema: { tags, params, response: { 200: LayoutSchema } } }, async (request) =>
    show(known(request.params.layout_id), callerOf(request)),
  );
  server.post(path, { schema: { tags, body: Wish, response: { 201: LayoutSchema } } }, async (request, reply) => {
    const caller = callerOf(request);
    mayShare(request.body, caller);
    const all = layouts.list();
    if (all.length >= LIMIT.all || all.filter(({ owner }) => owner === caller.sub).length >= LIMIT.own) {
      throw new Refusal(409, 'too-many', 'So many layouts are kept that there is no room for more: delete some.');
    }
    const layout = settled({ id: newId('lay'), ...owned(caller), ...request.body, since: Date.now() } as Layout);
    layouts.add(layout);
    return reply.code(201).header('location', `${path}/${layout.id}`).send(show(layout, caller));
  });
  server.patch(
    `${path}/:layout_id`,
    { schema: { tags, params, body: Change, response: { 200: LayoutSchema } } },
    async (request) => {
      const caller = callerOf(request);
      const layout = changeable(request.params.layout_id, caller);
      mayShare(request.body, caller);
      const whose = layout.owner === caller.sub ? owned(caller) : {};
      const next = settled({ ...layout, ...whose, ...request.body, since: Date.now() } as Layout);
      if (!layouts.replace(next)) throw missing('such layout any more');
      return show(next, caller);
    },
  );
  server.delete(`${path}/:layout_id`, { schema: { tags, params } }, async (request, reply) => {
    layouts.remove(changeable(request.params.layout_id, callerOf(request)).id);
    return reply.code(204).send();
  });
}
