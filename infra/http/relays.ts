import Type from 'typebox';
import type { CellView } from '../../actors/cells.ts';
import { doer, doerIn } from '../../bus/events/doer.ts';
import { RELAY_STATES, RelayRoleSchema, type RelayState } from '../../bus/events/relay.ts';
import { WhySchema } from '../../bus/events/why.ts';
import { IdSchema, id } from '../../bus/identity.ts';
import type { Address } from '../../bus/subjects.ts';
import { doerOf } from './doing.ts';
import { callerOf } from './door.ts';
import { missing } from './errors.ts';
import type { Server } from './fastify.ts';
import { listOf, pageOf, pageQuery } from './paging.ts';
import type { HttpServices } from './services.ts';
import { isOpen, isOver, presentRelays, relayOf, viewerOf } from './views.ts';

const RelaySchema = Type.Object({
  id: Type.String(),
  role: RelayRoleSchema,
  region: Type.String(),
  weight: Type.Number(),
  max_readers: Type.Optional(Type.Integer({ description: 'sessions it may carry at a time; absent: any number' })),
  upstream: Type.Optional(
    Type.Object(
      {
        relay: Type.Optional(Type.String({ description: 'absent: there is none just now' })),
        since: Type.Number({ description: 'epoch ms' }),
        why: WhySchema,
      },
      { description: 'of one that pulls programs on demand: from which relay, and why from that' },
    ),
  ),
  state: Type.Enum([...RELAY_STATES]),
  since: Type.Number({ description: 'epoch ms' }),
  why: WhySchema,
  sessions: Type.Integer({ description: 'its load: viewer sessions on it' }),
  placeable: Type.Boolean({ description: 'whether it takes new viewers, or, for an intake, cameras' }),
  drain: Type.Optional(
    Type.Object({ ...doer, since: Type.Number({ description: 'epoch ms' }) }, { description: 'who has it drained' }),
  ),
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
  const { role, region, weight, max_readers, upstream, drain } = relayOf(view);
  const { id: relay, state, since, why, tags } = view;
  const sessions = load.get(relay) ?? 0;
  return {
    ...{ id: relay, role, region, weight },
    ...(max_readers === undefined ? {} : { max_readers }),
    ...(upstream ? { upstream } : {}),
    ...{ state: state as RelayState, since, why, sessions },
    placeable: tags.includes('placeable') && sessions < (max_readers ?? Number.POSITIVE_INFINITY),
    ...(drain ? { drain: { ...doerIn(drain), since: drain.since } } : {}),
  };
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
        presentRelays(services.cells).map((view) => show(view, load)),
        request.query,
      );
    },
  );
  const params = Type.Object({ relay_id: IdSchema });
  const addressOf = (relay: string) => {
    const at = { kind: 'relay' as const, id: id(relay) };
    const view = services.cells.view(at);
    if (!view || isOver(view)) throw missing(`relay ${relay}`);
    return at;
  };
  const shown = (at: Address) => show(services.cells.view(at) as CellView, relayLoad(services));

  server.get(`${path}/:relay_id`, { schema: { tags, params, response: { 200: RelaySchema } } }, async (request) =>
    shown(addressOf(request.params.relay_id)),
  );
  server.post(
    `${path}/:relay_id/drain`,
    { schema: { tags, params, response: { 202: RelaySchema } } },
    async (request, reply) => {
      const at = addressOf(request.params.relay_id);
      await services.cells.offer(at, { type: 'relay.drain', ...doerOf(callerOf(request)) });
      return reply.code(202).send(shown(at));
    },
  );
  server.delete(
    `${path}/:relay_id/drain`,
    { schema: { tags, params, response: { 200: RelaySchema } } },
    async (request) => {
      const at = addressOf(request.params.relay_id);
      await services.cells.offer(at, { type: 'relay.resume', ...doerOf(callerOf(request)) });
      return shown(at);
    },
  );
}
