import Type from 'typebox';
import type { CellView } from '../../actors/cells.ts';
import { WhySchema } from '../../bus/events/why.ts';
import { IdSchema, id } from '../../bus/identity.ts';
import { missing } from './errors.ts';
import type { Server } from './fastify.ts';
import { listOf, pageOf, pageQuery } from './paging.ts';
import type { HttpServices } from './services.ts';
import { isOpen, relayOf, viewerOf } from './views.ts';

const RelaySchema = Type.Object({
  id: Type.String(),
  role: Type.Enum(['intake', 'delivery']),
  region: Type.String(),
  weight: Type.Number(),
  state: Type.String(),
  since: Type.Number({ description: 'epoch ms' }),
  why: WhySchema,
  sessions: Type.Integer(),
});

/** How many sessions each relay carries. */
export function relayLoad(services: Pick<HttpServices, 'cells'>): Map<string, number> {
  const load = new Map<string, number>();
  for (const viewer of services.cells.list('viewer')) {
    if (!isOpen(viewer)) continue;
    const { relay } = viewerOf(viewer);
    load.set(relay, (load.get(relay) ?? 0) + 1);
  }
  return load;
}

function show(view: CellView, load: Map<string, number>) {
  const { role, region, weight } = relayOf(view);
  const { id: relay, state, since, why } = view;
  return { id: relay, role, region, weight, state, since, why, sessions: load.get(relay) ?? 0 };
}

/** `/api/v1/relays`: the pool. */
export function relayRoutes(server: Server, services: HttpServices): void {
  const path = '/api/v1/relays';
  const tags = ['relays'];
  server.get(
    path,
    { schema: { tags, querystring: Type.Object(pageQuery), response: { 200: listOf(RelaySchema) } } },
    async (request) => {
      const load = relayLoad(services);
      return pageOf(
        services.cells.list('relay').map((view) => show(view, load)),
        request.query,
      );
    },
  );
  server.get(
    `${path}/:relay_id`,
    { schema: { tags, params: Type.Object({ relay_id: IdSchema }), response: { 200: RelaySchema } } },
    async (request) => {
      const view = services.cells.view({ kind: 'relay', id: id(request.params.relay_id) });
      if (!view) throw missing(`relay ${request.params.relay_id}`);
      return show(view, relayLoad(services));
    },
  );
}
